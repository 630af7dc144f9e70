// One conversation as its client sees it: a pure reducer over facts in order of `seq`, with the bubbles that are not
// yet facts. It applies only `seq == last + 1`, drops what is older and says when it needs a sync. Walks a, b and e.

import type { ConversationView, Fact, Message, Named, OfferState, Page, Part, Sender, ShownState, Status } from "./wire.ts";

/** A message, or something that happened, at its place in the count. `hidden` facts leave no item. */
export type Item =
  | { kind: "message"; seq: number; at: string; message: Message }
  | { kind: "event"; seq: number; at: string; fact: Exclude<Fact, { fact: "message_created" }> };

/** A bubble that is not a fact yet. `queued` also while offline; `sent` is acked but its fact is still under way. */
export type Outgoing = {
  client_id: string; parts: Part[]; at: string; state: "queued" | "sending" | "sent" | "failed"; reason?: string;
};

export type Thread = {
  id: string | null; epoch: number | null; last: number; start: number; status: Status | null; assignee: Named | null;
  queuePosition: number | null; promisedMinutes: number | null; read: { shopper: number; agent: number }; rating: number | null;
  rated: boolean; items: readonly Item[]; outgoing: readonly Outgoing[]; typing: readonly Sender[];
  offers: Readonly<Record<string, { state: OfferState; reason: string | null; chosen?: string | null; undo_until?: string | null }>>; shown: Readonly<Record<string, ShownState>>;
};

export const emptyThread: Thread = {
  id: null, epoch: null, last: 0, start: 0, status: null, assignee: null, queuePosition: null, promisedMinutes: null,
  read: { shopper: 0, agent: 0 }, rating: null, rated: false, items: [], outgoing: [], typing: [], offers: {}, shown: {},
};

export type Verdict = "applied" | "old" | "gap" | "other";

/** Whether `fact` may be applied now. `gap`: call sync with the cursor; `other`: another conversation or epoch. */
export function judge(thread: Thread, fact: Fact): Verdict {
  if (fact.conversation !== thread.id || fact.epoch !== thread.epoch) return "other";
  if (fact.seq <= thread.last) return "old";
  return fact.seq === thread.last + 1 ? "applied" : "gap";
}

/** Applies one fact when it is the next one; otherwise gives back the same thread with the reason. */
export function applyFact(thread: Thread, fact: Fact): [Thread, Verdict] {
  const verdict = judge(thread, fact);
  return [verdict === "applied" ? fold(thread, fact) : thread, verdict];
}

function fold(thread: Thread, fact: Fact): Thread {
  const next: Thread = { ...thread, last: fact.seq };
  const { seq, at } = fact;
  switch (fact.fact) {
    case "message_created":
      next.items = [...thread.items, { kind: "message", seq, at, message: fact.message }];
      next.outgoing = thread.outgoing.filter((o) => o.client_id !== fact.message.client_id);
      next.typing = thread.typing.filter((who) => who.kind !== fact.message.sender.kind || who.id !== fact.message.sender.id);
      return next;
    case "message_read": {
      const side = fact.by.kind === "visitor" ? "shopper" : "agent";
      next.read = { ...thread.read, [side]: Math.max(thread.read[side], fact.through) };
      return next;
    }
    case "hidden":
      return next;
    case "conversation_queued":
      next.status = "queued";
      next.assignee = null;
      next.promisedMinutes = fact.promised_minutes;
      break;
    case "conversation_assigned":
      next.status = fact.agent ? "assigned" : "queued";
      next.assignee = fact.agent;
      next.queuePosition = null;
      break;
    case "conversation_snoozed":
      next.status = "snoozed";
      break;
    case "conversation_resolved":
      next.status = "resolved";
      next.queuePosition = null;
      next.typing = [];
      break;
    case "conversation_returned":
      next.status = "bot";
      next.assignee = null;
      next.queuePosition = null;
      break;
    case "conversation_rated":
      next.rated = true;
      next.rating = fact.score;
      break;
    case "proactive_shown":
      next.shown = { ...thread.shown, [fact.message_id]: fact.state };
      break;
    case "offer_settled":
      next.offers = { ...thread.offers, [fact.offer_id]: fact };
      break;
    default:
      break;
  }
  next.items = [...thread.items, { kind: "event", seq, at, fact }];
  return next;
}

