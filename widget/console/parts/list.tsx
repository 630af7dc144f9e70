// The conversation list: rows of one height, of which only those on the screen exist. New arrivals do not move what is
// under the pointer: they wait behind a pill.
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../icons.tsx";
import { choose, open } from "../state/actions.ts";
import { loadResolved, syncList } from "../state/live.ts";
import { VIEWS, type LiveRow, type Sort } from "../state/rows.ts";
import { counts, cursor, listLoad, me, now, openId, query, resolvedLoad, sort, typing, view, visible } from "../state/store.ts";
import { callName, money, named, oneLine, short, t, when } from "../words.ts";
import { Avatar, Bone, Chip, Empty, Menu, MenuItem } from "./small.tsx";
import { countOf, VIEW_ICON } from "./topbar.tsx";

export const ROW = 88;
const EXTRA = 4;
const CARDS = new Set(["order_card", "product_card", "offer", "choices", "contact_request", "contact_details"]);
const LATE_MIN = { warn: 3, bad: 10 };

const waitTone = (since: string): string => {
  const minutes = (now.value - Date.parse(since)) / 60_000;
  return minutes >= LATE_MIN.bad ? "bad" : minutes >= LATE_MIN.warn ? "warn" : "";
};

/** The server's preview: the first words, or the name of a part that has none ("order_card"). */
export const previewWords = (text: string): string => (CARDS.has(text) ? t(`preview.${text}`) : oneLine(text));

const waitWords = (since: string): string => (now.value - Date.parse(since) < 60_000 ? t("row.waits_now") : t("row.waits", { time: short(since, now.value) }));

function Handled({ row }: { row: LiveRow }) {
  if (row.status === "snoozed") return <span class="handler"><Icon name="clock" size={13} />{t("row.snoozed")}</span>;
  if (row.status === "bot") return <span class="handler"><Icon name="bot" size={14} />{t("row.bot")}</span>;
  if (row.status === "resolved" && row.rating !== null) return <span class="handler"><Icon name="star" size={13} />{row.rating}</span>;
  const mine = row.assignee?.id === me.value.id;
  if (row.assignee && !(mine && view.value === "mine")) return <span class="handler"><Icon name="person" size={13} /><span class="cut">{mine ? t("row.you") : row.assignee.name}</span></span>;
  return null;
}

function RowView({ row, at, total }: { row: LiveRow; at: number; total: number }) {
  const name = callName(row.contact.name, row.visitor);
  const typist = (typing.value.get(row.id) ?? [])[0];
  const waits = row.waiting_since !== null && row.status !== "resolved" && row.status !== "snoozed";
  const top = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => void (top.current!.style.transform = `translateY(${at * ROW}px)`), [at]);
  const classes = `row ${row.unread > 0 ? "unread" : ""} ${cursor.value === row.id && openId.value !== row.id ? "cursor" : ""}`;
  return (
    <div
      ref={top} id={`row-${row.id}`} class={classes} role="option" aria-selected={openId.value === row.id} aria-setsize={total} aria-posinset={at + 1}
      onClick={() => open(row.id)}
    >
      <Avatar name={name} seed={row.visitor} online={row.online} {...(row.contact.name ? {} : { icon: "person" as const })} />
      <div class="line">
        <span class="name cut" dir="auto">{name}</span>
        {row.unread > 0 && <span class="badge" aria-label={t("row.unread", { n: row.unread })}>{row.unread > 99 ? "99+" : row.unread}</span>}
        {waits ? (
          <span class={`wait ${waitTone(row.waiting_since!)}`} title={t("row.waiting")}>{waitWords(row.waiting_since!)}</span>
        ) : (
          <time class="wait" dateTime={row.last_at} title={when(row.last_at)}>{short(row.last_at, now.value)}</time>
        )}
      </div>
      <div class="line">
        {typist ? <span class="typing cut">{typist.kind === "visitor" ? t("row.typing") : t("row.agent_typing", { name: typist.name })}</span> : (
          <span class="preview cut" dir="auto">{row.preview?.text ? (row.preview.sender_kind === "visitor" ? previewWords(row.preview.text) : `${t(`row.from.${row.preview.sender_kind}`)} ${previewWords(row.preview.text)}`) : t("row.empty")}</span>
        )}
      </div>
      <div class="line meta">
        {row.status === "queued" && row.queue_reason && <Chip tone="warn">{named("queued", row.queue_reason)}</Chip>}
        {row.cart && row.cart.value > 0 && <span class="num"><Icon name="cart" size={13} />{money(row.cart.value, row.cart.currency)}</span>}
        {row.page && <span class="page"><Icon name="page" size={13} /><span class="cut" dir="auto">{row.page.title || row.page.url}</span></span>}
        <Handled row={row} />
      </div>
    </div>
  );
}

