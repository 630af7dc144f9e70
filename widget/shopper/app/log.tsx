// The list of messages: days, groups of one sender, times, states of the shopper's own, and what happened in between.

import type { VNode } from "preact";
import type { Item, Outgoing } from "../../shared/conversation.ts";
import { clock, day, dayKey, span } from "../../shared/format.ts";
import { Rich } from "../../shared/inline.tsx";
import type { Message, Part } from "../../shared/wire.ts";
import type { Entry } from "./store.ts";
import type { Scene } from "./ui.ts";

const GROUP_MS = 300_000;

type Line = { key: string; at: string; own: boolean; who: string; name: string; parts: Part[]; seq: number; id: string; out?: Outgoing };

function line({ seq, at, message }: Item & { kind: "message" }): Line {
  const { sender, parts, id, client_id, type } = message as Message;
  return { key: client_id, at, own: type === "incoming", who: sender.kind + sender.id, name: sender.name, parts, seq, id };
}

/** Whether the shopper has said anything after `seq`, or it is over: then choices and forms before it are answered. */
const answeredAfter = (scene: Scene, seq: number) =>
  scene.thread.status === "resolved" || scene.thread.outgoing.length > 0 || scene.thread.items.some((i) => i.seq > seq && i.kind === "message" && i.message.type === "incoming");

function drawPart(part: Part, at: Line, scene: Scene): VNode | string | null {
  const { t, act, cards } = scene;
  switch (part.type) {
    case "text":
      return <div class="bub"><Rich text={part.text} /></div>;
    case "choice":
      return <div class="bub">{part.title}</div>;
    case "contact_details":
      return <div class="bub">{[part.name, part.email, part.phone].filter(Boolean).join("\n")}</div>;
    case "choices":
      if (answeredAfter(scene, at.seq)) return null;
      return (
        <div class="chips" role="group" aria-label={t("choices")}>
          {part.choices.map((c) => (
            <button class="chip" onClick={() => act.send([{ type: "choice", message_id: at.id, value: c.value, title: c.title }])}>{c.title}</button>
          ))}
        </div>
      );
    default:
      return cards ? cards.part(part, scene, part.type === "contact_request" && answeredAfter(scene, at.seq)) : <div class="card ghost" />;
  }
}

function happened(item: Item, { t, locale }: Scene): string {
  if (item.kind === "message") return "";
  const { fact } = item;
  switch (fact.fact) {
    case "conversation_assigned":
      return fact.agent ? t("joined", { name: fact.agent.name }) : "";
    case "conversation_queued":
      return fact.promised_minutes ? t("queued_away", { span: span(fact.promised_minutes, locale) }) : t("queued");
    case "conversation_returned":
    case "conversation_resolved":
      return t(fact.fact);
    case "conversation_rated":
      return t("rated", { n: fact.score });
    default:
      return "";
  }
}

/** What the server refused for good, and what may be done about it. */
export function Failed({ entry, scene: { t, act } }: { entry: Entry; scene: Scene }) {
  const key = `failed_${entry.failed}`;
  return (
    <span class="bad">
      {t(key) === key ? t("failed") : t(key)}{" "}
      <button onClick={() => act.retry(entry)}>{t("retry")}</button> <button onClick={() => act.drop(entry.client_id)}>{t("delete")}</button>
    </span>
  );
}

function status(at: Line, last: boolean, scene: Scene): VNode | string | null {
  const { t, thread, entries } = scene;
  const { out } = at;
  const entry = out?.state === "failed" && entries.find((e) => e.client_id === out.client_id);
  if (entry) return <Failed entry={entry} scene={scene} />;
  if (out) return t(out.state === "queued" ? "waits" : out.state);
  return at.own && last ? t(thread.read.agent >= at.seq ? "read" : "sent") : null;
}

export function Log({ scene }: { scene: Scene }) {
  const { thread, locale, t, now } = scene;
  const rows: VNode[] = [];
  const lines = [
    ...thread.items.map((item) => (item.kind === "message" ? line(item) : item)),
    ...thread.outgoing.map((out): Line => ({ key: out.client_id, at: out.at, own: true, who: "", name: "", parts: out.parts, seq: Infinity, id: "", out })),
  ];
  const shown = (one: Line | Item | undefined): one is Line => !!one && "parts" in one;
  const lastOwn = lines.findLast((one) => shown(one) && one.own && !one.out);
  lines.forEach((one, i) => {
    if (!i || dayKey(one.at) !== dayKey(lines[i - 1]!.at)) rows.push(<div class="ev day" key={`d${one.at}`}>{day(one.at, locale, now)}</div>);
    if (!shown(one)) {
      const text = happened(one, scene);
      if (text) rows.push(<div class="ev" key={`e${one.seq}`}>{text}</div>);
      return;
    }
    const near = (other: Line | Item | undefined) =>
      shown(other) && other.own === one.own && (one.own || other.who === one.who) && Math.abs(Date.parse(other.at) - Date.parse(one.at)) < GROUP_MS && dayKey(other.at) === dayKey(one.at);
    const follows = near(lines[i - 1]);
    const more = near(lines[i + 1]);
    const state = status(one, one === lastOwn, scene);
    rows.push(
      <div class={`msg ${one.own ? "own" : ""} ${follows ? "follows" : ""} ${one.out?.state ?? ""}`} key={one.key}>
        {!one.own && !follows && <div class="who">{one.name}</div>}
        {one.own && <span class="vh">{t("you")}</span>}
        {one.parts.map((part) => drawPart(part, one, scene))}
        {(!more || state) && <div class="meta">{!one.out && <time dateTime={one.at}>{clock(one.at, locale)}</time>}{!one.out && state ? " · " : ""}<span>{state}</span></div>}
      </div>,
    );
  });
  return <>{rows}</>;
}
