// Scripted facts of one conversation that has seen everything: nudge, bot, hand-over, note, offer, cards, rating.
import type { Fact, FactBody, Message, OrderView, Part, Sender } from "../../shared/wire.ts";
import { ago, ME } from "./rows.ts";

const SHOPPER: Sender = { kind: "visitor", id: "vis_1", name: "Demo customer A" };
const BOT: Sender = { kind: "bot", id: "bot", name: "Bot" };
const SHOP: Sender = { kind: "integration", id: "order.delayed", name: "Demo shop" };
const AGENT: Sender = { kind: "agent", id: ME, name: "Agent" };
const OTHER: Sender = { kind: "agent", id: "agt_b", name: "Agent B" };

export const ORDER: OrderView = {
  order_id: "A-10482", number: "10482", headline: "partially_shipped", currency: "PLN", total: 41880, source_id: "src", placed_at: ago(60 * 70), locale: "en",
  url: "https://shop.example/orders/10482", delayed: true, expected: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10), payment: "paid",
  items: [
    { id: "1", product_id: "p-3", name: "Trail running shoes, waterproof, EU 42", quantity: 1, unit_price: 34900, url: null, image_url: null },
    { id: "2", product_id: "p-9", name: "Wool socks", quantity: 2, unit_price: 2990, url: null, image_url: null },
    { id: "3", product_id: "p-11", name: "Gift wrapping", quantity: 1, unit_price: 1000, url: null, image_url: null },
  ],
  shipments: [
    { id: "s-1", carrier: "InPost", tracking_number: "620011223344556677889900", tracking_url: "https://inpost.example/62001122", stage: "in_transit", promised: ago(60 * 20).slice(0, 10), eta: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10), delayed: true, reason: "carrier_capacity", scans: [{ stage: "shipped", at: ago(60 * 44), place: "Warszawa" }, { stage: "in_transit", at: ago(60 * 30), place: "Łódź, sorting centre" }] },
    { id: "s-2", carrier: "InPost", tracking_number: "620099", tracking_url: null, stage: "packed", promised: null, eta: null, basis: null, usually: { by: new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10), basis: "history", samples: 212 }, delayed: false, reason: null, scans: [] },
  ],
  adjustments: [{ id: "r-1", kind: "refund", status: "completed", amount: 1200, at: ago(300) }],
  measures: [{ id: "m-1", text: { en: "We took the delivery fee off", pl: "Oddaliśmy opłatę za dostawę" }, worth: 1200, at: ago(300) }],
  timeline: [
    { at: ago(60 * 70), entity: "order", stage: "placed", note: null }, { at: ago(60 * 69), entity: "payment", stage: "paid", note: null },
    { at: ago(60 * 44), entity: "shipment:s-1", stage: "shipped", note: null }, { at: ago(310), entity: "shipment:s-1", stage: "delayed", note: "Promised yesterday" },
  ],
  updated_at: ago(300),
};

let made = 0;
const say = (sender: Sender, type: Message["type"], parts: Part[], minutes: number, more: Partial<Message> = {}): [FactBody, number] => [
  { fact: "message_created", message: { id: `msg_${++made}`, client_id: `c-${made}`, type, sender, parts, created_at: ago(minutes), ...more } }, minutes,
];
const text = (words: string): Part[] => [{ type: "text", text: words }];

const order: Part = { type: "order_card", order: ORDER };
const offer: Part = { type: "offer", offer: { id: "off_1", kind: "voucher", title: "Voucher for the delay", text: "15.00 zł off your next order, valid for a year.", accept_label: "Take the voucher", worth: 1500, currency: "PLN", expires_at: new Date(Date.now() + 2 * 86_400_000).toISOString() } };

