// The shopper's side of a conversation: socket, reducer and outbox put together, as one state that the view draws.
// Knows no HTML. Walks a, b, d and e in the browser.

import {
  applyFact, applyPage, applyTyping, applyView, behind, detach, dropOutgoing, emptyThread, newestFrom, putOutgoing, unasked, type Thread,
} from "../../shared/conversation.ts";
import { backoff, type CommandFailed } from "../../shared/failure.ts";
import { connect, type Fallback, type LinkState } from "../../shared/socket.ts";
import { uuid7 } from "../../shared/uuid7.ts";
import type { Durable, Fact, InboxView, Page, Part, SyncAnswer } from "../../shared/wire.ts";
import type { EventName, Host } from "../contract.ts";
import { makeOutbox } from "./outbox.ts";
import { memoryStore, openStore, type Entry } from "./store.ts";

/** `earlier`: the conversation that was resolved before the one in `thread` began. */
export type State = {
  open: boolean; link: LinkState; code: number; synced: boolean; saved: boolean; inbox: InboxView | null; thread: Thread;
  earlier: Thread | null; entries: readonly Entry[];
};
export type Session = Awaited<ReturnType<typeof makeSession>>;

const TYPING_TOLD_MS = 3_000;
const IDLE_MS = 5_000;
const TYPING_SHOWN_MS = 8_000;
/** A break shorter than this is nobody's business. */
const CALM_MS = 3_000;