/** The order on the screen: the store's, but held while the pointer is over the list or it is scrolled. */
function useHeldOrder(): { shown: LiveRow[]; fresh: number; take: () => void; hold: (over: boolean) => void; box: { current: HTMLDivElement | null } } {
  const box = useRef<HTMLDivElement>(null);
  const over = useRef(false);
  const order = useRef<{ key: string; ids: string[] }>({ key: "", ids: [] });
  const [, draw] = useState(0);
  const wanted = visible.value;
  const key = `${view.value} ${sort.value} ${query.value} ${listLoad.value} ${resolvedLoad.value}`;
  const held = order.current.key === key && (over.current || (box.current?.scrollTop ?? 0) > ROW / 2);
  if (!held) order.current = { key, ids: wanted.map((row) => row.id) };
  const known = new Map(wanted.map((row) => [row.id, row]));
  const shown = order.current.ids.flatMap((id) => known.get(id) ?? []);
  const take = (): void => {
    order.current = { key, ids: visible.value.map((row) => row.id) };
    box.current?.scrollTo({ top: 0 });
    draw((n) => n + 1);
  };
  const hold = (is: boolean): void => {
    over.current = is;
    if (!is) draw((n) => n + 1);
  };
  return { shown, fresh: wanted.length - shown.length, take, hold, box };
}

function Nothing() {
  if (query.value) return <Empty level={3} icon="search" title={t("empty.filtered.title")} text={t("empty.filtered.text", { query: query.value })}><button type="button" class="btn" onClick={() => (query.value = "")}>{t("search.clear")}</button></Empty>;
  const one = view.value;
  const waiting = counts.value.unassigned;
  return (
    <Empty level={3} icon={VIEW_ICON[one]} title={t(`empty.${one}.title`)} text={t(`empty.${one}.text`)}>
      {one === "mine" && waiting > 0 && <button type="button" class="btn primary" onClick={() => choose("unassigned")}>{t("empty.mine.action", { n: waiting })}</button>}
    </Empty>
  );
}

const Bones = () => (
  <div class="tall" aria-hidden="true">
    {[0, 1, 2, 3, 4, 5].map((at) => (
      <div class="row bones" ref={(node: HTMLDivElement | null) => void (node && (node.style.transform = `translateY(${at * ROW}px)`))}>
        <Bone kind="a" /><Bone kind="b" /><Bone kind="c" /><Bone kind="d" />
      </div>
    ))}
  </div>
);