/**
 * A sync's answer. `reset` starts the conversation anew (bubbles that are under way stay); otherwise the facts are
 * applied after the cursor. Says `complete: false` when another sync is due: a gap, or more facts to fetch.
 */
export function applyPage(thread: Thread, conversation: string, page: Page): { thread: Thread; complete: boolean } {
  let next = thread;
  if (page.reset || thread.id !== conversation || thread.epoch !== page.epoch) {
    if (!page.reset && page.start !== 0) return { thread, complete: false };
    next = { ...emptyThread, id: conversation, epoch: page.epoch, last: page.start, start: page.start, outgoing: thread.outgoing };
  }
  for (const fact of page.facts) {
    const [applied, verdict] = applyFact(next, fact);
    if (verdict === "gap" || verdict === "other") return { thread: next, complete: false };
    next = applied;
  }
  return { thread: next, complete: page.complete };
}

/** What only the view of a conversation tells (or what lies before the facts we hold). Takes it when it is not older. */
export function applyView(thread: Thread, view: ConversationView): Thread {
  if (view.id !== thread.id || view.seq < thread.last) return thread;
  return {
    ...thread, status: view.status, assignee: view.assignee, queuePosition: view.queue_position, rated: view.rated,
    read: { shopper: Math.max(view.read.shopper, thread.read.shopper), agent: Math.max(view.read.agent, thread.read.agent) },
  };
}

/** No conversation: as before the first message, with the bubbles that wait. */
export const detach = (thread: Thread): Thread => ({ ...emptyThread, outgoing: thread.outgoing });

/** Puts a bubble in, or changes its state. A message that is already a fact gets no second bubble. */
export function putOutgoing(thread: Thread, bubble: Outgoing): Thread {
  if (thread.items.some((i) => i.kind === "message" && i.message.client_id === bubble.client_id)) return dropOutgoing(thread, bubble.client_id);
  const at = thread.outgoing.findIndex((o) => o.client_id === bubble.client_id);
  const outgoing = at < 0 ? [...thread.outgoing, bubble].sort((a, b) => (a.client_id < b.client_id ? -1 : 1)) : thread.outgoing.with(at, bubble);
  return { ...thread, outgoing };
}

export const dropOutgoing = (thread: Thread, clientId: string): Thread => ({
  ...thread, outgoing: thread.outgoing.filter((o) => o.client_id !== clientId),
});

export function applyTyping(thread: Thread, conversation: string, who: Sender, typing: boolean): Thread {
  if (conversation !== thread.id) return thread;
  const others = thread.typing.filter((t) => t.kind !== who.kind || t.id !== who.id);
  return { ...thread, typing: typing ? [...others, who] : others };
}

/** True when the heads say that the server is ahead of us, or that history was rewritten. */
export function behind(thread: Thread, heads: Record<string, { epoch: number; seq: number }>): boolean {
  const head = thread.id === null ? undefined : heads[thread.id];
  return head !== undefined && (head.epoch !== thread.epoch || head.seq > thread.last);
}

/** The shop spoke unasked, and wants to know whether that was seen. `away` answers the shopper, when nobody else does. */
export const unasked = ({ kind, id }: Sender): boolean => kind === "integration" && id !== "away";

/** The seq of the newest message of the other side, for `mark_read`; 0 when there is none. */
export function newestFrom(thread: Thread, side: "shopper" | "agent"): number {
  for (let i = thread.items.length - 1; i >= 0; i--) {
    const item = thread.items[i]!;
    if (item.kind === "message" && item.message.type === (side === "shopper" ? "incoming" : "outgoing")) return item.seq;
  }
  return 0;
}
