// Strings by key, with `{name}` places and plural forms chosen by Intl.PluralRules. A string is either text, or an
// object of plural forms keyed by category and chosen by the value `n`. Knows no language by itself.

export type Plural = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Messages = Record<string, string | Plural>;
export type Translate = (key: string, values?: Record<string, string | number>) => string;

const RTL = /^(ar|fa|he|ur)\b/;
export const direction = (locale: string): "rtl" | "ltr" => (RTL.test(locale) ? "rtl" : "ltr");

/** A key that is not there comes back as itself, so that a hole is seen and nothing breaks. */
export function translator(messages: Messages, locale: string): Translate {
  const rules = new Intl.PluralRules(locale);
  const number = new Intl.NumberFormat(locale);
  return (key, values = {}) => {
    const entry = messages[key];
    const form = typeof entry === "object" ? (entry[rules.select(Number(values.n))] ?? entry.other) : (entry ?? key);
    return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name];
      return value === undefined ? whole : typeof value === "number" ? number.format(value) : value;
    });
  };
}

/** The first of `wanted` that is offered, by exact tag, else by language; else `fallback`. */
export function pickLocale(wanted: readonly (string | null | undefined)[], offered: readonly string[], fallback: string): string {
  for (const tag of wanted) {
    if (!tag) continue;
    const lower = tag.toLowerCase().replace("_", "-");
    const hit = offered.find((o) => o.toLowerCase() === lower) ?? offered.find((o) => o.toLowerCase() === lower.split("-")[0]);
    if (hit) return hit;
  }
  return fallback;
}
