// One order: each parcel with its way and its records, what its day rests on, what we did, what is offered, and what it cost.

import type { VNode } from "preact";
import { day, dayAt, due, inWords, money } from "../../shared/format.ts";
import { safeHref } from "../../shared/text.ts";
import type { OrderView, Shipment } from "../../shared/wire.ts";
import type { Scene } from "../app/ui.ts";
import { OfferCard } from "../cards/offer.tsx";
import { dayWords, tone, Way, word } from "../cards/order.tsx";
import { Head } from "./head.tsx";
import { Trouble } from "./list.tsx";
import type { Act, Looks } from "./state.ts";

type Line = { at: string; text: string; note: string | null; bad: boolean };
const RECENT = 4;

function Records({ lines, label, scene: { t, locale, now } }: { lines: Line[]; label: string; scene: Scene }) {
  const newest = [...lines].reverse();
  const item = (line: Line) => (
    <li class={line.bad ? "bad" : ""}>
      <span>{line.text}</span>
      {line.note && <span class="quiet"><bdi>{line.note}</bdi></span>}
      <time class="quiet" dateTime={line.at}>{dayAt(line.at, locale, now)}</time>
    </li>
  );
  return (
    <>
      <ol class="tl" aria-label={label}>{newest.slice(0, RECENT).map(item)}</ol>
      {newest.length > RECENT && <details class="tlmore"><summary>{t("orders_earlier", { n: newest.length - RECENT })}</summary><ol class="tl">{newest.slice(RECENT).map(item)}</ol></details>}
    </>
  );
}

/** On what the day that we tell rests; for a late parcel, since when it has not moved, and when we speak again. */
function Basis({ parcel, scene: { t, locale } }: { parcel: Shipment; scene: Scene }) {
  const { overdue, usually, basis } = parcel;
  if (overdue)
    return (
      <div class="late">
        <b>{t("late_since", { date: due(overdue.expected, locale) })}</b>{" "}{t(`basis_${overdue.basis}`)}{" "}{t("late_next", { date: due(overdue.next_word, locale) })}
      </div>
    );
  return usually || basis ? <p class="quiet">{t(usually ? "basis_usually" : `basis_${basis}`)}</p> : null;
}

function Parcel({ order, parcel, at, scene }: { order: OrderView; parcel: Shipment; at: number; scene: Scene }) {
  const { t } = scene;
  const of = order.shipments?.length ?? 1;
  const inside = (order.items ?? []).filter((item) => parcel.item_ids?.includes(item.id));
  const lines = (order.timeline ?? []).filter((one) => one.entity === `shipment:${parcel.id}`).map((one) => ({
    at: one.at, text: word(scene, one.stage), bad: tone(one.stage) === "bad", note: one.note === "contradicted" || one.note === "corrected" ? t(one.note) : one.note,
  }));
  return (
    <section class="card" aria-label={t("parcel", { n: at + 1, of })}>
      {of > 1 && <h3>{t("parcel", { n: at + 1, of })}</h3>}
      {of > 1 && inside.length > 0 && <p class="quiet"><bdi>{inside.map((item) => item.name).join(", ")}</bdi></p>}
      <Way parcel={parcel} scene={scene}><Basis parcel={parcel} scene={scene} /></Way>
      {lines.length > 0 && <Records lines={lines} label={t("records")} scene={scene} />}
    </section>
  );
}

/** What the shop did about it, and what it gave back: the receipt. */
function Did({ order, scene: { t, locale, now } }: { order: OrderView; scene: Scene }) {
  const measures = order.measures ?? [];
  const given = (order.offers ?? []).filter((one) => one.state === "done");
  const refunds = (order.adjustments ?? []).filter((one) => one.kind === "refund" && one.amount !== null);
  const worth = [...measures.map((one) => one.worth), ...given.map((one) => one.worth)].reduce<number>((sum, one) => sum + (one ?? 0), 0);
  if (!measures.length && !given.length && !refunds.length) return null;
  return (
    <section class="card did" aria-label={t("we_did")}>
      <h3>{t("we_did")}</h3>
      <ul>
        {measures.map((one) => <li key={one.id}><span dir="auto">{inWords(one.text, locale)}{one.at && <small>{day(one.at, locale, now)}</small>}</span>{one.worth ? <b>{money(one.worth, order.currency, locale)}</b> : null}</li>)}
        {given.map((one) => <li key={one.id}><span dir="auto">{one.title}<small>{t("offer_done")}</small></span>{one.worth ? <b>{money(one.worth, one.currency ?? order.currency, locale)}</b> : null}</li>)}
        {refunds.map((one) => <li key={one.id}><span>{t(one.status === "completed" ? "refunded" : "refund_under_way")}{one.at && <small>{day(one.at, locale, now)}</small>}</span><b>{money(one.amount!, order.currency, locale)}</b></li>)}
        {worth > 0 && measures.length + given.length > 1 && <li class="sum"><span>{t("worth_together")}</span><b>{money(worth, order.currency, locale)}</b></li>}
      </ul>
    </section>
  );
}

