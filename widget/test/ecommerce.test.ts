// What shops push for GA4, in both forms, becomes our activities; everything else becomes nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromDataLayer } from "../shopper/ecommerce.ts";

const shoe = { item_id: "p-3", item_name: "Trail shoe", price: 129, quantity: 2, item_category: "Shoes", item_brand: "left out" };
const ours = { id: "p-3", name: "Trail shoe", price: 12_900, quantity: 2, category: "Shoes" };
const bare = (value: unknown) => JSON.parse(JSON.stringify(value ?? null)) as unknown;
function gtag(..._params: unknown[]) {
  return arguments as never;
}

test("an event with ecommerce", () =>
  assert.deepEqual(bare(fromDataLayer({ event: "view_item", ecommerce: { currency: "PLN", value: "129.00", items: [shoe] } })), ["view_item", { items: [ours], value: 12_900, currency: "PLN" }]));

test("gtag's arguments", () =>
  assert.deepEqual(bare(fromDataLayer(gtag("event", "purchase", { transaction_id: 1001, currency: "EUR", value: 99.99, items: [] }))), ["purchase", { items: [], value: 9_999, currency: "EUR", order_number: "1001" }]));

test("minor units are the currency's own", () => {
  const value = (currency: string) => (bare(fromDataLayer({ event: "add_to_cart", ecommerce: { currency, value: 1_500, items: [{ item_id: "1", price: 1_500 }] } })) as [string, { value: number; items: { price: number }[] }])[1];
  assert.deepEqual([value("JPY").value, value("JPY").items[0]!.price, value("KWD").value], [1_500, 1_500, 1_500_000]);
});

test("a search, by either name", () => {
  assert.deepEqual(bare(fromDataLayer({ event: "search", search_term: "socks" })), ["search", { term: "socks" }]);
  assert.deepEqual(bare(fromDataLayer(gtag("event", "view_search_results", { search_term: "socks" }))), ["search", { term: "socks" }]);
});

for (const kind of ["view_item", "add_to_cart", "remove_from_cart", "view_cart", "begin_checkout", "add_shipping_info", "add_payment_info", "purchase"])
  test(`${kind} is known`, () => assert.equal(fromDataLayer({ event: kind, ecommerce: {} })?.[0], kind));

test("anything else says nothing", () => {
  for (const entry of [undefined, { event: "gtm.js" }, { event: "view_item_list", ecommerce: {} }, gtag("config", "G-1"), gtag("event", "login", {}), { ecommerce: null }]) assert.equal(fromDataLayer(entry as never), undefined);
});

test("odd items lose what cannot be read; at most twenty are taken", () => {
  const items = [{ item_name: "Only a name", price: "x", quantity: null }, ...Array.from({ length: 30 }, () => shoe)];
  const [, data] = bare(fromDataLayer({ event: "view_cart", ecommerce: { items } })) as [string, { items: unknown[] }];
  assert.deepEqual(data.items[0], { id: "Only a name", name: "Only a name" });
  assert.equal(data.items.length, 20);
});
