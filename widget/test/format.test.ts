// Dates, spans and money as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { day, dayAt, due, inWords, ltr, money, span } from "../shared/format.ts";

test("money is given in minor units, as many as the currency has", () => {
  assert.equal(money(12_900, "EUR", "en"), "€129.00");
  assert.equal(money(12_900, "JPY", "en"), "¥12,900");
  assert.equal(money(12_900, "PLN", "pl").replace(/\s/g, " "), "129,00 zł");
  assert.equal(money(1_250, "??", "en"), "12.50 ??");
});

test("days near today have their word, others their date", () => {
  const now = new Date(2026, 10, 20, 14).getTime();
  assert.equal(day(new Date(2026, 10, 20, 1).toISOString(), "en", now), "Today");
  assert.equal(day(new Date(2026, 10, 19, 23).toISOString(), "pl", now), "Wczoraj");
  assert.equal(day(new Date(2026, 10, 2, 9).toISOString(), "en", now), "Mon, Nov 2");
  assert.equal(day(new Date(2025, 10, 2, 9).toISOString(), "en", now), "Nov 2, 2025");
});

test("a plain date stays that date in every zone", () => assert.equal(due("2026-11-25", "en"), "Wed, Nov 25"));

test("spans take the unit that reads well", () => {
  assert.deepEqual([45, 120, 90, 4_320].map((m) => span(m, "en")), ["45 minutes", "2 hours", "2 hours", "3 days"]);
});

test("day and clock are parted as the script parts them, and a number keeps its groups in order", () => {
  const now = new Date(2026, 10, 20, 14).getTime();
  const then = new Date(2026, 10, 19, 19, 5).toISOString();
  assert.equal(dayAt(then, "en-GB", now), "Yesterday, 19:05");
  assert.match(dayAt(then, "ar", now), /^أمس، /);
  assert.equal(ltr("6200 0123"), "\u20666200 0123\u2069");
});

test("a shop's text is told in the reader's language, else in English, else in any", () => {
  const text = { en: "Fee off", pl: "Bez opłaty" };
  assert.deepEqual(["pl", "pl-PL", "ar"].map((locale) => inWords(text, locale)), ["Bez opłaty", "Bez opłaty", "Fee off"]);
  assert.deepEqual([inWords({ pl: "Bez opłaty" }, "ar"), inWords({}, "en")], ["Bez opłaty", ""]);
});
