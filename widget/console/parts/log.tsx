// The thread's log: messages grouped by sender, events between them, day lines, what is still under way, who is typing.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { dayKey } from "../../shared/format.ts";
import type { Item } from "../../shared/conversation.ts";
import type { Message } from "../../shared/wire.ts";
import { Icon } from "../icons.tsx";
import { reportRead } from "../state/actions.ts";
import type { Outgoing } from "../state/outbox.ts";
import { sendAgain, takeBack } from "../state/sender.ts";
import { boot, me, openRow, outbox, panel, thread, typing } from "../state/store.ts";
import { callName, clock, day, named, t, when } from "../words.ts";
import { refill } from "./composer.tsx";
import { PartView } from "./cards.tsx";
import { EventView, sentence } from "./event.tsx";
import { Bone, Chip, IconButton } from "./small.tsx";

const GROUP_MS = 4 * 60_000;
const NEAR_END = 80;

const shopper = (): string => callName(panel.value?.contact.name ?? openRow.value?.contact.name, openRow.value?.visitor ?? panel.value?.visitor.id ?? "");

function sideOf(message: Message): string {
  if (message.type === "note") return "out note";
  if (message.type === "incoming") return "in";
  return message.sender.kind === "agent" ? "out" : "out bot";
}

function speaker(message: Message): string {
  const { kind, id, name } = message.sender;
  if (kind === "visitor") return shopper();
  if (kind === "agent") return id === me.value.id ? t("who.you") : name;
  return kind === "bot" ? t("who.bot") : name || boot.value.inbox.name;
}

/** Under the last message of a group: who, when, what kind, and whether the shopper has read it. */
function By({ message, seq }: { message: Message; seq: number }) {
  const { meta } = message;
  const read = thread.value.read.shopper >= seq;
  return (
    <div class="by">
      {message.type === "note" && <span class="lock"><Icon name="lock" size={12} />{t("note.label")}</span>}
      {message.sender.kind === "bot" && <Icon name="bot" size={14} />}
      <b dir="auto">{speaker(message)}</b>
      <time dateTime={message.created_at} title={when(message.created_at)}>{clock(message.created_at)}</time>
      {message.sender.kind === "integration" && <Chip tone="info">{meta?.proactive ? t("label.proactive", { class: named("class", meta.proactive.class) }) : t("label.integration")}</Chip>}
      {message.sender.kind === "integration" && meta?.proactive && <span>{named("source", meta.proactive.source)}</span>}
      {meta?.intent && <span title={meta.confidence === undefined ? undefined : t("label.confidence", { n: Math.round(meta.confidence * 100) })}>{t("label.intent", { intent: named("intent", meta.intent) })}</span>}
      {message.type === "outgoing" && <span class={`seen ${read ? "read" : ""}`} role="img" aria-label={read ? t("message.read") : t("message.sent")} title={read ? t("message.read") : t("message.sent")}><Icon name={read ? "checks" : "check"} size={14} /></span>}
    </div>
  );
}

function MessageView({ message, seq, first, last }: { message: Message; seq: number; first: boolean; last: boolean }) {
  return (
    <li class={`${sideOf(message)} ${first ? "first" : ""}`}>
      {message.parts.map((part) => <PartView part={part} messageId={message.id} />)}
      {last && <By message={message} seq={seq} />}
    </li>
  );
}

function PendingView({ item }: { item: Outgoing }) {
  return (
    <li class={`out first ${item.kind === "note" ? "note" : ""} ${item.state === "failed" || item.state === "stale" ? "failed" : "pending"}`}>
      {item.text && <div class="m" dir="auto">{item.text}</div>}
      {item.products?.map((product) => <div class="inset" key={product.id}><b dir="auto">{product.name}</b></div>)}
      {item.state === "failed" ? (
        <div class="failline" role="alert">
          <Icon name="alert" size={15} /><span>{t("message.failed", { reason: named("error", item.error?.code) })}</span>
          <button type="button" class="link" onClick={() => sendAgain(item.client_id)}>{t("retry")}</button>
          <button type="button" class="link" onClick={() => refill(takeBack(item.client_id), item.kind)}>{t("message.edit")}</button>
        </div>
      ) : <div class="by"><Icon name="clock" size={13} />{item.state === "stale" ? t("message.held") : item.tries > 0 ? t("message.retrying") : t("message.sending")}</div>}
    </li>
  );
}

