// The console's words: one translator for the agent's language, and the names of codes that the server sends. A code
// that has no name yet is shown readable ("held_for_quiet_hours" as "held for quiet hours"), never hidden.
import { direction, pickLocale, translator, type Messages, type Translate } from "../shared/i18n.ts";
import * as format from "../shared/format.ts";
import { parseInline, plainText } from "../shared/text.ts";
import type { Usual } from "../shared/wire.ts";
import en from "./locales/en.json";

const OTHERS: Record<string, () => Promise<{ default: Messages }>> = {
  pl: () => import("./locales/pl.ts"), uk: () => import("./locales/uk.ts"), ru: () => import("./locales/ru.ts"), te: () => import("./locales/te.ts"),
};
export const LOCALES = ["en", ...Object.keys(OTHERS)];

let translate: Translate = translator(en as Messages, "en");
/** The tag for dates, times and money: the agent's own region of the language that the words are in. */
export let tag = "en-GB";

/** Chooses and loads the language; call once, before the first drawing. A file that does not load leaves English. */
export async function speak(wanted: readonly string[], fallback: string): Promise<void> {
  const locale = pickLocale([...wanted, fallback], LOCALES, "en");
  const own = wanted.find((w) => w.toLowerCase().startsWith(locale));
  try {
    const messages = locale === "en" ? (en as Messages) : (await OTHERS[locale]!()).default;
    translate = translator(messages, locale);
    tag = own && own.includes("-") ? own : locale === "en" ? "en-GB" : locale;
    document.documentElement.lang = locale;
    document.documentElement.dir = direction(locale);
  } catch {
    tag = "en-GB";
  }
}

export const t: Translate = (key, values) => translate(key, values);

/** The name of a server's code under `group`, or the code made readable. */
export function named(group: string, code: string | null | undefined): string {
  if (!code) return "";
  const key = `${group}.${code}`;
  const found = translate(key);
  return found === key ? code.replaceAll("_", " ") : found;
}

export const clock = (iso: string): string => format.clock(iso, tag);
export const day = (iso: string, now = Date.now()): string => format.day(iso, tag, now);
export const due = (value: string): string => format.due(value, tag);
export const money = (minor: number, currency: string): string => format.money(minor, currency, tag);

/** By what day it is usually there, with what that rests on. */
export const usually = ({ by, samples }: Usual): string => t("order.usually", { date: due(by), n: samples });

/** A promised time in minutes, as people say it: "45 minutes", "6 hours". */
export const span = (minutes: number): string => format.span(minutes, tag);

/** One line of a message for a list: without its marks and line breaks. */
export const oneLine = (text: string): string => plainText(parseInline(text)).replace(/\s+/g, " ").trim();

/** When something was, as short as it stays clear: a clock today, else the day and the clock. */
export function when(iso: string, now = Date.now()): string {
  return format.dayKey(iso) === new Date(now).toDateString() ? clock(iso) : format.dayAt(iso, tag, now);
}

/** How long, in the width of a list: "now", "4 min", "2 h 5 min", "3 d". */
export function short(fromIso: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(fromIso)) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return t("time.min", { n: minutes });
  if (minutes < 1440) return minutes % 60 === 0 || minutes >= 600 ? t("time.h", { n: Math.floor(minutes / 60) }) : t("time.hmin", { h: Math.floor(minutes / 60), m: minutes % 60 });
  return t("time.d", { n: Math.floor(minutes / 1440) });
}

/** A language's own name in the agent's words, for "writes in Polish". */
export function language(code: string | null): string {
  if (!code) return "";
  try {
    return new Intl.DisplayNames([tag], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** What a visitor is called: the name, else a short form of the id that stays the same. */
export const callName = (name: string | null | undefined, visitor: string): string => name?.trim() || t("visitor.named", { id: visitor.replace(/^vis_/, "").slice(0, 4) });

/** The text of a shop in the agent's language, as far as there is one. */
export const inWords = (text: Record<string, string>): string => format.inWords(text, tag);

/** Why an offer ended: a code of ours by its name; the shop's own words as they are. */
export const offerReason = (reason: string): string => (/^[a-z][a-z0-9_]*$/.test(reason) ? named("offer_reason", reason) : reason);
