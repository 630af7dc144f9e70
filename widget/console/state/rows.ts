// The conversation list as a pure function of facts: what one fact changes in a row, which rows a view shows and in
// which order. Holds no state and knows no socket. Walk a passes here.
import type { Fact, Message, Named, Row } from "../../shared/wire.ts";
import { parseInline, plainText } from "../../shared/text.ts";

export const VIEWS = ["mine", "unassigned", "bot", "all", "resolved"] as const;
export type View = (typeof VIEWS)[number];
export type Sort = "wait" | "newest";
export type Handler = Named | null;

/** A row as the server told it, with what is needed to count unread on: the count at `base.seq`, and what came since. */
export type LiveRow = Row & { readonly base: { seq: number; unread: number }; readonly since: readonly number[] };
export type Rows = ReadonlyMap<string, LiveRow>;

export const fromServer = (row: Row): LiveRow => ({ ...row, base: { seq: row.seq, unread: row.unread }, since: [] });

/** The one line of a message that a list shows. Cards and offers say what they are through `words`. */
export function previewOf(message: Message, words: (kind: string, title: string) => string): string {
  for (const part of message.parts) {
    switch (part.type) {
      case "text":
        return plainText(parseInline(part.text)).replace(/\s+/g, " ").trim();
      case "choice":
        return part.title;
      case "order_card":
        return words("order", part.order.number);
      case "product_card":
        return part.product.name;
      case "offer":
        return part.offer.title;
      case "contact_details":
        return words("contact", part.email ?? part.phone ?? "");
      case "contact_request":
        return words("contact_request", "");
      case "choices":
        break;
    }
  }
  return "";
}

/**
 * The row after one durable fact. A fact that the row has seen (seq) changes nothing and returns the same object; a gap
 * is applied all the same, because a row is a summary: `heads` finds what is missing, and the row is fetched again.
 */
export function applyFact(row: LiveRow, fact: Fact, words: (kind: string, title: string) => string): LiveRow {
  if (fact.conversation !== row.id || (fact.epoch === row.epoch && fact.seq <= row.seq)) return row;
  const next = { ...row, seq: fact.seq, epoch: fact.epoch };
  switch (fact.fact) {
    case "message_created": {
      const { message } = fact;
      if (message.type === "note") return { ...next, last_at: fact.at };
      next.last_at = fact.at;
      next.preview = { text: previewOf(message, words), sender_kind: message.sender.kind };
      if (message.type === "incoming") {
        next.since = [...row.since, fact.seq];
        next.waiting_since = row.waiting_since ?? fact.at;
      } else if (message.sender.kind === "agent") Object.assign(next, { waiting_since: null, since: [], base: { seq: fact.seq, unread: 0 } });
      else if (message.sender.kind === "bot") next.waiting_since = null;
      break;
    }
    case "message_read":
      if (fact.by.kind !== "agent") return next;
      next.since = row.since.filter((seq) => seq > fact.through);
      if (fact.through >= row.base.seq) next.base = { ...row.base, unread: 0 };
      break;
    case "conversation_queued":
      Object.assign(next, { status: "queued", assignee: null, queue_reason: fact.reason, waiting_since: row.waiting_since ?? fact.at });
      break;
    case "conversation_assigned":
      next.assignee = fact.agent;
      next.status = fact.agent ? "assigned" : "queued";
      next.queue_reason = null;
      break;
    case "conversation_snoozed":
      next.status = "snoozed";
      break;
    case "conversation_resolved":
      Object.assign(next, { status: "resolved", waiting_since: null, since: [], base: { seq: fact.seq, unread: 0 } });
      break;
    case "conversation_returned":
      Object.assign(next, { status: "bot", assignee: null, queue_reason: null });
      break;
    case "conversation_rated":
      next.rating = fact.score;
      break;
    case "context_recorded":
    case "proactive_shown":
    case "offer_settled":
    case "bot_answer_dropped":
    case "hidden":
      return next;
  }
  next.unread = next.base.unread + next.since.length;
  return next;
}

export function inView(row: Row, view: View, me: string): boolean {
  switch (view) {
    case "mine":
      return (row.status === "assigned" || row.status === "snoozed") && row.assignee?.id === me;
    case "unassigned":
      return row.status === "queued";
    case "bot":
      return row.status === "bot";
    case "all":
      return row.status !== "resolved";
    case "resolved":
      return row.status === "resolved";
  }
}

export function countViews(rows: Rows, me: string): Record<View, number> {
  const counts = { mine: 0, unassigned: 0, bot: 0, all: 0, resolved: 0 };
  for (const row of rows.values()) for (const view of VIEWS) if (inView(row, view, me)) counts[view] += 1;
  return counts;
}

/** What asks for an agent's eyes: unread in my own conversations, and everyone in the queue. For the page's title. */
export function callsFor(rows: Rows, me: string): number {
  let calls = 0;
  for (const row of rows.values()) if (row.status === "queued" || (row.status === "assigned" && row.assignee?.id === me && row.unread > 0)) calls += 1;
  return calls;
}

const folded = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("ł", "l").replaceAll("Ł", "L").toLowerCase();

/** Every word of the query stands in the name, the preview, the page or the id; accents and case do not count. */
export function matches(row: Row, query: string): boolean {
  const words = folded(query).split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const hay = folded([row.contact.name, row.preview?.text, row.page?.title, row.assignee?.name, row.id, row.visitor].filter(Boolean).join(" "));
  return words.every((word) => hay.includes(word));
}

/** Longest wait first (who waits for nobody stands behind, newest first; snoozed last), or newest activity first. */
export function sorted(rows: readonly LiveRow[], sort: Sort): LiveRow[] {
  const newest = (a: Row, b: Row): number => (a.last_at < b.last_at ? 1 : a.last_at > b.last_at ? -1 : a.id < b.id ? -1 : 1);
  if (sort === "newest") return [...rows].sort(newest);
  const rank = (row: Row): number => (row.status === "snoozed" ? 2 : row.waiting_since ? 0 : 1);
  return [...rows].sort((a, b) => {
    if (rank(a) !== rank(b)) return rank(a) - rank(b);
    if (a.waiting_since && b.waiting_since && a.waiting_since !== b.waiting_since) return a.waiting_since < b.waiting_since ? -1 : 1;
    return newest(a, b);
  });
}

/**
 * Which conversations a heartbeat shows to be behind: those whose head differs from ours, those we do not know, and those
 * that we hold for open although no head names them any more (they were resolved, and we missed it).
 */
export function behind(rows: Rows, heads: Readonly<Record<string, { epoch: number; seq: number }>>): string[] {
  const gone = [...rows.values()].filter((row) => row.status !== "resolved" && !(row.id in heads)).map((row) => row.id);
  const late = Object.entries(heads)
    .filter(([id, head]) => {
      const row = rows.get(id);
      return !row || row.epoch !== head.epoch || row.seq < head.seq;
    })
    .map(([id]) => id);
  return [...late, ...gone];
}
