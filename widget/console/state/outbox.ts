// What the agent has sent and the server has not confirmed: pure steps over a list. `client_id` stays the same over all
// tries and over a reload, so a repeat cannot post twice. The draft is written back when an item is taken out.
import type { WireError } from "../../shared/wire.ts";
import type { Card } from "./attached.ts";

export type Outgoing = {
  readonly client_id: string; readonly conversation: string; readonly kind: "reply" | "note"; readonly text: string; readonly at: string;
  readonly products?: readonly Card[];
  readonly seen_seq: number; readonly tries: number; readonly state: "waiting" | "sending" | "sent" | "stale" | "failed"; readonly error: WireError | null;
};
export type Outbox = readonly Outgoing[];

const TRANSIENT = new Set(["rate_limited", "unavailable", "internal"]);
export const isTransient = (error: WireError): boolean => TRANSIENT.has(error.code);

const change = (box: Outbox, id: string, fields: Partial<Outgoing>): Outbox => box.map((item) => (item.client_id === id ? { ...item, ...fields } : item));

/** The next item to send: one at a time per conversation and in order; an item that failed or is stale holds its own back. */
export function due(box: Outbox): Outgoing | undefined {
  const held = new Set<string>();
  for (const item of box) {
    if (!held.has(item.conversation) && item.state === "waiting") return item;
    if (item.state !== "sent") held.add(item.conversation);
  }
  return undefined;
}

export const sending = (box: Outbox, id: string): Outbox => change(box, id, { state: "sending" });
/** Acked; the bubble stays until its fact stands in the thread. */
export const acked = (box: Outbox, id: string): Outbox => change(box, id, { state: "sent" });
export const without = (box: Outbox, id: string): Outbox => box.filter((item) => item.client_id !== id);
export const again = (box: Outbox, id: string, seen?: number): Outbox =>
  box.map((item) => (item.client_id === id ? { ...item, state: "waiting", error: null, tries: 0, seen_seq: seen ?? item.seen_seq } : item));

/** What outlives the page, and what of it waits again afterwards. */
export const pack = (box: Outbox): string => JSON.stringify(box.filter((item) => item.state !== "sent"));
export const unpack = (text: string | null): Outbox =>
  (JSON.parse(text || "[]") as Outgoing[]).map((item) => (item.state === "sending" ? { ...item, state: "waiting" } : item));

/** After a refusal: transient, or signed out, goes back to waiting; `stale` waits for the agent, everything else has failed for good. */
export function refused(box: Outbox, id: string, error: WireError): Outbox {
  return box.map((item) => {
    if (item.client_id !== id) return item;
    if (isTransient(error) || error.code === "unauthenticated") return { ...item, state: "waiting", tries: item.tries + 1 };
    return { ...item, state: error.code === "stale" ? "stale" : "failed", error };
  });
}