/** `draw` is called after each change of the state; `arrived` for each new message that is not the shopper's, and for each offer's outcome, live ones only. */
export async function makeSession(host: Host, fallback: () => Promise<Fallback>, draw: () => void, arrived: (fact: Fact) => void) {
  const { key } = host.options;
  const name = `shopbell.${key}`;
  const late = new Promise<never>((_, no) => setTimeout(no, CALM_MS));
  const store = host.keep() ? await Promise.race([openStore(name), late]).catch(memoryStore) : memoryStore();
  let state: State = {
    open: false, link: "connecting", code: 0, synced: false, saved: store.saved, inbox: null, thread: emptyThread, earlier: null, entries: [],
  };
  const set = (change: Partial<State>) => {
    state = { ...state, ...change };
    draw();
  };
  const thread = () => state.thread;
  const setThread = (next: Thread) => next !== thread() && set({ thread: next });
  let syncing = false;
  let again = false;
  let fresh = false;
  let greeted = false;
  let toldTyping = 0;
  let readThrough = 0;
  let failures = 0;
  let syncTimer: ReturnType<typeof setTimeout> | undefined;
  let calm: ReturnType<typeof setTimeout> | undefined;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;
  let typingTimer: ReturnType<typeof setTimeout> | undefined;
  const seen = new Set<string>();

  const link = connect({
    url: host.base, namespace: "/shopper", fallback,
    auth: () => {
      host.keep();
      const { identity, locale, timezone } = host.options;
      return { key, visitor: host.token || undefined, identity, locale: locale || document.documentElement.lang || undefined, timezone };
    },
    onState(next, code) {
      if (next === "draining") return;
      greeted &&= next === "online";
      if (code === 4010) anew();
      if (next === "online" || next === "stopped") {
        clearTimeout(calm);
        calm = undefined;
        set({ link: next, code });
      } else
        calm ??= setTimeout(() => {
          calm = undefined;
          if (link.state !== "online") set({ link: "offline", code });
        }, CALM_MS);
      if (next === "online") void sync(thread().status === "resolved");
      // Refused for who we say we are: once as somebody less. The page is asked for a fresh identity, a token may have been revoked.
      if (next === "stopped" && code === 4003 && (host.options.identity || host.token)) {
        if (host.options.identity) {
          host.options.identity = undefined;
          host.emit("identity");
        } else host.keep("");
        link.open();
      }
    },
    onFact(fact) {
      const [next, verdict] = applyFact(thread(), fact);
      if (verdict === "old") return;
      if (verdict !== "applied") return void sync(fact.conversation !== thread().id);
      setThread(next);
      if (fact.fact === "message_created" ? fact.message.type === "outgoing" : fact.fact === "offer_settled") arrived(fact);
      look();
    },
    onPassing(event, body) {
      const told = body as never as Record<string, never>;
      if (event === "heads") {
        const { id, status } = thread();
        if (behind(thread(), told.heads!)) void sync();
        // One that we have not heard of.
        else if ((!id || status === "resolved") && Object.keys(told.heads!).some((one) => one !== id)) void sync(true);
      } else if (event === "inbox_changed") state.inbox && set({ inbox: { ...state.inbox!, ...(told as object) } });
      else if (event === "queue_moved") told.conversation === thread().id && setThread({ ...thread(), queuePosition: told.position! });
      else if (event === "typing_changed") {
        setThread(applyTyping(thread(), told.conversation!, told.who!, told.typing!));
        clearTimeout(typingTimer);
        typingTimer = setTimeout(() => setThread({ ...thread(), typing: [] }), TYPING_SHOWN_MS);
      } else host.emit(event as EventName, body);
    },
  });

  /** Catches up after the cursor; `anew` asks for whatever conversation is the current one. One at a time. */
  async function sync(current = false): Promise<void> {
    fresh ||= current;
    if (syncing) return void (again = true);
    syncing = true;
    clearTimeout(syncTimer);
    try {
      do {
        again = false;
        const { id, epoch, last } = thread();
        const answer = await link.command<SyncAnswer>("sync", id && !fresh ? { conversation: id, epoch, after: last } : {});
        fresh = false;
        greeted = true;
        failures = 0;
        if (answer.visitor.token) host.keep(answer.visitor.token);
        host.brand(answer.inbox.color);
        const view = answer.conversation;
        let next = thread();
        let { earlier } = state;
        if (!view) next = detach(next);
        else {
          if (next.status === "resolved" && next.id !== view.id) {
            earlier = { ...next, outgoing: [] };
            keep("earlier", next.id!);
          }
          const page = applyPage(next, view.id, answer);
          next = page.complete ? applyView(page.thread, view) : page.thread;
          again ||= !page.complete;
        }
        set({ thread: next, earlier, inbox: answer.inbox, synced: true });
      } while (again);
      await recall();
    } catch (error) {
      const { code, transient, retryAfterMs } = error as CommandFailed;
      // Not ours any more: whatever is current then.
      again = code === "not_found" && !fresh;
      if (again) anew();
      // Offline again: the next connect syncs. Refused for now: later.
      if (transient && link.state === "online") syncTimer = setTimeout(sync, backoff(failures++, retryAfterMs));
    }
    syncing = false;
    if (again) return sync();
    await outbox.look();
    void outbox.drain();
    look();
  }

  /** As at first load, but for what waits to be sent. Whether the conversation before is still ours, the server says. */
  function anew() {
    fresh = true;
    set({ thread: detach(thread()), earlier: null });
  }

  /** The conversation before this one, again after a reload. */
  async function recall() {
    const before = keep("earlier");
    if (state.earlier || !before || before === thread().id) return;
    // Not ours any more: forget it. Cut off: the next sync comes here again.
    const page = await link.command<Page>("sync", { conversation: before }).catch(({ code }: CommandFailed) => void (code === "not_found" && keep("earlier", "")));
    if (page) set({ earlier: applyPage(emptyThread, before, page).thread });
  }

  /** What this tab keeps over a reload, where storage is allowed: the draft, whether the panel is open, the conversation before. */
  function keep(what: string, value?: string): string {
    const slot = `${name}.${what}`;
    try {
      if (store.saved) return (value === undefined ? sessionStorage[slot] : (sessionStorage[slot] = value)) ?? "";
    } catch {
      // No place to keep it.
    }
    return "";
  }

  const outbox = makeOutbox({
    name, store,
    // The server wants to be greeted before it takes anything.
    ready: () => greeted,
    send: (entry) => link.command<Durable>(entry.command, entry.body, entry.client_id),
    changed(entries, sending) {
      let next = thread();
      // What is gone from the store was deleted after a failure, or acked (in this tab or another) and its fact is on the way.
      for (const bubble of next.outgoing)
        if (!entries.some((e) => e.client_id === bubble.client_id))
          next = bubble.state === "failed" ? dropOutgoing(next, bubble.client_id) : putOutgoing(next, { ...bubble, state: "sent" });
      for (const e of entries) {
        if (e.command !== "send_message") continue;
        const { parts } = e.body as { parts: Part[] };
        const held = next.outgoing.find((o) => o.client_id === e.client_id);
        next = putOutgoing(next, { client_id: e.client_id, parts, at: e.at, reason: e.failed, state: e.failed ? "failed" : held?.state === "sent" ? "sent" : e.client_id === sending ? "sending" : "queued" });
      }
      set({ thread: next, entries, saved: store.saved });
    },
    acked(entry, answer) {
      const held = thread().outgoing.find((o) => o.client_id === entry.client_id);
      if (held) setThread(putOutgoing(thread(), { ...held, state: "sent" }));
      // The ack of a first message tells its conversation; of a repeat, that its fact may have been missed.
      if (answer.conversation !== thread().id) void sync(true);
      else if (answer.seq > thread().last + 1) void sync();
    },
  });

  /** Tells the other side what is on the screen: read marker, and proactive messages that were seen. */
  function look() {
    const t = thread();
    const unread = t.items.filter((i) => i.kind === "message" && i.message.type === "outgoing" && i.seq > Math.max(t.read.shopper, readThrough)).length;
    const visible = state.open && !document.hidden;
    host.unread(visible ? 0 : unread);
    if (!visible || link.state !== "online" || !t.id) return;
    const through = newestFrom(t, "agent");
    if (through > t.read.shopper && through > readThrough) {
      readThrough = through;
      link.command("mark_read", { conversation: t.id, through }).catch(() => (readThrough = 0));
    }
    for (const item of t.items) {
      if (item.kind !== "message" || !unasked(item.message.sender)) continue;
      const { id } = item.message;
      if (t.shown[id] || seen.has(id)) continue;
      seen.add(id);
      link.command("proactive_seen", { message_id: id }).catch((error: { transient: boolean }) => error.transient && seen.delete(id));
    }
  }

  const post = (command: Entry["command"], body: object) => {
    const client_id = uuid7();
    const own = command === "send_message" && { client_id };
    // Asked for anew: what became of it before no longer matters.
    if (!own) for (const e of state.entries) if (e.failed && e.command === command) void outbox.drop(e.client_id);
    return outbox.add({ client_id, command, body: { ...body, ...own }, at: new Date().toISOString() });
  };
  document.addEventListener("visibilitychange", look);
  await outbox.look();

  return {
    get state() {
      return state;
    },
    look, outbox, link, keep, post,
    send(parts: Part[]) {
      toldTyping = 0;
      return post("send_message", { parts });
    },
    requestAgent: () => post("request_agent", thread().id && thread().status !== "resolved" ? { conversation: thread().id } : {}),
    typing: function typing(active: boolean) {
      const t = thread();
      clearTimeout(idleTimer);
      if (active) idleTimer = setTimeout(typing, IDLE_MS, false);
      if (t.status !== "assigned" || (active ? Date.now() - toldTyping < TYPING_TOLD_MS : !toldTyping)) return;
      toldTyping = active ? Date.now() : 0;
      link.command("set_typing", { conversation: t.id, typing: active }).catch(() => 0);
    },
    show(open: boolean) {
      set({ open });
      look();
    },
    /** Signs in again: as another identity, or with another language. */
    renew() {
      anew();
      link.close();
      link.open();
    },
    async stop() {
      document.removeEventListener("visibilitychange", look);
      link.close();
      await outbox.stop(true);
    },
  };
}
