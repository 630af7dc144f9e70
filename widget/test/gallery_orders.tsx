// The order view's states for the gallery: the real view over a link that answers from scripted data.

import { Fragment, h, render } from "preact";
import { CommandFailed } from "../shared/failure.ts";
import type { ErrorCode, OrderView } from "../shared/wire.ts";
import type { Session } from "../shopper/app/session.ts";
import type { OrdersKit, Scene, Where } from "../shopper/app/ui.ts";
import type { Host } from "../shopper/contract.ts";
import { open } from "../shopper/orders/main.tsx";

const OFFER = {
  id: "off_9", kind: "pickup_point", title: "Pick it up when it suits you", text: "It is there on the next working day.", accept_label: "Send it there", worth: null, currency: "PLN",
  expires_at: "2026-11-23T12:00:00Z", asks: "point" as const, undo_minutes: 30, at: "2026-11-20T09:00:00Z", message_id: "msg_9", reason: null, state: "open" as const,
  choices: [{ id: "p-1", title: "North Point, Central Station", text: "day and night" }, { id: "p-2", title: "Corner shop, Long Street 14", text: "Mon–Sat 6:00–23:00" }],
};
const FULL: OrderView = {
  order_id: "A-1001", number: "1001", headline: "partially_shipped", currency: "PLN", total: 30_700, delayed: true, url: "https://shop.example/orders/1001", placed_at: "2026-11-16T09:12:00Z",
  expected: "2026-11-23", payment: "paid", proof: "link",
  items: [
    { id: "1", product_id: "p-3", name: "Trail shoe, size 42", quantity: 1, unit_price: 12_900, url: "https://shop.example/p/3", image_url: null },
    { id: "2", product_id: "p-5", name: "Wool socks", quantity: 2, unit_price: 4_450, url: null, image_url: null },
    { id: "3", product_id: "p-6", name: "Rain cover for a backpack of 25 to 40 litres, bright yellow", quantity: 1, unit_price: 8_900, url: null, image_url: null },
  ],
  shipments: [
    {
      id: "s1", carrier: "InPost", tracking_number: "6200 0123", tracking_url: "https://tracking.example/62000123", item_ids: ["1", "2"], stage: "in_transit", promised: "2026-11-20", eta: null, basis: "promise",
      delayed: true, reason: null, scans: [],
      overdue: { step: "in_transit", since: "2026-11-17T20:00:00Z", expected: "2026-11-20T08:00:00Z", basis: "history", told: "2026-11-20", samples: 212, raised_at: "2026-11-20T08:01:00Z", next_word: "2026-11-23T08:00:00Z" },
    },
    { id: "s2", carrier: "DPD", tracking_number: "0511 77", tracking_url: null, item_ids: ["3"], stage: "packed", promised: "2026-11-20", eta: "2026-11-23", basis: "eta", delayed: true, reason: null, scans: [] },
  ],
  adjustments: [{ id: "r1", kind: "refund", status: "completed", amount: 1_500, at: "2026-11-19T10:00:00Z" }],
  measures: [
    { id: "m1", text: { en: "We took the delivery fee off", pl: "Zwróciliśmy koszt dostawy", ar: "ألغينا رسوم التوصيل" }, worth: 1_200, at: "2026-11-20T08:02:00Z" },
    { id: "m2", text: { en: "We told the courier to look for it", pl: "Poprosiliśmy kuriera o odnalezienie paczki", ar: "طلبنا من الناقل البحث عنه" }, worth: null, at: "2026-11-20T08:03:00Z" },
  ],
  timeline: [
    { at: "2026-11-16T09:12:00Z", entity: "order", stage: "placed", note: null }, { at: "2026-11-16T09:13:00Z", entity: "payment", stage: "paid", note: null },
    { at: "2026-11-17T08:00:00Z", entity: "shipment:s1", stage: "preparing", note: null }, { at: "2026-11-17T10:00:00Z", entity: "shipment:s1", stage: "packed", note: null },
    { at: "2026-11-17T16:00:00Z", entity: "shipment:s1", stage: "shipped", note: "Łódź" }, { at: "2026-11-17T19:00:00Z", entity: "shipment:s1", stage: "in_transit", note: "Stryków" },
    { at: "2026-11-17T20:00:00Z", entity: "shipment:s1", stage: "in_transit", note: "Warszawa" }, { at: "2026-11-19T15:00:00Z", entity: "shipment:s2", stage: "packed", note: null },
  ],
  offers: [OFFER, { ...OFFER, id: "off_8", kind: "voucher", title: "A voucher for the delay", state: "done", worth: 1_000 }],
};
const DONE: OrderView = { ...FULL, order_id: "A-997", number: "997", headline: "delivered", delayed: false, expected: null, placed_at: "2026-10-02T09:12:00Z", total: 4_450, items: FULL.items!.slice(1, 2), shipments: [], measures: [], offers: [], adjustments: [], proof: "signed" };

// Nobody told a day: what is usual for this shop's parcels is shown.
const USUAL: OrderView = {
  ...FULL, order_id: "A-1003", number: "1003", headline: "in_transit", delayed: false, expected: null, usually: { by: "2026-11-25", basis: "history", samples: 212 }, placed_at: "2026-11-19T09:12:00Z", measures: [], offers: [], adjustments: [], proof: "signed",
  shipments: [{ id: "s5", carrier: "InPost", tracking_number: "6200 0777", tracking_url: null, item_ids: ["1", "2", "3"], stage: "in_transit", promised: null, eta: null, basis: null, usually: { by: "2026-11-25", basis: "history", samples: 212 }, delayed: false, reason: null, scans: [] }],
  timeline: [{ at: "2026-11-19T16:00:00Z", entity: "shipment:s5", stage: "shipped", note: "Łódź" }, { at: "2026-11-19T19:00:00Z", entity: "shipment:s5", stage: "in_transit", note: "Stryków" }],
};

type Scripted = { orders?: OrderView[]; fails?: ErrorCode; never?: boolean; where?: Where };
export const ORDER_STATES: Record<string, Scripted> = {
  my_orders: { orders: [FULL, USUAL, DONE] },
  my_orders_loading: { never: true },
  my_orders_error: { fails: "unavailable" },
  my_orders_none: { orders: [] },
  my_orders_link: { orders: [DONE], fails: "not_found", where: { token: "t" } },
  my_order: { orders: [FULL, DONE], where: { id: "A-1001" } },
  my_order_usual: { orders: [USUAL], where: { id: "A-1003" } },
  my_order_done: { orders: [FULL, DONE], where: { id: "A-997" } },
};

export async function showOrders(given: Scripted, host: Host, scene: () => Scene) {
  const command = async (name: string) => {
    if (given.never) return new Promise(() => {});
    if (given.fails && (name === "open_order" || !given.where)) throw new CommandFailed({ code: given.fails, message: "" });
    return { orders: given.orders };
  };
  const kit: OrdersKit = { h, Fragment, render, scene, host, session: { link: { command }, state: { synced: true, link: "online" } } as unknown as Session };
  open(kit, given.where);
  await new Promise((done) => setTimeout(done, 60));
}
