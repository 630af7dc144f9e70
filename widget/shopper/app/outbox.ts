// Sends what waits, one at a time and in order, until the server has acked it. One tab leads (Web Locks); the others
// hand over through the store. Sending twice is harmless: the client id is the same.

import type { Durable } from "../../shared/wire.ts";
import { backoff, CommandFailed } from "../../shared/failure.ts";
import type { Entry, Store } from "./store.ts";

/** `changed`: the store is not as before, look again. `acked`: the server has it. */
export type OutboxOptions = {
  name: string; store: Store;
  send: (entry: Entry) => Promise<Durable>;
  ready: () => boolean;
  changed: (entries: Entry[], sending: string | null) => void;
  acked: (entry: Entry, answer: Durable) => void;
};
export type Outbox = ReturnType<typeof makeOutbox>;

const ADOPT_MS = 15_000;

export function makeOutbox({ name, store, send, ready, changed, acked }: OutboxOptions) {
  const channel = store.saved && globalThis.BroadcastChannel ? new BroadcastChannel(name) : undefined;
  let leads = !store.saved || !globalThis.navigator?.locks;
  let sending: string | null = null;
  let attempt = 0;
  let notBefore = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let release = () => {};
  let over = false;

  const look = async () => {
    const entries = await store.all();
    if (!over) changed(entries, sending);
    return entries;
  };
  const write = async (work: Promise<void>) => {
    await work;
    channel?.postMessage(0);
    await look();
  };
  const later = (ms: number) => {
    clearTimeout(timer);
    if (!over) timer = setTimeout(() => drain(true), ms);
  };

  /** `adopt`: also when another tab leads, in case that one sleeps. */
  async function drain(adopt = false): Promise<void> {
    if (over || sending || !ready() || !(leads || adopt) || Date.now() < notBefore) return;
    const entry = (await store.all()).find((e) => !e.failed);
    if (!entry || sending || over) return;
    sending = entry.client_id;
    await look();
    let wait = 0;
    try {
      // Gone while the store was read: not the new connection's business before it has said hello.
      if (!ready()) throw new CommandFailed({ code: "unavailable", message: "not connected" });
      const answer = await send(entry);
      attempt = 0;
      acked(entry, answer);
      await store.drop(entry.client_id);
    } catch (error) {
      const { transient, code, retryAfterMs } = error as CommandFailed;
      if (transient) {
        notBefore = Date.now() + retryAfterMs;
        wait = backoff(attempt++, retryAfterMs + 1);
      }
      // Taken away here or in another tab while it was under way: leave it away.
      else if (code && (await store.all()).some((e) => e.client_id === entry.client_id)) await store.put({ ...entry, failed: code });
      else if (!code) throw error;
    } finally {
      sending = null;
    }
    await write(Promise.resolve());
    if (wait) later(wait);
    else await drain(adopt);
  }

  if (channel)
    channel.onmessage = () => {
      void look();
      void drain();
    };
  if (!leads)
    void navigator.locks.request(name, () => new Promise<void>((resolve) => {
      release = resolve;
      if (over) return resolve();
      leads = true;
      void drain();
    }));

  return {
    look,
    drain,
    /** Resolves when the entry is kept: show it only then. */
    async add(entry: Entry) {
      await write(store.put(entry));
      // The tab that leads does not see what is only in the memory of this one.
      if (!leads) later(store.saved ? ADOPT_MS : 0);
      void drain();
    },
    async retry(entry: Entry) {
      const { failed: _, ...again } = entry;
      await write(store.put(again));
      void drain();
    },
    drop: (clientId: string) => write(store.drop(clientId)),
    /** Ends it; with `forget` nothing stays behind. */
    async stop(forget = false) {
      over = true;
      clearTimeout(timer);
      release();
      channel?.close();
      if (forget) await store.clear();
    },
  };
}
