// The wire of docs/wire.md as TypeScript types: every name here is a name there. Holds no code but two lists that
// the types are made of; every walk passes through it.

export const ERROR_CODES = [
  "bad_request", "unauthenticated", "forbidden", "not_found", "conflict", "stale", "too_large", "rate_limited",
  "unavailable", "internal",
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];
export type WireError = { code: ErrorCode; message: string; retry_after_ms?: number; seq?: number };

export type Durable = { conversation: string; fact_id: string; seq: number; epoch: number };

export type SenderKind = "visitor" | "agent" | "bot" | "integration";
export type Sender = { kind: SenderKind; id: string; name: string };
export type Named = { id: string; name: string };

// --- Parts ---------------------------------------------------------------------------------------------------------
export type Choice = { title: string; value: string };
/** A card. `price` null: the shop tells none; `price_to`: the dearest of its variants, where they differ. */
export type Product = {
  id: string; name: string; price: number | null; price_to?: number | null; currency: string | null; url: string | null; image_url: string | null;
  category?: string | null; available?: boolean;
};
/** What the shop's catalogue tells agents. `stock` null: not counted. */
export type CatalogueProduct = Product & {
  locale: string | null; category: string | null; categories: string[]; price_to: number | null; stock: number | null; available: boolean; updated_at: string;
};
export type Offer = {
  id: string; kind: string; title: string; text: string; accept_label: string; worth: number | null; currency: string | null;
  expires_at: string | null; order_number?: string | null; asks?: "point" | "store" | "address" | null;
  choices?: { id: string; title: string; text: string }[]; undo_minutes?: number;
};
export type Part =
  | { type: "text"; text: string }
  | { type: "choices"; choices: Choice[] }
  | { type: "choice"; message_id: string; value: string; title: string }
  | { type: "order_card"; order: OrderView }
  | { type: "product_card"; product: Product }
  | { type: "offer"; offer: Offer }
  | { type: "contact_request"; fields: ("email" | "phone")[]; promised_minutes: number | null }
  | { type: "contact_details"; email?: string; phone?: string; name?: string };

export type MessageMeta = {
  intent?: string; confidence?: number; proactive?: { class: string; source: string; candidate: string };
};
export type Message = {
  id: string; client_id: string; type: "incoming" | "outgoing" | "note"; sender: Sender; parts: Part[]; created_at: string;
  meta?: MessageMeta;
};

// --- Facts ---------------------------------------------------------------------------------------------------------
export type OfferState = "accepted" | "pending" | "done" | "refused" | "expired" | "undoing" | "undone";
export type ShownState = "seen" | "dismissed" | "clicked";
export type ContextCard = {
  reason: string; intent: string | null; confidence: number | null; locale: string | null;
  order: { number: string; headline: string } | null; tried: string[]; mood: string | null; question: string | null;
};
export type FactBody =
  | { fact: "message_created"; message: Message }
  | { fact: "message_read"; by: { kind: string; id: string }; through: number }
  | { fact: "conversation_queued"; reason: string; promised_minutes: number | null }
  | { fact: "conversation_assigned"; agent: Named | null; by: Partial<Sender> | null }
  | { fact: "conversation_snoozed"; until: string }
  | { fact: "conversation_resolved"; by: Partial<Sender> | null }
  | { fact: "conversation_returned"; by: Partial<Sender> | null }
  | { fact: "conversation_rated"; score: number; comment: string | null }
  | { fact: "context_recorded"; card: ContextCard }
  | { fact: "proactive_shown"; message_id: string; state: ShownState }
  | { fact: "offer_settled"; offer_id: string; message_id: string; state: OfferState; reason: string | null; chosen?: string | null; undo_until?: string | null }
  | { fact: "bot_answer_dropped"; reason: string; trigger_seq: number }
  | { fact: "hidden" };
export type Fact = FactBody & { conversation: string; epoch: number; seq: number; at: string };
export const DURABLE_FACTS: readonly Fact["fact"][] = [
  "message_created", "message_read", "conversation_queued", "conversation_assigned", "conversation_snoozed",
  "conversation_resolved", "conversation_returned", "conversation_rated", "context_recorded", "proactive_shown",
  "offer_settled", "bot_answer_dropped", "hidden",
];

export type Presence = { agent: { id: string; name: string; availability: Availability; load: number; capacity: number } };
/** Passing events: they carry no seq, may be lost, and heal by themselves. */
export type Passing = {
  typing_changed: { conversation: string; who: Sender; typing: boolean };
  queue_moved: { conversation: string; position: number | null };
  presence_changed: Presence | { visitor: string; online: boolean };
  panel_changed: { conversation: string };
  order_changed: { order_id: string };
  heads: { heads: Record<string, { epoch: number; seq: number }> };
  inbox_changed: { online: boolean; bot: BotState; promised_minutes: number | null };
  drain: { in_ms: number };
  closing: { code: number; retry: boolean };
};

// --- Shopper socket ------------------------------------------------------------------------------------------------
export type BotState = "ready" | "loading" | "off";
export type Status = "bot" | "queued" | "assigned" | "snoozed" | "resolved";
export type ConversationView = {
  id: string; epoch: number; seq: number; status: Status; assignee: Named | null; queue_position: number | null;
  read: { shopper: number; agent: number }; rated: boolean; unread: number;
};
export type InboxView = {
  name: string; color: string; locales: string[]; online: boolean; promised_minutes: number | null; bot: BotState;
};
export type Page = { epoch: number | null; start: number; facts: Fact[]; complete: boolean; reset: boolean };
export type SyncAnswer = Page & {
  visitor: { id: string; token?: string; identified: boolean; name?: string | null };
  inbox: InboxView;
  conversation: ConversationView | null;
};

