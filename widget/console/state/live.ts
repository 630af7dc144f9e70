// The socket's side of the store: connects, syncs the list and the open conversation, and lets every fact through the
// two reducers (rows, thread). What a hint loses, a head or a cursor finds again. Walks a, b, d and e end here.
import { applyFact as applyToThread, applyPage, applyTyping, applyView, behind as threadBehind, emptyThread } from "../../shared/conversation.ts";
import { backoff, CommandFailed } from "../../shared/failure.ts";
import { addPolling } from "../../shared/polling.ts";
import { connect, type Link, type LinkState } from "../../shared/socket.ts";
import type { AgentHome, AgentPage, Fact, Panel, Passing, Row } from "../../shared/wire.ts";
import { named, t } from "../words.ts";
import { ring } from "./bell.ts";
import { fetchJson, plug, port } from "./port.ts";
import { applyFact as applyToRow, behind, fromServer, type LiveRow } from "./rows.ts";
import { agents, boot, ended, link, listLoad, me, openId, outbox, panel, panelLoad, resolvedLoad, rows, thread, threadLoad, typing, view } from "./store.ts";
import { flush, keepOutbox } from "./sender.ts";

const MANY_BEHIND = 8;
const INSUFFICIENT_STATE = 4010;
let failures = 0;
const PANEL_FACTS = new Set<Fact["fact"]>(["context_recorded", "offer_settled", "proactive_shown", "conversation_rated", "conversation_resolved", "conversation_queued"]);
const fetching = new Set<string>();
const timers = new Map<string, ReturnType<typeof setTimeout>>();

/** Runs `work` once after `ms` of quiet under the same key. */
function later(key: string, ms: number, work: () => void): void {
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => (timers.delete(key), work()), ms));
}

const lastWords = (kind: string, title: string): string => t(`preview.${kind}`, { title });

export function putRow(row: Row): void {
  const known = rows.value.get(row.id);
  if (known && known.epoch === row.epoch && known.seq > row.seq) return;
  rows.value = new Map(rows.value).set(row.id, fromServer(row));
}

/** `unauthenticated` from anywhere ends the session; the rest is the caller's. */
export function sessionOver(error: unknown): boolean {
  if (!(error instanceof CommandFailed) || error.code !== "unauthenticated") return false;
  ended.value = true;
  return true;
}

export async function syncList(): Promise<void> {
  try {
    const home = await port.command<AgentHome>("sync", {});
    me.value = home.me;
    agents.value = home.agents;
    const next = new Map<string, LiveRow>();
    for (const row of rows.value.values()) if (row.status === "resolved" || row.id === openId.value) next.set(row.id, row);
    for (const row of home.conversations) {
      const known = rows.value.get(row.id);
      next.set(row.id, known && known.epoch === row.epoch && known.seq > row.seq ? known : fromServer(row));
    }
    rows.value = next;
    listLoad.value = "ready";
    failures = 0;
  } catch (error) {
    if (sessionOver(error)) return;
    if (listLoad.value !== "ready") listLoad.value = "error";
    if (error instanceof CommandFailed && error.transient && link.value === "online") later("list", backoff(failures++, error.retryAfterMs), () => void syncList());
  }
}

/** The row of a conversation that we do not know, or know too little of. */
async function fetchRow(id: string): Promise<void> {
  if (fetching.has(id)) return;
  fetching.add(id);
  try {
    const known = rows.value.get(id);
    const page = await port.command<AgentPage>("sync", known ? { conversation: id, epoch: known.epoch, after: known.seq } : { conversation: id });
    putRow(page.row);
  } catch (error) {
    if (!sessionOver(error) && error instanceof CommandFailed && error.code === "not_found") {
      const next = new Map(rows.value);
      next.delete(id);
      rows.value = next;
    }
  } finally {
    fetching.delete(id);
  }
}

/** Brings the open conversation up to the head: with its cursor when we have one, else from the last 300 facts. */
export async function syncThread(): Promise<void> {
  const id = openId.value;
  if (!id || fetching.has(`thread:${id}`)) return;
  fetching.add(`thread:${id}`);
  const start = thread.value.id === id ? thread.value : emptyThread;
  if (start.id !== id) threadLoad.value = "loading";
  try {
    for (let round = 0, whole = false; !whole && round < 20 && openId.value === id; round++) {
      const at = thread.value.id === id ? thread.value : emptyThread;
      const body = at.id ? { conversation: id, epoch: at.epoch, after: at.last } : { conversation: id };
      const page = await port.command<AgentPage>("sync", body);
      if (openId.value !== id) return;
      const { thread: next, complete } = applyPage(thread.value, id, page);
      const { row } = page;
      thread.value = applyView(next, {
        id, epoch: row.epoch, seq: row.seq, status: row.status, assignee: row.assignee, queue_position: null, read: { shopper: 0, agent: 0 },
        rated: row.rating !== null, unread: row.unread,
      });
      whole = complete;
      putRow(row);
      panel.value = page.panel;
      panelLoad.value = "ready";
      threadLoad.value = "ready";
    }
  } catch (error) {
    if (!sessionOver(error) && openId.value === id && thread.value.id !== id) threadLoad.value = panelLoad.value = "error";
  } finally {
    fetching.delete(`thread:${id}`);
  }
}

