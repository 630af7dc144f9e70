// Every language says everything, with the same places, and with the plural forms that it needs.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { direction, pickLocale, translator, type Messages } from "../shared/i18n.ts";

declare const __WIDGET__: string;
const folder = join(__WIDGET__, "locales");
const all = Object.fromEntries(readdirSync(folder).map((f) => [f.replace(".json", ""), JSON.parse(readFileSync(join(folder, f), "utf8")) as Messages]));
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

test("the languages that are promised are there, and one right-to-left language", () => {
  for (const tag of ["en", "pl", "uk", "ru", "te", "ar"]) assert.ok(all[tag], tag);
  assert.deepEqual(["en", "pl", "ar", "ar-EG", "he"].map(direction), ["ltr", "ltr", "rtl", "rtl", "rtl"]);
});

for (const [tag, messages] of Object.entries(all))
  test(`${tag} is complete`, () => {
    assert.deepEqual(Object.keys(messages), Object.keys(all.en!));
    const needed = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, entry] of Object.entries(messages)) {
      const english = all.en![key]!;
      assert.equal(typeof entry, typeof english, key);
      if (typeof entry === "string") assert.deepEqual(places(entry), places(english as string), key);
      else for (const form of needed) assert.ok(entry[form], `${key} has no form "${form}"`);
    }
  });

test("Ukrainian has its own apostrophe, and no language borrows a letter of its neighbour", () => {
  assert.doesNotMatch(JSON.stringify(all.uk), /['’ыэёъ]/);
  assert.doesNotMatch(JSON.stringify(all.ru), /[іїєґ]/);
});

test("every key that the views use stands in the languages", () => {
  const used = new Set<string>();
  for (const file of ["app/composer.tsx", "app/log.tsx", "app/main.tsx", "app/panel.tsx", "cards/main.tsx", "cards/order.tsx"])
    for (const [, key] of readFileSync(join(__WIDGET__, "shopper", file), "utf8").matchAll(/\bt\("(\w+)"/g)) used.add(key!);
  assert.ok(used.size > 30);
  for (const key of used) assert.ok(all.en![key], key);
});

test("plurals, places and holes", () => {
  const pl = translator(all.pl!, "pl");
  assert.deepEqual([1, 3, 5].map((n) => pl("stars", { n })), ["1 gwiazdka", "3 gwiazdki", "5 gwiazdek"]);
  const stars = (tag: string, ...counts: number[]) => counts.map((n) => translator(all[tag]!, tag)("stars", { n }));
  assert.deepEqual(stars("uk", 1, 3, 5, 21), ["1 зірка", "3 зірки", "5 зірок", "21 зірка"]);
  assert.deepEqual(stars("ru", 1, 3, 5, 12), ["1 звезда", "3 звезды", "5 звёзд", "12 звёзд"]);
  assert.deepEqual(stars("te", 1, 5), ["1 స్టార్", "5 స్టార్లు"]);
  assert.equal(translator(all.en!, "en")("with", { name: "<b>" }), "You are talking to <b>");
  assert.equal(translator(all.en!, "en")("no_such_key"), "no_such_key");
});

test("the first wanted language that is offered, else the fallback", () => {
  assert.equal(pickLocale(["pl-PL"], ["en", "pl"], "en"), "pl");
  assert.equal(pickLocale([undefined, "", "de", "ar_EG"], ["en", "ar"], "en"), "ar");
  assert.equal(pickLocale(["de"], ["en"], "en"), "en");
});
