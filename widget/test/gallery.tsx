// Every state of the widget from scripted data, one at a time: ?state=orders&theme=dark&locale=ar&color=%23b4235a.
// Nothing here talks to a server; the views are the real ones.

import { Fragment, h, render } from "preact";
import { applyFact, emptyThread, putOutgoing, type Thread } from "../shared/conversation.ts";
import { direction, translator, type Messages } from "../shared/i18n.ts";
import type { FactBody, InboxView, Message, Offer, OfferState, OrderView, Part, Sender } from "../shared/wire.ts";
import app from "../shopper/app/app.css";
import { fit } from "../shopper/app/composer.tsx";
import { Panel } from "../shopper/app/panel.tsx";
import type { State } from "../shopper/app/session.ts";
import type { Actions } from "../shopper/app/ui.ts";
import cardsCss from "../shopper/cards/cards.css";
import { make } from "../shopper/cards/main.tsx";
import type { Host } from "../shopper/contract.ts";
import { nudge } from "../shopper/extra.ts";
import loader from "../shopper/loader.css";
import { ORDER_STATES, showOrders } from "./gallery_orders.tsx";

declare const __ALL_LOCALES__: Record<string, Messages>;

const query = new URLSearchParams(location.search);
const locale = query.get("locale") ?? "en";
const theme = query.get("theme") ?? "";
const t = translator(__ALL_LOCALES__[locale]!, locale);
const NOW = Date.parse("2026-11-20T14:30:00Z");
Date.now = () => NOW;

const shop = { name: "Demo shop", color: query.get("color") ?? "#3d4fd1", locales: ["en", "pl"], online: true, promised_minutes: 120, bot: "ready" } as InboxView;
const WHO = {
  me: { kind: "visitor", id: "vis_1", name: "" }, bot: { kind: "bot", id: "bot", name: "Assistant" },
  agent: { kind: "agent", id: "agt_1", name: "Agent" }, shop: { kind: "integration", id: "delayed", name: "Demo shop" },
} satisfies Record<string, Sender>;

const order: OrderView = {
  order_id: "A-1001", number: "1001", headline: "shipped", currency: "PLN", total: 21_800, delayed: true, url: "https://shop.example/orders/1001",
  items: [
    { id: "1", product_id: "p-3", name: "Trail shoe, size 42", quantity: 1, unit_price: 12_900, url: null, image_url: null },
    { id: "2", product_id: "p-5", name: "Wool socks", quantity: 2, unit_price: 4_450, url: null, image_url: null },
  ],
  shipments: [
    { id: "s1", carrier: "InPost", tracking_number: "6200 0123", tracking_url: "https://tracking.example/62000123", stage: "in_transit", promised: "2026-11-20", eta: "2026-11-23", delayed: true, reason: null, scans: [] },
    { id: "s2", carrier: "DPD", tracking_number: "0511 77", tracking_url: null, stage: "out_for_delivery", promised: "2026-11-20", eta: null, delayed: false, reason: null, scans: [] },
  ],
  measures: [{ id: "m1", text: { en: "We took the delivery fee off", pl: "Zwróciliśmy koszt dostawy", ar: "ألغينا رسوم التوصيل" }, worth: 1_200, at: null }],
};
const offer = { id: "off_1", kind: "voucher", title: "A voucher for the delay", text: "10 zł off your next order, *yours with one click*.", accept_label: "Take the voucher", worth: 1_000, currency: "PLN", expires_at: "2026-11-23T12:00:00Z" };

let minute = 0;
const at = () => new Date(NOW - (60 - minute++) * 60_000).toISOString();
function say(thread: Thread, who: Sender, ...parts: (Part | string)[]): Thread {
  const seq = thread.last + 1;
  const message: Message = {
    id: `msg_${seq}`, client_id: `c${seq}`, type: who.kind === "visitor" ? "incoming" : "outgoing", sender: who, created_at: "",
    parts: parts.map((part) => (typeof part === "string" ? { type: "text", text: part } : part)),
  };
  return happen(thread, { fact: "message_created", message });
}
function happen(thread: Thread, body: FactBody): Thread {
  return applyFact(thread, { ...body, conversation: "cnv_1", epoch: 1, seq: thread.last + 1, at: at() })[0];
}
const begun: Thread = { ...emptyThread, id: "cnv_1", epoch: 1, status: "bot" };