export async function fetchPanel(): Promise<void> {
  const id = openId.value;
  if (!id) return;
  try {
    const body = await port.get<Panel & { panel?: Panel }>(`/v1/agent/conversations/${encodeURIComponent(id)}/panel`);
    if (openId.value === id) {
      panel.value = body.panel ?? body;
      panelLoad.value = "ready";
    }
  } catch (error) {
    if (!sessionOver(error) && openId.value === id && panel.value === null) panelLoad.value = "error";
  }
}

export async function loadResolved(): Promise<void> {
  resolvedLoad.value = "loading";
  try {
    const body = await port.get<{ conversations: Row[] }>("/v1/agent/conversations?view=resolved");
    for (const row of body.conversations) putRow(row);
    resolvedLoad.value = "ready";
  } catch (error) {
    if (!sessionOver(error)) resolvedLoad.value = "error";
  }
}

export function takeFact(fact: Fact): void {
  const row = rows.value.get(fact.conversation);
  if (row) {
    const next = applyToRow(row, fact, lastWords);
    if (next !== row) rows.value = new Map(rows.value).set(row.id, next);
    if (fact.seq > row.seq + 1) later(`row:${row.id}`, 400, () => void fetchRow(row.id));
    ring(fact, next);
  } else void fetchRow(fact.conversation).then(() => ring(fact, rows.value.get(fact.conversation) ?? null));
  if (fact.fact === "message_created") {
    const { sender, client_id } = fact.message;
    hush(fact.conversation, sender.kind, sender.id);
    if (outbox.value.some((item) => item.client_id === client_id)) outbox.value = outbox.value.filter((item) => item.client_id !== client_id);
  }
  if (fact.conversation !== openId.value) return;
  const [next, verdict] = applyToThread(thread.value, fact);
  thread.value = next;
  if (verdict === "gap" || (verdict === "other" && thread.value.id === fact.conversation)) void syncThread();
  if (PANEL_FACTS.has(fact.fact) || (fact.fact === "message_created" && fact.message.sender.kind === "integration")) later("panel", 500, () => void fetchPanel());
}

function hush(conversation: string, kind: string, id: string): void {
  const others = (typing.value.get(conversation) ?? []).filter((who) => who.kind !== kind || who.id !== id);
  typing.value = new Map(typing.value).set(conversation, others);
}

export function takePassing<K extends keyof Passing>(name: K, body: Passing[K]): void {
  const event = { name, body } as { [N in keyof Passing]: { name: N; body: Passing[N] } }[keyof Passing];
  switch (event.name) {
    case "typing_changed": {
      const { conversation, who, typing: on } = event.body;
      if (who.kind === "agent" && who.id === me.value.id) return;
      hush(conversation, who.kind, who.id);
      if (on) typing.value = new Map(typing.value).set(conversation, [...(typing.value.get(conversation) ?? []), who]);
      later(`typing:${conversation}:${who.id}`, 8_000, () => hush(conversation, who.kind, who.id));
      thread.value = applyTyping(thread.value, conversation, who, on);
      return;
    }
    case "presence_changed": {
      if ("agent" in event.body) {
        const { agent } = event.body;
        agents.value = [...agents.value.filter((a) => a.id !== agent.id), agent].sort((a, b) => a.name.localeCompare(b.name));
        if (agent.id === me.value.id) me.value = { ...me.value, availability: agent.availability };
        return;
      }
      const { visitor, online } = event.body;
      const hit = [...rows.value.values()].filter((row) => row.visitor === visitor && row.online !== online);
      if (hit.length) rows.value = new Map([...rows.value, ...hit.map((row): [string, LiveRow] => [row.id, { ...row, online }])]);
      if (panel.value?.visitor.id === visitor) panel.value = { ...panel.value, visitor: { ...panel.value.visitor, online } };
      return;
    }
    case "panel_changed": {
      const id = event.body.conversation;
      if (id === openId.value) later("panel", 500, () => void fetchPanel());
      later(`row:${id}`, 2_000, () => void fetchRow(id));
      return;
    }
    case "heads": {
      const late = behind(rows.value, event.body.heads);
      if (late.length > MANY_BEHIND) later("list", 0, () => void syncList());
      else for (const id of late) void fetchRow(id);
      if (threadBehind(thread.value, event.body.heads)) void syncThread();
      return;
    }
    case "queue_moved":
    case "inbox_changed":
      return;
    default:
      return;
  }
}

function takeState(state: LinkState, code: number): void {
  link.value = state;
  if (state === "stopped") ended.value = true;
  if (code === INSUFFICIENT_STATE) thread.value = emptyThread;
  if (state !== "online") return;
  void syncList().then(() => flush(true));
  void syncThread();
  if (view.value === "resolved") void loadResolved();
}

export function start(): Link {
  const real = connect({
    url: location.origin, namespace: "/agent", auth: () => ({ csrf: boot.value.csrf }), onState: takeState, onFact: takeFact, onPassing: takePassing,
    fallback: async () => ({ addPolling }),
  });
  plug({ command: (name, body) => real.command(name, body), get: fetchJson, dial: () => real.open() });
  keepOutbox();
  real.open();
  addEventListener("pagehide", () => real.close());
  addEventListener("pageshow", (event) => event.persisted && real.open());
  return real;
}

/** What went wrong, for the agent. */
export function reasonOf(error: unknown): string {
  return error instanceof CommandFailed ? named("error", error.code) : t("error.internal");
}
