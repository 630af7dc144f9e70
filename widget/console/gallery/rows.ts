// Scripted rows of a busy morning: many, with long names, Polish and Arabic, every status.
import type { AgentView, Row, SenderKind, Status } from "../../shared/wire.ts";

export const NOW = Date.now();
export const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();
export const ME = "agt_me";
export const AGENTS: AgentView[] = [
  { id: ME, name: "Agent", availability: "online", load: 3, capacity: 4 },
  { id: "agt_b", name: "Agent B", availability: "online", load: 4, capacity: 4 },
  { id: "agt_c", name: "Agent C", availability: "away", load: 1, capacity: 4 },
  { id: "agt_s", name: "Supervisor", availability: "offline", load: 0, capacity: 2 },
];

type Line = [name: string | null, text: string, from: SenderKind, status: Status, waits: number | null, last: number, unread: number, more?: Partial<Row>];
const shoes = { title: "Trail running shoes, waterproof", url: "https://shop.example/p/trail-shoes" };
const cart = { title: "Your cart", url: "https://shop.example/cart" };
const checkout = { title: "Checkout: delivery", url: "https://shop.example/checkout/delivery" };

const LINES: Line[] = [
  ["Demo customer A", "And if it does not come tomorrow, can I collect it somewhere near the office instead?", "visitor", "assigned", 2, 2, 2, { cart: { value: 13980, currency: "PLN" }, page: checkout, online: true }],
  ["Klientka demonstracyjna Ż. Brzęczyszczykiewicz-Wądołowska", "Dzień dobry, paczka miała być wczoraj, a śledzenie stoi od piątku. Co się dzieje?", "visitor", "assigned", 6, 6, 1, { locale: "pl", page: { title: "Moje zamówienia", url: "https://shop.example/pl/orders" }, online: true }],
  ["عميلة تجريبية", "مرحبا، هل يمكن تغيير عنوان التوصيل قبل شحن الطلب؟", "visitor", "assigned", 14, 14, 3, { locale: "ar", cart: { value: 45900, currency: "PLN" }, page: cart, online: true }],
  [null, "You can send it back within 30 days, the label is in the parcel.", "agent", "assigned", null, 21, 0, { page: shoes, online: true }],
  ["Demo customer B", "Thank you, I will look for it in the evening.", "visitor", "snoozed", null, 190, 0, { locale: "en" }],
  ["Demo customer C", "This is the third time I ask. I want to talk to a real person now.", "visitor", "queued", 11, 11, 4, { queue_reason: "complaint", cart: { value: 8450, currency: "PLN" }, page: checkout, online: true }],
  [null, "czlowiek", "visitor", "queued", 4, 4, 1, { locale: "pl", queue_reason: "requested", page: cart, online: true }],
  ["Demo customer with an extraordinarily long name that no layout was ever made for", "The voucher code says it is not valid for this basket although the e-mail says it is valid for everything in the shop until Sunday, could you please check what is going on there?", "visitor", "queued", 1, 1, 2, { queue_reason: "bot_failed", cart: { value: 129900, currency: "PLN" }, online: true }],
  ["Demo customer D", "Your order 10482 is on its way: two parcels, the first arrives on Tuesday.", "bot", "bot", null, 1, 0, { page: shoes, online: true, cart: { value: 25900, currency: "PLN" } }],
  [null, "Stuck at checkout? Tell me where, I can help.", "integration", "bot", null, 3, 0, { page: checkout, online: true, cart: { value: 7900, currency: "PLN" } }],
  ["Demo customer E", "Your parcel is a day late. We took the delivery fee off: 12.00 zł", "integration", "bot", null, 9, 0, {}],
  ["Demo customer F", "ok thx", "visitor", "assigned", 3, 3, 1, { assignee: { id: "agt_b", name: "Agent B" }, online: true }],
  ["Klient demonstracyjny Ł", "Faktura doszła, dziękuję.", "visitor", "assigned", null, 34, 0, { locale: "pl", assignee: { id: "agt_c", name: "Agent C" } }],
];

function row([name, text, from, status, waits, last, unread, more]: Line, at: number): Row {
  const id = `cnv_${String(at).padStart(32, "0")}`;
  return {
    id, epoch: 1, seq: 40, status, assignee: status === "assigned" || status === "snoozed" ? { id: ME, name: "Agent" } : null, visitor: `vis_${(at * 7919 + 4096).toString(16)}f2c`,
    contact: { id: name ? `con_${at}` : null, name, identified: name !== null }, locale: "en", preview: { text, sender_kind: from }, unread,
    waiting_since: waits === null ? null : ago(waits), last_at: ago(last), created_at: ago(last + 30), page: null, cart: null, queue_reason: null, rating: null, online: false, ...more,
  };
}

export const ROWS: Row[] = LINES.map(row);

/** Hundreds more, so that the list has to be virtual. */
export const manyRows = (count: number): Row[] =>
  Array.from({ length: count }, (_, i) => row([i % 3 ? `Demo customer ${i + 20}` : null, `Message ${i + 1} of a very busy day`, i % 4 ? "visitor" : "bot", i % 4 ? "queued" : "bot", i % 4 ? i / 7 : null, i / 7, i % 4, { queue_reason: i % 4 ? "requested" : null, online: i % 2 === 0 }], i + 100));

export const RESOLVED: Row[] = [5, 3, null, 1, 4, null].map((rating, i) => row([`Demo customer ${String.fromCharCode(75 + i)}`, ["Super, dziękuję!", "Got it, thanks.", "ok", "Still not happy about it.", "Works now.", "See you"][i]!, "visitor", "resolved", null, 60 * (i + 2), 0, { rating }], i + 60));
