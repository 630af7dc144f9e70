// The inline syntax: what is markup, what stays text, and which links may be shown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseInline, plainText, safeHref, type Inline } from "../shared/text.ts";

/** A short notation of the tree: b(…), i(…), a[href](…), / for a break. */
const draw = (nodes: Inline[]): string =>
  nodes
    .map((n) => {
      if (n.kind === "text") return n.text;
      if (n.kind === "break") return "/";
      if (n.kind === "link") return `a[${n.href}](${draw(n.children)})`;
      return `${n.kind[0]}(${draw(n.children)})`;
    })
    .join("");

const TABLE: [string, string][] = [
  ["plain", "plain"],
  ["*bold* and _italic_", "b(bold) and i(italic)"],
  ["*_both_*", "b(i(both))"],
  ["two\nlines", "two/lines"],
  ["2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"],
  ["* not bold *", "* not bold *"],
  ["[a page](https://shop.example/x)", "a[https://shop.example/x](a page)"],
  ["[*bold* link](https://shop.example/)", "a[https://shop.example/](b(bold) link)"],
  ["see https://shop.example/a_b_c.", "see a[https://shop.example/a_b_c](https://shop.example/a_b_c)."],
  ["[mail](mailto:a@shop.example) [call](tel:+48123)", "a[mailto:a@shop.example](mail) a[tel:+48123](call)"],
  ["[x](javascript:alert(1))", "[x](javascript:alert(1))"],
  ["[x](data:text/html,hi)", "[x](data:text/html,hi)"],
  ["[x](//evil.example)", "[x](//evil.example)"],
  ["[x](http://other.example/)", "[x](http://other.example/)"],
  ["[x](http://shop.example/)", "a[http://shop.example/](x)"],
  ["[x](https://user:pass@shop.example/)", "[x](https://user:pass@shop.example/)"],
  ["[x](https://shop.example/a_(b))", "a[https://shop.example/a_(b)](x)"],
  ["<img src=x onerror=alert(1)>", "<img src=x onerror=alert(1)>"],
  ["*zażółć* _مرحبا_", "b(zażółć) i(مرحبا)"],
  ["", ""],
];

for (const [given, expected] of TABLE) test(JSON.stringify(given), () => assert.equal(draw(parseInline(given, "shop.example")), expected));

test("plain text keeps the words and loses the marks", () =>
  assert.equal(plainText(parseInline("*Hi*,\nsee [our page](https://shop.example/)", "")), "Hi, see our page"));

test("only https, mailto and tel, and http to the page's own host", () => {
  assert.equal(safeHref("http://shop.example/", "shop.example"), "http://shop.example/");
  assert.equal(safeHref("http://shop.example/", ""), null);
  for (const bad of ["javascript:1", "JAVASCRIPT:1", "vbscript:1", "data:,x", "blob:https://x/1", "file:///etc", "x", ""]) assert.equal(safeHref(bad, "shop.example"), null);
});

test("a hostile text ends in time", () => {
  const began = performance.now();
  parseInline("*".repeat(4_000), "");
  parseInline("[".repeat(2_000) + "](".repeat(1_000), "");
  parseInline("_a".repeat(2_000), "");
  parseInline(`[x](${"(".repeat(3_900)}`, "");
  assert.ok(performance.now() - began < 500);
});