function Items({ order, scene: { t, locale } }: { order: OrderView; scene: Scene }) {
  const items = order.items ?? [];
  return (
    <section class="card" aria-label={t("items")}>
      <ul class="bought">
        {items.map((item) => {
          const link = item.url && safeHref(item.url);
          const image = item.image_url && safeHref(item.image_url);
          return (
            <li key={item.id}>
              {image && <img src={image} alt="" width="44" height="44" loading="lazy" />}
              <span>{link ? <a href={link} target="_top">{item.name}</a> : item.name}{item.quantity > 1 && <small>×{item.quantity}</small>}</span>
              <b>{money(item.unit_price * item.quantity, order.currency, locale)}</b>
            </li>
          );
        })}
      </ul>
      <div class="row total"><span>{t("total")}{order.payment && t(`pay_${order.payment}`) !== `pay_${order.payment}` ? <small>{t(`pay_${order.payment}`)}</small> : null}</span><b>{money(order.total, order.currency, locale)}</b></div>
    </section>
  );
}

export function One({ order, looks, scene, act }: { order: OrderView; looks: Looks; scene: Scene; act: Act }): VNode {
  const { t, locale, now } = scene;
  const parcels = order.shipments ?? [];
  const link = order.url && safeHref(order.url);
  const loose = (order.timeline ?? []).filter((one) => !/^(shipment|measure|adjustment):/.test(one.entity)).map((one) => ({
    at: one.at, text: one.entity === "payment" && t(`pay_${one.stage}`) !== `pay_${one.stage}` ? t(`pay_${one.stage}`) : word(scene, one.stage), note: null, bad: tone(one.stage) === "bad" || one.stage === "failed",
  }));
  // What was offered stands as the server told it last, and as this conversation's facts have it since.
  const offers = Object.fromEntries((order.offers ?? []).map((one) => [one.id, scene.thread.offers[one.id] ?? (one.state === "open" ? undefined : one)]));
  const told = { ...scene, thread: { ...scene.thread, offers: { ...scene.thread.offers, ...offers } as Scene["thread"]["offers"] } };
  return (
    <>
      <Head title={t("order", { number: order.number })} back={t("orders")} onBack={act.list} scene={scene} act={act} />
      <div class="obody">
        <div class="otop">
          <p class="row" aria-live="polite"><b class={`big ${tone(order.headline, order.delayed)}`}>{word(scene, order.headline)}</b>{order.delayed && <span class="tag warn">{t("delayed")}</span>}</p>
          {dayWords(order, scene) && <p>{dayWords(order, scene)}</p>}
          {order.placed_at && <p class="quiet">{t("placed_on", { date: day(order.placed_at, locale, now) })}</p>}
        </div>
        {looks.trouble && <Trouble told={looks.trouble} scene={scene} />}
        {parcels.map((parcel, i) => <Parcel key={parcel.id} order={order} parcel={parcel} at={i} scene={scene} />)}
        {(order.offers ?? []).filter((one) => one.state !== "done" && one.text).map((one) => <OfferCard key={one.id} offer={one} scene={told} />)}
        <Did order={order} scene={scene} />
        <Items order={order} scene={scene} />
        {loose.length > 0 && <details class="card find"><summary>{t("order_story")}</summary><Records lines={loose} label={t("order_story")} scene={scene} /></details>}
        <div class="ofoot">
          {link && <a class="second" href={link} target="_top">{t("order_page")}</a>}
          {order.proof !== "signed" && <button class="linky" aria-disabled={looks.busy} onClick={() => looks.busy || void act.forget(order.order_id)}>{t("order_forget")}</button>}
        </div>
      </div>
    </>
  );
}