const withBot = () => {
  let thread = say(begun, WHO.me, "Hi! When will my order arrive?");
  thread = say(thread, WHO.bot, "Hello! I found your order *1001*. It travels in two parcels.", { type: "order_card", order });
  return say(thread, WHO.bot, { type: "choices", choices: [{ title: "Why is it late?", value: "late" }, { title: "Change the address", value: "address" }, { title: "Something else", value: "other" }] });
};
const withAgent = () => {
  let thread = say(begun, WHO.me, "The zip of my jacket is broken. What can I do?");
  thread = say(thread, WHO.bot, "I am sorry to hear that. I am bringing in a person who can decide this.");
  thread = happen(thread, { fact: "conversation_queued", reason: "complaint", promised_minutes: null });
  thread = happen(thread, { fact: "conversation_assigned", agent: { id: "agt_1", name: "Agent" }, by: null });
  thread = say(thread, WHO.agent, "Hello, I am sorry about the zip!");
  thread = say(thread, WHO.agent, "You can send it back for free, or we pay a repair near you. The steps are [on this page](https://shop.example/repair).", {
    type: "product_card", product: { id: "p-9", name: "Rain jacket Fjord", price: 39_900, currency: "PLN", url: "https://shop.example/p/9", image_url: null },
  });
  thread = happen(thread, { fact: "message_read", by: { kind: "agent", id: "agt_1" }, through: thread.last });
  thread = say(thread, WHO.me, "A repair sounds good.\nHow do I get the money?");
  return happen(thread, { fact: "message_read", by: { kind: "agent", id: "agt_1" }, through: thread.last });
};
const offered = (state?: "accepted" | "pending" | "done" | "refused") => {
  let thread = say(begun, WHO.shop, "Your parcel is a few days late, and we are sorry. This is what we can do:", { type: "order_card", order: { ...order, shipments: [order.shipments![0]!] } }, { type: "offer", offer });
  if (state) thread = happen(thread, { fact: "offer_settled", offer_id: "off_1", message_id: "msg_1", state, reason: state === "refused" ? "The parcel was delivered in the meantime." : state === "done" ? "Code: LATE10" : null });
  return thread;
};
const asking = (more: Partial<Offer>, ...after: { state: OfferState; reason?: string; chosen?: string; undo_until?: string }[]) => {
  let thread = say(begun, WHO.shop, "The courier missed you today. This is what we can do:", { type: "offer", offer: { ...offer, worth: null, order_number: "1001", ...more } });
  for (const one of after) thread = happen(thread, { fact: "offer_settled", offer_id: "off_1", message_id: "msg_1", reason: null, ...one });
  return thread;
};
const POINTS = [
  { id: "p-1", title: "North Point, Central Station", text: "day and night" }, { id: "p-2", title: "Corner shop, Long Street 14", text: "Mon–Sat 6:00–23:00" },
  { id: "p-3", title: "Fuel station at the ring road with quite a long name", text: "" },
];
const pickup: Partial<Offer> = { kind: "pickup_point", title: "Pick it up when it suits you", text: "It is there on the next working day.", accept_label: "Send it there", asks: "point", choices: POINTS, undo_minutes: 30 };
const resolved = () => happen(withAgent(), { fact: "conversation_resolved", by: WHO.agent });

