// The panel as a function of the state: header, notices, messages, what may be done next, composer.

import type { VNode } from "preact";
import { span } from "../../shared/format.ts";
import { Composer } from "./composer.tsx";
import { Failed, Log } from "./log.tsx";
import type { State } from "./session.ts";
import type { Scene } from "./ui.ts";

const STARTERS = ["start_order", "start_delivery", "start_return"];

function headline({ thread, inbox }: State, { t, locale }: Scene): string {
  const away = inbox?.promised_minutes ? t("away_promise", { span: span(inbox.promised_minutes, locale) }) : t("away");
  if (!inbox) return t("connecting");
  if (thread.status === "assigned" && thread.assignee) return t("with", { name: thread.assignee.name });
  if (thread.status === "queued") return !inbox.online ? away : thread.queuePosition ? t("place", { n: thread.queuePosition }) : t("waiting");
  if (thread.status === "resolved" || inbox.bot !== "ready") return inbox.online ? t("online") : away;
  return t("assistant");
}

function notice({ link, code, saved, inbox, thread }: State, { t, act }: Scene): VNode | null {
  const human = (!thread.status || thread.status === "bot") && inbox?.bot === "loading";
  const key =
    link === "stopped" ? (code === 4004 ? "closed" : "refused")
    : link === "offline" ? (saved ? "offline" : "offline_here")
    : human ? "bot_loading"
    : saved ? null : "not_saved";
  return key && (
    <div class={`note ${link === "stopped" ? "bad" : ""}`}>
      <span>{t(key)}</span>
      {key === "bot_loading" && <button onClick={act.requestAgent}>{t("person")}</button>}
    </div>
  );
}

export function Panel({ state, scene }: { state: State; scene: Scene }) {
  const { thread, earlier, inbox, synced, link, entries } = state;
  const { t, act, cards } = scene;
  const nothing = !thread.items.some((i) => i.kind === "message") && !thread.outgoing.length;
  const asked = entries.some((e) => e.command === "request_agent");
  const mayAsk = synced && inbox && (!thread.status || thread.status === "bot") && inbox.bot !== "loading" && !asked;
  const here = link !== "offline" && (inbox?.online || (thread.status === "bot" && inbox?.bot === "ready"));
  const typing = thread.typing.find((who) => who.kind !== "visitor");
  return (
    <>
      <div class="head">
        <span class="face" aria-hidden="true">{inbox?.name.slice(0, 1) ?? ""}</span>
        <div>
          <h2>{inbox?.name ?? t("chat")}</h2>
          <p aria-live="polite"><i class={here ? "dot" : "dot off"} />{headline(state, scene)}</p>
        </div>
        <button class="x" aria-label={t("orders")} onClick={() => act.orders()}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3 7l9-4 9 4v10l-9 4-9-4zl9 4 9-4m-9 4v10" /></svg>
        </button>
        <button class="x" aria-label={t("close")} onClick={act.close}>
          <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18" /></svg>
        </button>
      </div>
      <div role="status">{notice(state, scene)}</div>
      <div class="log" role="log" aria-live="polite" aria-label={t("messages")} tabIndex={0}>
        {!synced && nothing && link !== "stopped" && <div class="wait" aria-hidden="true"><i /><i /><i /></div>}
        {synced && nothing && (
          <div class="hello">
            <h3>{t("hello")}</h3>
            <p>{t(inbox?.online || inbox?.bot === "ready" ? "hello_text" : "hello_away")}</p>
            <div class="chips">
              {STARTERS.map((key) => <button class="chip" onClick={() => act.send([{ type: "text", text: t(key) }])}>{t(key)}</button>)}
            </div>
          </div>
        )}
        {earlier && <Log key="earlier" scene={{ ...scene, thread: earlier }} />}
        {earlier && <div class="ev rule">{t("anew")}</div>}
        <Log key="now" scene={scene} />
        {entries.map((e) => e.failed && e.command[0] === "r" && <div class="ev" key={e.client_id}>{t(e.command === "rate" ? "rate_send" : "person")}<br /><Failed entry={e} scene={scene} /></div>)}
        {thread.status === "resolved" && !thread.rated && (cards ? cards.rating(scene) : null)}
        {typing && <div class="msg"><div class="bub typing"><span class="vh">{t("typing", { name: typing.name })}</span><i /><i /><i /></div></div>}
      </div>
      {mayAsk && <button class="human" onClick={act.requestAgent}>{t("person")}</button>}
      <Composer t={t} act={act} />
    </>
  );
}
