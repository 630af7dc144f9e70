// Dates, times and money for people, by Intl, and the shop's own texts in their language. Pure: the locale and the present are arguments.

const made = new Map<string, Intl.DateTimeFormat>();
function dates(locale: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${locale} ${key}`;
  let format = made.get(id);
  if (!format) made.set(id, (format = new Intl.DateTimeFormat(locale, options)));
  return format;
}

/** Minor units to text: 12900 PLN is "129.00 zł". The currency says how many minor units one has. */
export function money(minor: number, currency: string, locale: string): string {
  try {
    const format = new Intl.NumberFormat(locale, { style: "currency", currency });
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${(minor / 100).toFixed(2)} ${currency}`;
  }
}

export const clock = (iso: string, locale: string): string =>
  dates(locale, "clock", { hour: "numeric", minute: "2-digit" }).format(new Date(iso));

export const dayKey = (iso: string): string => new Date(iso).toDateString();

/** "Today" and "yesterday" in words of the locale, this year's days without the year. */
export function day(iso: string, locale: string, now: number): string {
  const date = new Date(iso);
  const midnight = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const away = Math.round((midnight(date) - midnight(new Date(now))) / 86_400_000);
  if (away === 0 || away === -1 || away === 1) {
    const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(away, "day");
    return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
  }
  const sameYear = date.getFullYear() === new Date(now).getFullYear();
  return dates(locale, sameYear ? "day" : "date", {
    weekday: sameYear ? "short" : undefined, day: "numeric", month: "short", year: sameYear ? undefined : "numeric",
  }).format(date);
}

/** Day and clock, parted as the locale's script parts them. */
export const dayAt = (iso: string, locale: string, now: number): string => `${day(iso, locale, now)}${/^(ar|fa|ur)\b/.test(locale) ? "،" : ","} ${clock(iso, locale)}`;

/** A promise of an order: a plain date ("2026-11-25") stays that date in every zone; a time is shown with its clock. */
export function due(value: string, locale: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value))
    return dates(locale, "due", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(value));
  return dates(locale, "dueAt", { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "2-digit" }).format(new Date(value));
}

/** A number in groups ("6200 0123"): isolated, so that a line from right to left does not turn its groups around. */
export const ltr = (code: string): string => `\u2066${code}\u2069`;

/** Whole minutes as the largest unit that reads well: "45 minutes", "2 hours", "3 days". */
export function span(minutes: number, locale: string): string {
  const [value, unit] = minutes < 60 ? [minutes, "minute"] : minutes < 2880 ? [Math.round(minutes / 60), "hour"] : [Math.round(minutes / 1440), "day"];
  return new Intl.NumberFormat(locale, { style: "unit", unit: unit as string, unitDisplay: "long" }).format(Math.max(1, value as number));
}

/** A shop's text by language: in the reader's, else in English, else in any. */
export const inWords = (text: Record<string, string>, locale: string): string =>
  text[locale] ?? text[locale.split("-")[0]!] ?? text["en"] ?? Object.values(text)[0] ?? "";