type Given = Partial<State> & { shop?: Partial<InboxView>; open?: boolean; write?: string; nudge?: boolean };
const STATES: Record<string, () => Given> = {
  launcher: () => ({ open: false }),
  nudge: () => ({ open: false, nudge: true }),
  connecting: () => ({ synced: false, inbox: null, link: "connecting" }),
  empty: () => ({}),
  away: () => ({ shop: { online: false, bot: "off" } }),
  bot: () => ({ thread: withBot() }),
  bot_loading: () => ({ thread: say(begun, WHO.me, "Hello?"), shop: { bot: "loading" } }),
  queued: () => ({ thread: { ...happen(say(begun, WHO.me, "I want to talk to a person"), { fact: "conversation_queued", reason: "asked", promised_minutes: null }), queuePosition: 3 } }),
  agent: () => ({ thread: { ...withAgent(), typing: [WHO.agent] } }),
  orders: () => ({ thread: say(withBot(), WHO.me, "Thanks!") }),
  delivered: () => ({ thread: say(begun, WHO.shop, "Your order has arrived. Enjoy it!", { type: "order_card", order: { ...order, headline: "delivered", delayed: false, measures: [], shipments: [{ ...order.shipments![0]!, stage: "delivered", delayed: false }] } }) }),
  problem: () => ({ thread: say(begun, WHO.shop, "The courier did not find you.", { type: "order_card", order: { ...order, headline: "delivery_failed", delayed: false, measures: [], shipments: [{ ...order.shipments![0]!, stage: "delivery_failed", delayed: false, reason: "Nobody at home" }] } }) }),
  offer: () => ({ thread: offered() }),
  offer_pending: () => ({ thread: offered("pending") }),
  offer_done: () => ({ thread: offered("done") }),
  offer_refused: () => ({ thread: offered("refused") }),
  offer_points: () => ({ thread: asking(pickup) }),
  offer_stores: () => ({ thread: asking({ ...pickup, kind: "reserve_in_store", title: "We put it aside for you", accept_label: "Reserve it", asks: "store", choices: [...POINTS, ...POINTS.map((one) => ({ ...one, id: `${one.id}b` }))] }) }),
  offer_address: () => ({ thread: asking({ kind: "change_address", title: "Another address", text: "As long as it has not left.", accept_label: "Change the address", asks: "address" }) }),
  offer_cancel: () => ({ thread: asking({ kind: "cancel", title: "Cancel the order", text: "As long as it is not packed. You get all of it back.", accept_label: "Cancel order 1001" }) }),
  offer_undo: () => ({ thread: asking(pickup, { state: "done", chosen: POINTS[0]!.title, reason: "It now goes to North Point.", undo_until: "2026-11-20T15:00:00Z" }) }),
  offer_undoing: () => ({ thread: asking(pickup, { state: "done", chosen: POINTS[0]!.title }, { state: "undoing", chosen: POINTS[0]!.title }) }),
  offer_undone: () => ({ thread: asking(pickup, { state: "undone", chosen: POINTS[0]!.title }) }),
  offer_too_late: () => ({ thread: asking(pickup, { state: "refused", reason: "too_late" }) }),
  offer_expired: () => ({ thread: asking(pickup, { state: "expired" }) }),
  offer_unproven: () => ({ thread: asking(pickup), entries: [{ client_id: "5", command: "accept_offer", body: { offer_id: "off_1" }, at: at(), failed: "forbidden" }] }),
  contact: () => ({
    shop: { online: false }, thread: say(happen(say(begun, WHO.me, "I need a person"), { fact: "conversation_queued", reason: "asked", promised_minutes: 120 }), WHO.bot, { type: "contact_request", fields: ["email", "phone"], promised_minutes: 120 }),
  }),
  outbox: () => {
    let thread = putOutgoing(withAgent(), { client_id: "1", parts: [{ type: "text", text: "This one is on its way" }], at: at(), state: "sending" });
    thread = putOutgoing(thread, { client_id: "2", parts: [{ type: "text", text: "This one waits for the network" }], at: at(), state: "queued" });
    const entries: State["entries"] = [{ client_id: "3", command: "send_message", body: {}, at: at(), failed: "too_large" }];
    return { link: "offline", entries, thread: putOutgoing(thread, { client_id: "3", parts: [{ type: "text", text: "This one was refused" }], at: at(), state: "failed", reason: "too_large" }) };
  },
  offline_here: () => ({ link: "offline", saved: false, thread: withAgent() }),
  not_saved: () => ({ saved: false, thread: withAgent() }),
  long: () => ({ thread: withAgent(), write: "A long message. ".repeat(240) }),
  ask_failed: () => ({ thread: withBot(), entries: [{ client_id: "4", command: "request_agent", body: {}, at: at(), failed: "forbidden" }] }),
  earlier: () => ({ earlier: resolved(), thread: say(begun, WHO.me, "One more thing: do you repair zips in the shop?") }),
  resolved: () => ({ thread: resolved() }),
  rated: () => ({ thread: happen(resolved(), { fact: "conversation_rated", score: 5, comment: null }) }),
  closed: () => ({ link: "stopped", code: 4004, thread: withAgent() }),
};

