// One conversation: its header with what can be done now, the log, the composer; and the states without one.
import { Icon } from "../icons.tsx";
import { assign, claim, isBusy, leave, open, resolve, returnToBot, snooze, takeOver, togglePanel } from "../state/actions.ts";
import { agents, counts, listLoad, me, now, openId, openRow, pane, panel, panelOpen, rows, thread, threadLoad, view } from "../state/store.ts";
import { callName, clock, day, language, short, t } from "../words.ts";
import { Composer } from "./composer.tsx";
import { Log, LogBones } from "./log.tsx";
import { Avatar, Bone, Chip, Empty, IconButton, Menu, MenuItem } from "./small.tsx";

const DOT = { online: "ok", away: "warn", offline: "off" } as const;
const HOUR = 3_600_000;

/** Moments to snooze until, in the agent's own day; those that are already past are left out. */
export function snoozeMoments(from: Date): { key: string; at: Date }[] {
  const at = (days: number, hour: number): Date => new Date(from.getFullYear(), from.getMonth(), from.getDate() + days, hour);
  const toMonday = ((8 - from.getDay()) % 7) || 7;
  const all = [
    { key: "hour", at: new Date(from.getTime() + HOUR) }, { key: "three", at: new Date(from.getTime() + 3 * HOUR) }, { key: "tomorrow", at: at(1, 9) },
    { key: "monday", at: at(toMonday, 9) },
  ];
  return all.filter((one, i) => !all.slice(0, i).some((other) => other.at.getTime() === one.at.getTime()));
}

function State() {
  const { status, assignee } = thread.value;
  const row = openRow.value;
  switch (status) {
    case "bot":
      return <Chip tone="info"><Icon name="bot" size={12} />{t("status.bot")}</Chip>;
    case "queued":
      return <Chip tone="warn">{row?.waiting_since && now.value - Date.parse(row.waiting_since) >= 60_000 ? t("status.queued_for", { time: short(row.waiting_since, now.value) }) : t("status.queued")}</Chip>;
    case "assigned":
      return <Chip tone={assignee?.id === me.value.id ? "acc" : ""}>{assignee?.id === me.value.id ? t("status.yours") : t("status.theirs", { name: assignee?.name ?? "" })}</Chip>;
    case "snoozed":
      return <Chip><Icon name="clock" size={12} />{t("status.snoozed")}</Chip>;
    case "resolved":
      return <Chip tone="ok">{t("status.resolved")}</Chip>;
    case null:
      return null;
  }
}

function AssignMenu({ id }: { id: string }) {
  const { assignee, status } = thread.value;
  const others = agents.value.filter((agent) => agent.id !== me.value.id);
  const mine = assignee?.id === me.value.id && status === "assigned";
  return (
    <Menu id="assign" kind="btn" label={t("action.assign")} button={<><Icon name="assign" size={16} /><span class="long">{t("action.assign")}</span></>}>
      <MenuItem icon="person" disabled={mine} onClick={() => void takeOver(id)}>{t("assign.me")}</MenuItem>
      {others.length > 0 && <div class="label" role="presentation">{t("assign.others")}</div>}
      {others.map((agent) => <MenuItem dot={DOT[agent.availability]} checked={assignee?.id === agent.id} aside={`${agent.load}/${agent.capacity}`} onClick={() => void assign(id, agent.id)}>{agent.name}</MenuItem>)}
      <hr role="separator" />
      <MenuItem icon="queue" disabled={status === "queued"} onClick={() => void assign(id, null)}>{t("assign.queue")}</MenuItem>
    </Menu>
  );
}

function SnoozeMenu({ id }: { id: string }) {
  return (
    <Menu id="snooze" kind="btn icon" label={t("action.snooze")} button={<Icon name="clock" size={17} />}>
      {snoozeMoments(new Date(now.value)).map((one) => (
        <MenuItem aside={one.key === "hour" || one.key === "three" ? clock(one.at.toISOString()) : `${day(one.at.toISOString())}`} onClick={() => void snooze(id, one.at)}>{t(`snooze.${one.key}`)}</MenuItem>
      ))}
    </Menu>
  );
}

