// Turns what shops already push for GA4 into our activities. Pure. Prices there are in major units, here in minor ones;
// nothing of it is believed by the server, it only tells what the shopper is looking at.

import type { Data } from "./capture.ts";

type Loose = Data | undefined;

const KINDS = /^(view_(item|cart)|(add_to|remove_from)_cart|begin_checkout|add_(shipping|payment)_info|purchase)$/;

const text = (value: unknown) => (value == null ? undefined : `${value as string}`.slice(0, 200));
const number = (value: unknown, scale = 1) => ((value as number) > 0 ? Math.round((value as number) * scale) : undefined);

/**
 * `{event, ecommerce}` or gtag's `arguments` ("event", name, params) to kind and data; nothing for everything else.
 * Throws on a currency that does not exist.
 */
export function fromDataLayer(entry: Loose): [string, Data] | undefined {
  const gtag = entry?.[0] === "event";
  const name = (gtag ? entry[1] : entry?.event) as string;
  const more = ((gtag ? entry[2] : entry?.ecommerce) ?? entry) as Loose;
  if (/^(view_)?search(_results)?$/.test(name)) return ["search", { term: text(more!.search_term) }];
  if (!KINDS.test(name)) return;
  const currency = text(more!.currency);
  const scale = 10 ** (currency ? new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits! : 2);
  const items = ((more!.items ?? []) as Data[]).slice(0, 20).map((item) => ({
    id: text(item.item_id ?? item.item_name), name: text(item.item_name ?? item.item_id), price: number(item.price, scale),
    quantity: number(item.quantity), category: text(item.item_category),
  }));
  return [name, { items, value: number(more!.value, scale), currency, order_number: text(more!.transaction_id) }];
}
