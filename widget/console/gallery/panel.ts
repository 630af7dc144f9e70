// Scripted panels: one that has everything, one of a guest of whom we know nothing.
import type { Panel, Row } from "../../shared/wire.ts";
import { ORDER } from "./facts.ts";
import { ago } from "./rows.ts";

export const fullPanel = (row: Row): Panel => ({
  contact: { id: "con_1", name: row.contact.name, email: "demo-a@example.com", phone: "+48 600 000 000", grade: "signed" },
  visitor: { id: row.visitor, locale: row.locale, timezone: "Europe/Warsaw", consent: "granted", first_seen: ago(60 * 24 * 90), online: row.online },
  visit: {
    started_at: ago(48), page: { title: "Checkout: delivery", url: "https://shop.example/checkout/delivery" }, cart: { value: 13980, currency: "PLN" },
    activities: [
      { kind: "page_view", at: ago(48), data: { url: "https://shop.example/", title: "Demo shop" } },
      { kind: "search", at: ago(46), data: { term: "gaiters", results: 0 } },
      { kind: "view_item", at: ago(44), data: { items: [{ id: "p-4", name: "Running jacket" }], value: 11990, currency: "PLN" } },
      { kind: "dwell", at: ago(42), data: { url: "https://shop.example/p/running-jacket", seconds: 96 } },
      { kind: "add_to_cart", at: ago(41), data: { items: [{ id: "p-4", name: "Running jacket", price: 11990, quantity: 1 }], value: 11990, currency: "PLN" } },
      { kind: "begin_checkout", at: ago(6), data: { items: [{ id: "p-4", name: "Running jacket", price: 11990, quantity: 1 }, { id: "p-5", name: "Head torch strap", price: 995, quantity: 2 }], value: 13980, currency: "PLN" } },
      { kind: "form_error", at: ago(3), data: { form: "delivery", field: "postcode" } },
    ],
  },
  orders: [ORDER, { order_id: "A-9", number: "10398", headline: "delivered", currency: "PLN", total: 12900, placed_at: ago(60 * 24 * 36), payment: "paid", items: [{ id: "1", product_id: null, name: "Running belt", quantity: 1, unit_price: 12900, url: null, image_url: null }], shipments: [{ id: "s", carrier: "DPD", tracking_number: null, tracking_url: null, stage: "delivered", promised: null, eta: null, delayed: false, reason: null, scans: [] }], adjustments: [], measures: [], timeline: [] }],
  verdicts: [
    { id: "cnd_4", at: ago(3), class: "promo", subject: "p-4", source: "viewed-again", decision: "drop", reason: "promo_budget", until: null, text: "Still thinking about the running jacket?" },
    { id: "cnd_3", at: ago(5), class: "help", subject: "checkout", source: "stuck-checkout", decision: "hold", reason: "live_conversation", until: ago(-25), text: "Stuck at checkout? Tell me where, I can help." },
    { id: "cnd_1", at: ago(1501), class: "order_problem", subject: "A-10482", source: "order.delayed", decision: "send", reason: "sent", until: null, text: "Your parcel is a day late, we are sorry." },
    { id: "cnd_0", at: ago(2600), class: "order_progress", subject: "A-10482", source: "order.shipped", decision: "send", reason: "sent", until: null, text: "Your first parcel is on its way." },
  ],
  card: { reason: "requested", intent: "track_order", confidence: 0.94, locale: "en", order: { number: "10482", headline: "partially_shipped" }, tried: ["track_order"], mood: "unhappy", question: "Where is the second parcel then?" },
  earlier: [{ id: "cnv_old1", resolved_at: ago(60 * 24 * 36), preview: "Does the belt fit a phone of 6.7 inches?", rating: 5 }, { id: "cnv_old2", resolved_at: ago(60 * 24 * 80), preview: "Chcę zwrócić buty, są za małe, ale paragon gdzieś mi się zgubił", rating: null }],
  may_offer: [{ offer: "split", kind: "split", title: "Send what is there now", worth: null, order_id: ORDER.order_id }, { offer: "voucher", kind: "voucher", title: "15 zł off the next order", worth: 1500, order_id: ORDER.order_id }],
  offers: [{ id: "off_1", kind: "voucher", title: "Voucher for the delay", state: "done", reason: null, at: ago(20), attempts: [{ call: "accepted", at: ago(21), status: "retry", reason: "http_503", ms: 412 }, { call: "accepted", at: ago(20), status: "done", reason: null, ms: 96 }] }, { id: "off_2", kind: "pickup_point", title: "Deliver to a pick-up point", state: "refused", reason: "already_out_for_delivery", at: ago(600) }],
});

export const guestPanel = (row: Row): Panel => ({
  contact: { id: null, name: null, email: null, phone: null, grade: "browser" },
  visitor: { id: row.visitor, locale: row.locale, timezone: null, consent: null, first_seen: ago(30), online: row.online },
  visit: null, orders: [], verdicts: [], card: null, earlier: [], offers: [],
});