// --- Agent socket --------------------------------------------------------------------------------------------------
export type Availability = "online" | "away" | "offline";
export type AgentView = { id: string; name: string; availability: Availability; load: number; capacity: number };
export type Row = {
  id: string; epoch: number; seq: number; status: Status; assignee: Named | null; visitor: string;
  contact: { id: string | null; name: string | null; identified: boolean }; locale: string | null;
  preview: { text: string; sender_kind: SenderKind } | null; unread: number; waiting_since: string | null; last_at: string;
  created_at: string; page: { title: string; url: string } | null; cart: { value: number; currency: string } | null;
  queue_reason: string | null; rating: number | null; online: boolean;
};
export type Verdict = {
  id: string; at: string; class: string; subject: string; source: string; decision: "send" | "hold" | "drop"; reason: string;
  until: string | null; text: string;
};
export type Panel = {
  contact: { id: string | null; name: string | null; email: string | null; phone: string | null; grade: Proof | "browser" };
  visitor: { id: string; locale: string | null; timezone: string | null; consent: unknown; first_seen: string; online: boolean };
  visit: {
    started_at: string; page: { title: string; url: string } | null; cart: { value: number; currency: string } | null;
    activities: { kind: string; at: string; data: Record<string, unknown> }[];
  } | null;
  orders: OrderView[]; verdicts: Verdict[]; card: ContextCard | null;
  earlier: { id: string; resolved_at: string; preview: string; rating: number | null }[];
  offers: {
    id: string; kind: string; title: string; state: string; reason: string | null; at: string; order_id?: string | null; chosen?: string | null;
    undo_until?: string | null; attempts?: { call: string; at: string; status: string | null; reason: string | null; ms: number | null }[];
  }[];
  may_offer?: { offer: string; kind: string; title: string; worth: number | null; order_id: string | null }[];
};
export type AgentHome = {
  me: { id: string; name: string; role: string; availability: Availability }; agents: AgentView[]; conversations: Row[];
  complete: boolean;
};
export type AgentPage = Page & { row: Row; panel: Panel };

// --- Orders --------------------------------------------------------------------------------------------------------
/** By what day 19 of 20 were there, as so many parcels of the shop say; where nobody tells a day that lies ahead. */
export type Usual = { by: string; basis: "history"; samples: number };
export type Shipment = {
  id: string; carrier: string | null; tracking_number: string | null; tracking_url: string | null; item_ids?: string[]; stage: string;
  promised: string | null; eta: string | null; basis?: "promise" | "eta" | null; usually?: Usual | null; delayed: boolean; reason: string | null;
  overdue?: { step: string; since: string; expected: string; basis: "promise" | "eta" | "history" | "default"; told: string | null; samples: number; raised_at: string; next_word: string } | null;
  scans: { stage: string; at: string; place: string | null }[];
};
/** In a message it is shortened: what is optional here may be missing there. */
export type OrderView = {
  order_id: string; number: string; headline: string; currency: string; total: number; source_id?: string;
  placed_at?: string | null; locale?: string | null; url?: string | null; delayed?: boolean; expected?: string | null; usually?: Usual | null;
  payment?: string | null;
  items?: { id: string; product_id: string | null; name: string; quantity: number; unit_price: number; url: string | null; image_url: string | null }[];
  shipments?: Shipment[];
  adjustments?: { id: string; kind: string; status: string; amount: number | null; at: string | null }[];
  measures?: { id: string; text: Record<string, string>; worth: number | null; at: string | null }[];
  timeline?: { at: string; entity: string; stage: string; note: string | null }[];
  updated_at?: string | null;
  /** How it is proven whose order it is; and what was offered about it, in `list_orders` only. */
  proof?: Proof; offers?: OrderOffer[];
};
export type Proof = "signed" | "link" | "order_and_contact";
export type OrderOffer = Offer & { state: OfferState | "open"; reason: string | null; chosen?: string | null; undo_until?: string | null; at: string; message_id: string };

export type FoundOrder = {
  order: OrderView; customer: string | null;
  conversations: { id: string; status: Status; last_at: string; name: string; preview: string; proof: Proof }[];
};
/** Why an order stands where it stands: what each webhook said, newest first, and what became of that. */
export type Explanation = {
  order_id: string; number: string; headline: string; decided_by: "order" | "payment" | "shipment" | "adjustment"; complete: boolean;
  events: {
    source_id: string; source: string | null; delivery_id: string; type: string; received_at: string; happened_at: string | null; newest: boolean; quiet: boolean; summary: string;
    said: { entity: string; stage: string; at: string; verdict: "holds" | "agrees" | "passed" | "outranked" | "older" | "contradicted" | "corrected" | "unknown" | "elsewhere" | "waiting" }[];
  }[];
  corrections: { shipment_id: string; said: string; said_at: string; stage: string; since: string; by: string }[];
  overdue: { shipment_id: string; step: string; since: string; expected: string; basis: string; told: string | null; samples: number; raised_at: string; withdrawn_at: string | null }[];
};

// --- Beacon --------------------------------------------------------------------------------------------------------
export type Activity = { id: string; kind: string; ago_ms: number; data: Record<string, unknown> };
export type Nudge = {
  conversation: string; message_id: string; text: string; class: string; card?: { kind: string; title: string } | null;
};
export type BeaconAnswer = {
  ok: boolean; visitor?: string; unread: number; nudge: Nudge | null; connect: boolean; again: number | null;
  inbox: { name: string; color: string; online: boolean; locales: string[] };
};