function Actions({ id }: { id: string }) {
  const { status, assignee } = thread.value;
  const mine = assignee?.id === me.value.id;
  const over = status === "resolved";
  return (
    <div class="actions">
      {status === "bot" && <button type="button" class="btn primary" disabled={isBusy("claim", id)} onClick={() => void takeOver(id)}><Icon name="hand" size={16} />{t("action.takeover")}</button>}
      {(status === "queued" || (status === "snoozed" && !mine)) && <button type="button" class="btn primary" disabled={isBusy("claim", id)} onClick={() => void claim(id)}>{t("action.claim")}</button>}
      {!over && <AssignMenu id={id} />}
      {(status === "assigned" || status === "queued") && <SnoozeMenu id={id} />}
      {!over && (
        <Menu id="more" kind="btn icon" label={t("action.more")} button={<Icon name="more" size={18} />}>
          {status !== "bot" && <MenuItem icon="bot" onClick={() => void returnToBot(id)}>{t("action.return")}</MenuItem>}
          {status === "assigned" && !mine && <MenuItem icon="hand" onClick={() => void takeOver(id)}>{t("action.takeover")}</MenuItem>}
          <MenuItem icon="checkcircle" onClick={() => void resolve(id)}>{t("action.resolve")}</MenuItem>
        </Menu>
      )}
      {(status === "assigned" || status === "snoozed") && <button type="button" class={`btn long ${mine ? "primary" : ""}`} disabled={isBusy("resolve", id)} onClick={() => void resolve(id)}>{t("action.resolve")}<kbd aria-hidden="true">E</kbd></button>}
      <span class="wide-only"><IconButton icon="panel" flip label={panelOpen.value ? t("panel.hide") : t("panel.show")} expanded={panelOpen.value} onClick={togglePanel} /></span>
      <span class="back"><IconButton icon="person" label={t("panel.show")} kind="btn icon" onClick={() => (pane.value = "details")} /></span>
    </div>
  );
}

const Back = () => <span class="back"><IconButton icon="back" flip label={t("back.list")} onClick={leave} /></span>;

function Header({ id }: { id: string }) {
  const row = openRow.value;
  const name = callName(panel.value?.contact.name ?? row?.contact.name, row?.visitor ?? "");
  const online = row?.online ?? false;
  return (
    <div class="bar">
      <Back />
      <span class="wide-only"><Avatar name={name} seed={row?.visitor ?? id} online={online} {...(row?.contact.name ? {} : { icon: "person" as const })} /></span>
      <div class="title">
        <h2 class="cut" dir="auto">{name}</h2>
        <div class="sub"><State />{row?.locale && <span class="cut long">{language(row.locale)}</span>}</div>
      </div>
      {threadLoad.value === "ready" && <Actions id={id} />}
    </div>
  );
}

function Blank() {
  if (listLoad.value !== "ready") return <section class="thread blank" aria-label={t("thread.label")} aria-busy={listLoad.value === "loading"} />;
  const waiting = [...rows.value.values()].filter((row) => row.status === "queued").sort((a, b) => ((a.waiting_since ?? "") < (b.waiting_since ?? "") ? -1 : 1))[0];
  return (
    <section class="thread blank" aria-label={t("thread.label")}>
      <Empty icon={view.value === "resolved" ? "checkcircle" : "all"} title={t("blank.title")} text={t(counts.value.unassigned > 0 ? "blank.waiting" : counts.value.all > 0 ? "blank.text" : "blank.quiet", { n: counts.value.unassigned })}>
        {waiting && <button type="button" class="btn primary" onClick={() => open(waiting.id)}>{t("blank.next")}</button>}
      </Empty>
    </section>
  );
}

export function Thread() {
  const id = openId.value;
  if (!id) return <Blank />;
  const load = threadLoad.value;
  return (
    <section class="thread" aria-label={t("thread.label")}>
      {load === "loading" && !openRow.value ? <div class="bar"><Back /><Bone kind="title" /></div> : <Header id={id} />}
      {load === "loading" ? <div class="log-wrap"><LogBones /></div> : load === "error" ? (
        <Empty bad icon="plug" title={t("thread.error.title")} text={t("thread.error.text")}><button type="button" class="btn" onClick={() => open(id)}>{t("retry")}</button></Empty>
      ) : <Log />}
      {load !== "error" && <Composer key={id} />}
    </section>
  );
}
