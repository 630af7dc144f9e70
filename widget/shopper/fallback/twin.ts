// The shopper's side of the wire in stateless calls, any of which any server may answer: commands by POST, facts by a GET
// that waits for news, and now and then a look whether a WebSocket opens again. Decides nothing about content.

import { ACK_TIMEOUT_MS, backoff, CommandFailed } from "../../shared/failure.ts";
import type { Twin, TwinHost } from "../../shared/socket.ts";
import { uuid7 } from "../../shared/uuid7.ts";
import type { Page, SyncAnswer, WireError } from "../../shared/wire.ts";

const WAIT_S = 25;
/** How often to ask while there is no conversation to wait for. */
const QUIET_MS = 15_000;
const PROBE_MS = 60_000;
const PROBE_CAP_MS = 900_000;

type Auth = { key: string; visitor?: string; identity?: string; locale?: string; timezone?: string };
type Place = { conversation: string; epoch: number; seq: number };
type Answer<T> = T & { ok: true };

/** Says `online` at once: that the server refused long polling has shown that it is there. `probeMs`: when to look for a WebSocket first. */
export function makeTwin(host: TwinHost, probeMs = PROBE_MS): Twin {
  const life = new AbortController();
  let turn = new AbortController();
  let wake = () => {};
  let probing: ReturnType<typeof setTimeout> | undefined;
  let place: Place | null = null;
  let listening = false;
  let token: string | undefined;

  async function call<T>(method: string, path: string, body: object | null, key = "", ms = ACK_TIMEOUT_MS, more?: AbortSignal): Promise<Answer<T>> {
    const auth = host.auth() as Auth;
    const known = token ?? auth.visitor;
    const patience = new AbortController();
    const stop = () => patience.abort();
    const timer = setTimeout(stop, ms);
    for (const signal of [life.signal, more]) signal?.addEventListener("abort", stop);
    let status = 0;
    let answer: Answer<T> | { ok: false; error: WireError };
    try {
      const response = await fetch(host.url + path, {
        method, signal: patience.signal, body: body && JSON.stringify(body),
        headers: {
          "X-Shopbell-Key": auth.key, ...(known && { Authorization: `Bearer ${known}` }), ...(body && { "Content-Type": "application/json" }), ...(key && { "Idempotency-Key": key }),
        },
      });
      ({ status } = response);
      answer = (await response.json()) as typeof answer;
    } catch {
      throw new CommandFailed({ code: "unavailable", message: "no answer" });
    } finally {
      clearTimeout(timer);
    }
    if (status === 401) {
      host.stop(4003);
      throw new CommandFailed({ code: "unavailable", message: "not signed in" });
    }
    if (!answer.ok) throw new CommandFailed(answer.error);
    return answer;
  }
  const post = <T>(path: string, body: object, key?: string) => call<T>("POST", path, body, key);
  const nap = (ms: number) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      setTimeout(resolve, ms);
    });

  /** A token for a browser that has none, and the contact for one that was signed in: what a socket's handshake does. */
  async function greet() {
    const { key, visitor, identity, locale, timezone } = host.auth() as Auth;
    if (visitor && !identity) return;
    const page = { url: location.href, title: document.title };
    const answer = await post<{ visitor?: string }>("/v1/visits", { key, visitor, identity, locale, timezone, page });
    token = answer.visitor ?? token;
  }

  async function sync(body: object): Promise<Answer<SyncAnswer>> {
    if (!listening) await greet();
    const answer = await post<SyncAnswer>("/v1/shopper/sync", body);
    if (token) answer.visitor.token ??= token;
    const { conversation, start, facts } = answer;
    const before = place;
    place = conversation && { conversation: conversation.id, epoch: conversation.epoch, seq: facts.at(-1)?.seq ?? start };
    if (place?.conversation !== before?.conversation) turn.abort();
    wake();
    if (!listening) void listen();
    listening = true;
    return answer;
  }

  /** What passes by a socket and has no place in the count, or is not there yet: looked up when there is no other news. */
  async function lookAround() {
    const { inbox, conversation, ...page } = await post<SyncAnswer>("/v1/shopper/sync", place ? { conversation: place.conversation, epoch: place.epoch, after: place.seq } : {});
    host.onPassing("inbox_changed", inbox);
    take(page);
    if (conversation) host.onPassing("queue_moved", { conversation: conversation.id, position: conversation.queue_position });
  }

  /** Another conversation, another epoch or a gap: the reducer sees it by the last fact, and calls `sync`. */
  function take(page: Page) {
    for (const fact of page.reset ? page.facts.slice(-1) : page.facts) host.onFact(fact);
    const last = page.facts.at(-1);
    if (last) place = { conversation: last.conversation, epoch: last.epoch, seq: last.seq };
    else if (page.reset) place = null;
  }

  async function listen() {
    for (let attempt = 0; !life.signal.aborted; ) {
      const at = place;
      const began = Date.now();
      turn = new AbortController();
      try {
        if (!at) {
          if (!attempt) await nap(QUIET_MS);
          if (!place && !life.signal.aborted) await lookAround();
          attempt = 0;
          host.become("online");
          continue;
        }
        const path = `/v1/conversations/current/facts?after=${at.seq}&epoch=${at.epoch}&wait=${WAIT_S}`;
        const page = await call<Page>("GET", path, null, "", WAIT_S * 1_000 + ACK_TIMEOUT_MS, turn.signal);
        attempt = 0;
        host.become("online");
        if (at.conversation === place?.conversation) take(page);
        if (page.facts.length) continue;
        await lookAround();
        // Not waited for: the server is about to leave.
        if (Date.now() - began < 1_000) await nap(backoff(1));
      } catch (error) {
        if (turn.signal.aborted || life.signal.aborted) continue;
        const { code, transient, retryAfterMs } = error as CommandFailed;
        if (code === "not_found") place = null;
        else if (transient) {
          host.become("offline");
          await nap(backoff(attempt++, retryAfterMs));
        } else return host.stop(4003);
      }
    }
  }

  function probe(ms: number) {
    probing = setTimeout(() => {
      const socket = new WebSocket(`${host.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
      const timer = setTimeout(() => socket.close(), ACK_TIMEOUT_MS);
      // Not the opening but the server's first word: a proxy may open one and pass nothing on.
      socket.onmessage = () => {
        if (life.signal.aborted) return;
        close();
        host.back();
      };
      socket.onclose = () => {
        clearTimeout(timer);
        if (!life.signal.aborted) probe(Math.min(ms * 2, PROBE_CAP_MS));
      };
      life.signal.addEventListener("abort", () => socket.close());
    }, ms * (0.5 + Math.random()));
  }
  function close() {
    life.abort();
    clearTimeout(probing);
    wake();
  }

  probe(probeMs);
  queueMicrotask(() => host.become("online"));
  return {
    close,
    command<T>(name: string, body: object, key = uuid7()) {
      if (name === "sync") return sync(body) as Promise<never>;
      if (name !== "send_message") return post<T>(`/v1/shopper/${name}`, body, key);
      const { client_id, conversation, ...rest } = body as { client_id: string; conversation?: string };
      return post<T>(`/v1/conversations/${conversation ?? "current"}/messages`, rest, client_id);
    },
  };
}