const SCRIPT: [FactBody, number][] = [
  say(SHOP, "outgoing", [...text("Your parcel is a day late, we are sorry. We told the courier and took the delivery fee off: *12.00 zł*."), order, offer], 1501, { meta: { proactive: { class: "order_problem", source: "order.delayed", candidate: "cnd_1" } } }),
  [{ fact: "proactive_shown", message_id: "msg_1", state: "seen" }, 1490],
  [{ fact: "proactive_shown", message_id: "msg_1", state: "clicked" }, 40],
  say(SHOPPER, "incoming", text("Hi! Where is the second parcel then?"), 39),
  say(BOT, "outgoing", [...text("The first parcel is in _Łódź_ and should arrive tomorrow. The second one is packed and leaves today. [Follow it](https://inpost.example/62001122)"), { type: "choices", choices: [{ title: "That helps", value: "/affirm" }, { title: "Change the delivery", value: "/change_address" }, { title: "Talk to a person", value: "/contact_human_agent" }] }], 39, { meta: { intent: "track_order", confidence: 0.94 } }),
  say(SHOPPER, "incoming", [{ type: "choice", message_id: "msg_3", value: "/contact_human_agent", title: "Talk to a person" }], 37),
  [{ fact: "context_recorded", card: { reason: "requested", intent: "track_order", confidence: 0.94, locale: "en", order: { number: "10482", headline: "partially_shipped" }, tried: ["track_order"], mood: "unhappy", question: "Where is the second parcel then?" } }, 37],
  [{ fact: "conversation_queued", reason: "requested", promised_minutes: null }, 37],
  [{ fact: "bot_answer_dropped", reason: "person_in_charge", trigger_seq: 6 }, 36],
  [{ fact: "conversation_assigned", agent: { id: "agt_b", name: "Agent B" }, by: null }, 36],
  say(OTHER, "outgoing", text("Hello, I am looking at your order. One moment please."), 34),
  say(OTHER, "note", text("Second parcel leaves the warehouse at 16:00. The size 42 was the last one, so *do not* offer an exchange.\nHanding over, my shift ends."), 31),
  [{ fact: "conversation_assigned", agent: { id: ME, name: "Agent" }, by: { kind: "agent", id: "agt_b", name: "Agent B" } }, 30],
  say(AGENT, "outgoing", text("Hi, I am taking over. The second parcel leaves our warehouse today at 16:00, so it should reach you on Tuesday."), 28),
  say(AGENT, "outgoing", [...text("If your socks were urgent, these are in the store near you:"), { type: "product_card", product: { id: "p-9", name: "Wool socks, two pairs", price: 2990, currency: "PLN", url: "https://shop.example/p/wool-socks", image_url: null } }], 27),
  [{ fact: "message_read", by: { kind: "visitor", id: "vis_1" }, through: 15 }, 26],
  [{ fact: "offer_settled", offer_id: "off_1", message_id: "msg_1", state: "accepted", reason: null }, 20],
  [{ fact: "offer_settled", offer_id: "off_1", message_id: "msg_1", state: "done", reason: null }, 20],
  say(SHOPPER, "incoming", text("Great, thank you 🙂 The voucher arrived as well."), 4),
  say(SHOPPER, "incoming", text("And if it does not come tomorrow, can I collect it somewhere near the office instead?"), 2),
];

export function factsOf(conversation: string, seen = SCRIPT): Fact[] {
  return seen.map(([body, minutes], i) => ({ ...body, conversation, epoch: 1, seq: i + 1, at: ago(minutes) }) as Fact);
}

export const polish = (conversation: string): Fact[] => factsOf(conversation, [
  say({ ...SHOPPER, name: "Klientka demonstracyjna Ż" }, "incoming", text("Dzień dobry, paczka miała być wczoraj, a śledzenie stoi od piątku. Co się dzieje?"), 8),
  say(BOT, "outgoing", text("Przykro mi, nie wiem dokładnie. Zapytam człowieka."), 8, { meta: { intent: "track_order", confidence: 0.41 } }),
  [{ fact: "conversation_queued", reason: "bot_failed", promised_minutes: 120 }, 7],
  say(SHOP, "outgoing", [{ type: "contact_request", fields: ["email", "phone"], promised_minutes: 120 }], 7),
  say(SHOPPER, "incoming", [{ type: "contact_details", email: "demo-b@example.com", phone: "+48 600 000 000", name: "Klientka demonstracyjna Ż" }], 6),
  [{ fact: "conversation_assigned", agent: { id: ME, name: "Agent" }, by: null }, 5],
]);

export const arabic = (conversation: string): Fact[] => factsOf(conversation, [
  say({ ...SHOPPER, name: "عميلة تجريبية" }, "incoming", text("مرحبا، هل يمكن تغيير عنوان التوصيل قبل شحن الطلب؟"), 16),
  say(AGENT, "outgoing", text("أهلاً بك، نعم يمكن ذلك حتى الساعة الرابعة عصراً. ما هو العنوان الجديد؟"), 15),
  say(SHOPPER, "incoming", text("شارع الملك فيصل 12، الطابق 3. رقم الطلب A-10482"), 14),
]);

export const bot = (conversation: string): Fact[] => factsOf(conversation, [
  say(SHOPPER, "incoming", text("where is my order"), 3),
  say(BOT, "outgoing", [...text("Your order 10482 is on its way: two parcels, the first arrives on Tuesday."), order], 2, { meta: { intent: "track_order", confidence: 0.97 } }),
  say(SHOPPER, "incoming", text("and can I still change the address?"), 1),
]);

export const resolved = (conversation: string): Fact[] => factsOf(conversation, [
  say(SHOPPER, "incoming", text("Can you send the invoice again?"), 200),
  say(AGENT, "outgoing", text("Of course, it is on its way to your inbox."), 190),
  say(SHOPPER, "incoming", text("Got it, thanks."), 185),
  [{ fact: "conversation_resolved", by: AGENT }, 180],
  [{ fact: "conversation_rated", score: 4, comment: "Quick, but the first mail was in spam" }, 170],
]);
