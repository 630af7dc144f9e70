// The words: every language complete, every key that the code names is there, and nothing is there that no code names.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { translator, type Messages } from "../../shared/i18n.ts";
import { initials } from "../parts/small.tsx";
import { snoozeMoments } from "../parts/thread.tsx";
import en from "../locales/en.json";
import pl from "../locales/pl.json";
import ru from "../locales/ru.json";
import te from "../locales/te.json";
import uk from "../locales/uk.json";
import { LOCALES } from "../words.ts";

declare const __WIDGET__: string;
const root = join(__WIDGET__, "console");
const sources = (readdirSync(root, { recursive: true }) as string[])
  .filter((name) => /\.tsx?$/.test(name) && !/^(test|gallery)/.test(name))
  .map((name) => readFileSync(join(root, name), "utf8"))
  .join("\n");
const english = en as Messages;
const keys = Object.keys(english);

const others: Record<string, Messages> = { pl, uk, ru, te };

test("the console offers these languages", () => assert.deepEqual(LOCALES, ["en", ...Object.keys(others)]));

for (const [tag, messages] of Object.entries(others))
  test(`${tag} has every key of English and no other, with all its plural forms and the same places`, () => {
    assert.deepEqual(Object.keys(messages).sort(), [...keys].sort());
    const places = (entry: Messages[string]): string[] => [...new Set(JSON.stringify(entry).match(/\{\w+\}/g) ?? [])].sort();
    const forms = [...new Intl.PluralRules(tag).resolvedOptions().pluralCategories].sort();
    for (const key of keys) {
      assert.deepEqual(places(messages[key]!), places(english[key]!), key);
      if (typeof english[key] === "object") assert.deepEqual(Object.keys(messages[key]!).sort(), forms, key);
      else assert.equal(!messages[key], !english[key], key);
    }
  });

test("Ukrainian has its own apostrophe, and no language borrows a letter of its neighbour", () => {
  assert.doesNotMatch(JSON.stringify(uk), /['’ыэёъ]/);
  assert.doesNotMatch(JSON.stringify(ru), /[іїєґ]/);
});

test("every key that the code asks for exists", () => {
  const groups = new Set(keys.map((key) => key.split(".")[0]));
  const asked = [...sources.matchAll(/"([a-z_]+\.[a-z_.]*[a-z_])"/g)].map((hit) => hit[1]!).filter((key) => groups.has(key.split(".")[0]));
  assert.ok(asked.length > 100);
  assert.deepEqual(asked.filter((key) => !(key in english)), []);
});

test("every key is asked for, by name or by the beginning of its group", () => {
  const groups = [...sources.matchAll(/`([a-z_]+\.(?:[a-z]+[._])?)\$\{/g), ...sources.matchAll(/named\("([a-z_]+)"/g)].map((hit) => (hit[1]!.includes(".") ? hit[1]! : `${hit[1]!}.`));
  const unused = keys.filter((key) => !sources.includes(`"${key}"`) && !groups.some((group) => key.startsWith(group)));
  assert.deepEqual(unused, []);
});

test("plurals choose their form", () => {
  const fresh = (tag: string) => [1, 2, 5, 22].map((n) => translator(others[tag]!, tag)("list.fresh", { n }));
  assert.deepEqual(fresh("pl"), ["1 nowa rozmowa", "2 nowe rozmowy", "5 nowych rozmów", "22 nowe rozmowy"]);
  assert.deepEqual(fresh("uk"), ["1 нова розмова", "2 нові розмови", "5 нових розмов", "22 нові розмови"]);
  assert.deepEqual(fresh("ru"), ["1 новый разговор", "2 новых разговора", "5 новых разговоров", "22 новых разговора"]);
  assert.deepEqual(fresh("te"), ["1 కొత్త సంభాషణ", "2 కొత్త సంభాషణలు", "5 కొత్త సంభాషణలు", "22 కొత్త సంభాషణలు"]);
});

test("initials of names in any script", () => {
  assert.deepEqual(["Demo customer A", "Żaneta Łącka", "عميلة تجريبية", "solo", "  ", "🙂 ok"].map(initials), ["DA", "ŻŁ", "عت", "S", "?", "O"]);
});

test("snoozing never offers the same moment twice, nor one that is past", () => {
  for (const from of [new Date(2026, 10, 22, 8), new Date(2026, 10, 23, 23), new Date(2026, 10, 20, 6)]) {
    const times = snoozeMoments(from).map((one) => one.at.getTime());
    assert.equal(new Set(times).size, times.length);
    assert.ok(times.every((time) => time > from.getTime()));
  }
});