const speaks = (item: Item | undefined): Message | null => (item?.kind === "message" ? item.message : null);
const together = (a: Message | null, b: Message | null): boolean =>
  !!a && !!b && a.type === b.type && a.sender.kind === b.sender.kind && a.sender.id === b.sender.id && Math.abs(Date.parse(b.created_at) - Date.parse(a.created_at)) < GROUP_MS;

export function LogBones() {
  return (
    <div class="log" aria-busy="true"><ol aria-hidden="true">
      {["in", "in", "out", "in", "out"].map((side, i) => <li class={`${side} first`}><Bone kind={`talk t${i}`} /></li>)}
    </ol></div>
  );
}

export function Log() {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const top = useRef(0);
  const mine = useRef(0);
  const [away, setAway] = useState(false);
  const { id, items, last, assignee } = thread.value;
  const shown = items.filter((item) => item.kind === "message" || sentence(item.fact) !== null);
  const waiting = outbox.value.filter((item) => item.conversation === id && !items.some((one) => one.kind === "message" && one.message.client_id === item.client_id));
  const typist = (id ? (typing.value.get(id) ?? []) : []).find((who) => who.kind !== "agent");
  const toEnd = (): void => {
    const node = box.current;
    if (node) node.scrollTop = node.scrollHeight;
  };
  useLayoutEffect(() => {
    atEnd.current = true;
    toEnd();
  }, [id]);
  useLayoutEffect(() => {
    if (waiting.length > mine.current) atEnd.current = true; // what one has just sent is what one looks at
    mine.current = waiting.length;
    if (atEnd.current) toEnd();
    else setAway(true);
  }, [last, waiting.length, typist?.id]);
  useEffect(() => {
    reportRead();
    const look = (): void => reportRead();
    const fit = new ResizeObserver(() => atEnd.current && toEnd());
    if (box.current) fit.observe(box.current);
    if (box.current?.firstElementChild) fit.observe(box.current.firstElementChild);
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      fit.disconnect();
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [id, last, assignee?.id]);
  return (
    <div class="log-wrap">
      <div
        class="log" ref={box} role="log" tabIndex={0} aria-live="polite" aria-label={t("log.label", { name: shopper() })}
        onScroll={() => {
          const node = box.current!;
          const near = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR_END;
          if (near) atEnd.current = true;
          else if (node.scrollTop < top.current) atEnd.current = false; // only a person scrolls up; a log that grows does not
          top.current = node.scrollTop;
          if (near) setAway(false);
        }}
      >
        <ol>
          {thread.value.start > 0 && <li class="mid"><div class="ev">{t("log.cut")}</div></li>}
          {shown.map((item, i) => {
            const before = shown[i - 1];
            const newDay = !before || dayKey(before.at) !== dayKey(item.at);
            const message = speaks(item);
            return [
              newDay && <li class="day" key={`day${item.seq}`}><span>{day(item.at)}</span></li>,
              item.kind === "event" ? <EventView key={item.seq} item={item} />
                : <MessageView key={item.seq} message={item.message} seq={item.seq} first={newDay || !together(speaks(before), message)} last={!together(message, speaks(shown[i + 1]))} />,
            ];
          })}
          {waiting.map((item) => <PendingView key={item.client_id} item={item} />)}
          {typist && (
            <li class="in first"><div class="m typing-dots" role="img" aria-label={t("log.typing", { name: typist.kind === "visitor" ? shopper() : typist.name || t("who.bot") })}><i /><i /><i /></div></li>
          )}
        </ol>
      </div>
      {away && <div class="jump"><IconButton icon="down" label={t("log.jump")} kind="btn icon" onClick={() => (toEnd(), setAway(false))} /></div>}
    </div>
  );
}