const name = query.get("state");
document.documentElement.lang = locale;
document.documentElement.dataset.theme = theme;
document.getElementById("states")!.append(
  ...Object.keys({ ...STATES, ...ORDER_STATES }).map((state) => {
    const link = document.createElement("a");
    link.href = `?state=${state}&theme=${theme}&locale=${locale}`;
    link.textContent = state;
    const item = document.createElement("li");
    item.append(link);
    return item;
  }),
);

if (name) {
  const given = STATES[name]?.() ?? { thread: withBot() };
  const root = document.body.appendChild(document.createElement("shopbell-chat")).attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [loader, app, cardsCss].map((text) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    return sheet;
  });
  (root.host as HTMLElement).style.setProperty("--brand", shop.color);
  const button = root.appendChild(document.createElement("button"));
  button.className = "l";
  button.textContent = t("chat");
  const nothing = () => {};
  const act: Actions = { close: nothing, send: nothing, draft: nothing, orders: nothing, retry: nothing, drop: nothing, requestAgent: nothing, post: nothing, typing: nothing };
  const host = { root, button, options: { key: "k", locale, theme: theme || undefined }, emit: nothing, report: nothing, with: nothing } as unknown as Host;
  if (given.nudge) nudge(host, { message_id: "m", text: "Your parcel is *a day late*. We told the courier and took the delivery fee off: 12.00 zł" }, true);
  if (given.open === false) button.append(Object.assign(document.createElement("b"), { textContent: " 2 " }));
  else {
    const inbox = "inbox" in given ? given.inbox! : { ...shop, ...given.shop };
    const state: State = { open: true, link: "online", code: 0, synced: true, saved: true, thread: emptyThread, earlier: null, entries: [], ...given, inbox };
    const dialog = root.appendChild(document.createElement("div")).appendChild(document.createElement("dialog"));
    dialog.dir = direction(locale);
    dialog.lang = locale;
    dialog.ariaLabel = t("dialog", { name: shop.name });
    dialog.dataset.theme = theme;
    const scene = () => ({ t, locale, thread: state.thread, entries: state.entries, act, cards: make({ h, Fragment }), now: NOW });
    render(<Panel state={state} scene={scene()} />, dialog);
    button.ariaExpanded = "true";
    if (matchMedia("(max-width: 480px)").matches) dialog.showModal();
    else dialog.show();
    const area = dialog.querySelector<HTMLTextAreaElement>(".write textarea")!;
    area.value = given.write ?? "";
    fit(area);
    area.blur();
    (document.activeElement as HTMLElement | null)?.blur();
    (root.activeElement as HTMLElement | null)?.blur();
    const log = dialog.querySelector(".log")!;
    log.scrollTop = query.has("top") ? 0 : 1e9;
    if (ORDER_STATES[name]) await showOrders(ORDER_STATES[name], host, scene);
    if (ORDER_STATES[name] && query.has("end")) dialog.querySelector(".obody")!.scrollTop = 1e9;
  }
  document.documentElement.dataset.ready = "true";
}
