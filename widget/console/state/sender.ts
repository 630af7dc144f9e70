// Sends the outbox: in order, one at a time per conversation, again after a transient error, never twice (client_id).
// Keeps it for this tab, so that a reload or a new sign-in goes on with it.
import { effect } from "@preact/signals";
import { backoff, CommandFailed } from "../../shared/failure.ts";
import type { Durable } from "../../shared/wire.ts";
import { uuid7 } from "../../shared/uuid7.ts";
import { attach, type Card } from "./attached.ts";
import { acked, again, due, pack, refused, sending, unpack, without, type Outgoing } from "./outbox.ts";
import { port } from "./port.ts";
import { ended, link, me, outbox, thread } from "./store.ts";
import { readDraft, writeDraft } from "./drafts.ts";

let pausedUntil = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** A text alone, or parts: the text and a card for each product, of which only the id is ours to say. */
function contentOf({ text, products }: Outgoing): object {
  if (!products?.length) return { text };
  return { parts: [...(text ? [{ type: "text", text }] : []), ...products.map(({ id }) => ({ type: "product_card", product_id: id }))] };
}

async function send(item: Outgoing): Promise<void> {
  const { conversation, client_id, text, seen_seq } = item;
  try {
    if (item.kind === "note") await port.command<Durable>("add_note", { conversation, client_id, text });
    else await port.command<Durable>("reply", { conversation, client_id, seen_seq, ...contentOf(item) });
    const stands = thread.value.items.some((i) => i.kind === "message" && i.message.client_id === client_id);
    outbox.value = stands || thread.value.id !== conversation ? without(outbox.value, client_id) : acked(outbox.value, client_id);
  } catch (error) {
    const failed = error instanceof CommandFailed ? error : new CommandFailed({ code: "internal", message: String(error) });
    if (failed.code === "unauthenticated") ended.value = true;
    outbox.value = refused(outbox.value, client_id, { code: failed.code, message: failed.message, ...(failed.seq === undefined ? {} : { seq: failed.seq }) });
    if (failed.transient) pausedUntil = Date.now() + backoff(item.tries, failed.retryAfterMs);
  }
  flush();
}

/** Takes up what this agent had not yet sent in this tab; call once, when it is known who they are. */
export function keepOutbox(): void {
  const slot = `shopbell.outbox.${me.value.id}`;
  /** Where storage is refused or full, it lives as long as the page. */
  const tried = (use: () => void) => {
    try {
      use();
    } catch {
      // Kept in memory.
    }
  };
  tried(() => (outbox.value = unpack(sessionStorage.getItem(slot))));
  effect(() => {
    const text = pack(outbox.value);
    tried(() => sessionStorage.setItem(slot, text));
  });
  addEventListener("beforeunload", (event) => outbox.value.some((item) => item.state === "waiting" || item.state === "sending") && event.preventDefault());
}

/** Sends what is due, if we are connected; otherwise the next connection calls it again, `anew`: whatever was to be waited for. */
export function flush(anew = false): void {
  clearTimeout(timer);
  if (anew) pausedUntil = 0;
  if (ended.value) return;
  if (link.value !== "online" && link.value !== "draining") return;
  const wait = pausedUntil - Date.now();
  if (wait > 0) {
    timer = setTimeout(flush, wait, false);
    return;
  }
  for (let item = due(outbox.value); item; item = due(outbox.value)) {
    outbox.value = sending(outbox.value, item.client_id);
    void send(item);
  }
}

export function post(conversation: string, kind: "reply" | "note", text: string, products: readonly Card[] = []): void {
  const seen = thread.value.id === conversation ? thread.value.last : 0;
  outbox.value = [...outbox.value, { client_id: uuid7(), conversation, kind, text, products, at: new Date().toISOString(), seen_seq: seen, tries: 0, state: "waiting", error: null }];
  flush();
}

/** The agent looked and confirms, or tries a failed one again: the same id, with what has been seen by now. */
export function sendAgain(clientId: string): void {
  const item = outbox.value.find((one) => one.client_id === clientId);
  if (!item) return;
  const seen = thread.value.id === item.conversation ? thread.value.last : item.seen_seq;
  outbox.value = again(outbox.value, clientId, Math.max(seen, item.error?.seq ?? 0));
  flush();
}

/** Takes an item out and makes a draft of it again, before what has been written since; its cards come back too. The draft's text. */
export function takeBack(clientId: string): string {
  const item = outbox.value.find((one) => one.client_id === clientId);
  if (!item) return "";
  const { conversation, kind, text, products = [] } = item;
  outbox.value = without(outbox.value, clientId);
  const since = readDraft(me.value.id, conversation, kind);
  const words = [text, since].filter((one) => one.trim() !== "").join("\n\n");
  writeDraft(me.value.id, conversation, kind, words);
  attach(conversation, products);
  return words;
}