function Bar() {
  return (
    <div class="bar">
      <h2 class="cut">{t(`view.${view.value}`)}</h2>
      <span class="only-narrow">
        <Menu id="view" kind="btn plain" side="start" label={t("views.choose", { view: `${t(`view.${view.value}`)} ${countOf(view.value)}`.trim() })} button={<><b class="cut">{t(`view.${view.value}`)}</b>{" "}<span class="mut">{countOf(view.value)}</span><Icon name="down" size={14} /></>}>
          {VIEWS.map((one) => <MenuItem icon={VIEW_ICON[one]} checked={view.value === one} aside={countOf(one)} onClick={() => choose(one)}>{t(`view.${one}`)}</MenuItem>)}
        </Menu>
      </span>
      <span class="grow" />
      {view.value !== "resolved" && (
        <Menu id="sort" kind="btn small" label={t("sort.label", { sort: t(`sort.${sort.value}`) })} button={<><Icon name="sort" size={14} />{t(`sort.${sort.value}`)}</>}>
          {(["wait", "newest"] as Sort[]).map((one) => <MenuItem checked={sort.value === one} onClick={() => (sort.value = one)}>{t(`sort.${one}`)}</MenuItem>)}
        </Menu>
      )}
    </div>
  );
}

export function List() {
  const { shown, fresh, take, hold, box } = useHeldOrder();
  const [window_, setWindow] = useState({ from: 0, to: 20 });
  const load = listLoad.value !== "ready" ? listLoad.value : view.value === "resolved" ? resolvedLoad.value : "ready";
  const measure = (): void => {
    const node = box.current;
    if (!node) return;
    const from = Math.max(0, Math.floor(node.scrollTop / ROW) - EXTRA);
    const to = Math.ceil((node.scrollTop + (node.clientHeight || 900)) / ROW) + EXTRA;
    setWindow((old) => (old.from === from && old.to === to ? old : { from, to }));
  };
  const tall = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => void (tall.current && (tall.current.style.height = `${shown.length * ROW}px`)));
  useEffect(() => {
    measure();
    const watch = new ResizeObserver(measure);
    if (box.current) watch.observe(box.current);
    return () => watch.disconnect();
  }, [load]);
  useEffect(() => {
    const at = shown.findIndex((row) => row.id === cursor.value);
    const node = box.current;
    if (at < 0 || !node) return;
    if (at * ROW < node.scrollTop) node.scrollTop = at * ROW;
    else if ((at + 1) * ROW > node.scrollTop + node.clientHeight) node.scrollTop = (at + 1) * ROW - node.clientHeight;
  }, [cursor.value]);
  const active = cursor.value && shown.slice(window_.from, window_.to).some((row) => row.id === cursor.value) ? `row-${cursor.value}` : undefined;
  return (
    <section class="list" aria-label={t("list.label")} aria-busy={load === "loading"}>
      <Bar />
      {fresh > 0 && load === "ready" && <div class="fresh"><button type="button" class="btn primary small" onClick={take}>{t("list.fresh", { n: fresh })}</button></div>}
      {load === "loading" ? <div class="rows"><Bones /></div> : load === "error" ? (
        <Empty level={3} bad icon="alert" title={t("list.error.title")} text={t("list.error.text")}>
          <button type="button" class="btn" onClick={() => void (listLoad.value === "error" ? ((listLoad.value = "loading"), syncList()) : loadResolved())}>{t("retry")}</button>
        </Empty>
      ) : shown.length === 0 ? <Nothing /> : (
        <div
          class="rows" id="rows" ref={box} role="listbox" tabIndex={0} aria-label={t("list.of", { view: t(`view.${view.value}`), n: shown.length })} aria-activedescendant={active}
          onScroll={measure} onPointerEnter={() => hold(true)} onPointerLeave={() => hold(false)}
        >
          <div class="tall" ref={tall} role="presentation">
            {shown.slice(window_.from, window_.to).map((row, i) => <RowView key={row.id} row={row} at={window_.from + i} total={shown.length} />)}
          </div>
        </div>
      )}
    </section>
  );
}

/** Moves the keyboard's place in the list. */
export function step(by: 1 | -1): void {
  const list = visible.value;
  const at = list.findIndex((row) => row.id === (cursor.value ?? openId.value));
  const next = list[Math.min(list.length - 1, Math.max(0, at + by))];
  if (next) cursor.value = next.id;
}

