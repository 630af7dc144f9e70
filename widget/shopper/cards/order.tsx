// An order in a message: its one word, what is late in words and colour, each parcel's way, and what the shop did.

import type { ComponentChildren, VNode } from "preact";
import { due, inWords, ltr, money } from "../../shared/format.ts";
import { safeHref } from "../../shared/text.ts";
import type { OrderView, Shipment } from "../../shared/wire.ts";
import type { Scene } from "../app/ui.ts";

const WAY = ["placed", "packed", "shipped", "out_for_delivery", "delivered"];
const RANK: Record<string, number> = {
  placed: 0, preparing: 0, paid: 0, packed: 1, shipped: 2, in_transit: 2, delivery_failed: 3, out_for_delivery: 3, ready_for_pickup: 3, delivered: 4,
};
const BAD = /cancelled|lost|failed|returned_to_sender/;
const GOOD = /^(delivered|refunded|ready_for_pickup)$/;

export const tone = (stage: string, late?: boolean) => (BAD.test(stage) ? "bad" : late ? "warn" : GOOD.test(stage) ? "ok" : "");
export const word = ({ t }: Scene, stage: string) => (t(`stage_${stage}`) === `stage_${stage}` ? stage.replaceAll("_", " ") : t(`stage_${stage}`));

/** `children`: what is to be said about the day that is told. */
export function Way({ parcel, scene, children }: { parcel: Shipment; scene: Scene; children?: ComponentChildren }) {
  const { t, locale } = scene;
  const rank = RANK[parcel.stage];
  const link = parcel.tracking_url && safeHref(parcel.tracking_url);
  const steps = parcel.stage === "ready_for_pickup" ? WAY.with(3, "ready_for_pickup") : WAY;
  const expected = parcel.eta ?? parcel.promised;
  return (
    <div class="parcel">
      {rank !== undefined && (
        <ol class={`way ${tone(parcel.stage, parcel.delayed)}`} aria-label={t("way")}>
          {steps.map((stage, i) => (
            <li class={i < rank ? "past" : i === rank ? "here" : ""} aria-current={i === rank ? "step" : undefined}>
              <span class={i === rank ? "" : "vh"}>{word(scene, i === rank ? parcel.stage : stage)}</span>
            </li>
          ))}
        </ol>
      )}
      {parcel.usually ? <p>{t("usually", { date: due(parcel.usually.by, locale) })}</p> : parcel.overdue && !parcel.eta ? null : parcel.delayed && expected ? (
        <p class="late">
          <b>{t("delayed")}</b> {t("new_date", { date: due(expected, locale) })}
          {parcel.promised && parcel.eta && parcel.promised !== parcel.eta && <s>{due(parcel.promised, locale)}</s>}
        </p>
      ) : (
        expected && rank !== undefined && rank < 4 && <p>{t("expected", { date: due(expected, locale) })}</p>
      )}
      {children}
      {parcel.reason && <p class="quiet">{parcel.reason}</p>}
      {(parcel.carrier || link) && (
        <p class="quiet">
          {parcel.carrier} {link ? <a href={link} target="_blank" rel="noopener noreferrer">{t("track", { number: ltr(parcel.tracking_number ?? "") })}</a> : <bdi dir="ltr">{parcel.tracking_number}</bdi>}
        </p>
      )}
    </div>
  );
}

/** The day that was told and may be told again: not a promised one that a parcel has let pass. */
export const dayOf = (order: OrderView) => (order.usually || order.shipments?.some((one) => one.overdue && !one.eta && one.promised === order.expected) ? null : order.expected);

/** By when it is expected, or usually there; null where neither is known. */
export function dayWords(order: OrderView, { t, locale }: Scene): string | null {
  if (order.usually) return t("usually", { date: due(order.usually.by, locale) });
  const day = dayOf(order);
  return day ? t("expected", { date: due(day, locale) }) : null;
}

export function Order({ order, scene }: { order: OrderView; scene: Scene }): VNode {
  const { t, locale } = scene;
  const parcels = order.shipments ?? [];
  const items = order.items ?? [];
  const link = order.url && safeHref(order.url);
  const number = t("order", { number: order.number });
  return (
    <section class="card" role="group" aria-label={number}>
      <div class="row">
        <h3>{link ? <a href={link} target="_blank" rel="noopener noreferrer">{number}</a> : number}</h3>
        <span class={`tag ${tone(order.headline, order.delayed)}`}>{word(scene, order.headline)}{order.delayed ? ` · ${t("delayed")}` : ""}</span>
      </div>
      {items.length > 0 && (
        <ul class="items">
          {items.slice(0, 3).map((item) => <li><span>{item.name}</span>{item.quantity > 1 && <span>×{item.quantity}</span>}</li>)}
          {items.length > 3 && <li>{t("more_items", { n: items.length - 3 })}</li>}
        </ul>
      )}
      {parcels.map((parcel, i) => (
        <>
          {parcels.length > 1 && <h4>{t("parcel", { n: i + 1, of: parcels.length })}</h4>}
          <Way parcel={parcel} scene={scene} />
        </>
      ))}
      {!parcels.length && dayWords(order, scene) && <p>{dayWords(order, scene)}</p>}
      {(order.adjustments ?? []).map((a) => a.amount !== null && a.kind === "refund" && (
        <p class="row"><span>{t(a.status === "completed" ? "refunded" : "refund_under_way")}</span><b>{money(a.amount, order.currency, locale)}</b></p>
      ))}
      {(order.measures ?? []).length > 0 && (
        <div class="did">
          <h4>{t("we_did")}</h4>
          <ul>
            {order.measures!.map((m) => (
              <li><span>{inWords(m.text, locale)}</span>{m.worth ? <b>{money(m.worth, order.currency, locale)}</b> : null}</li>
            ))}
          </ul>
        </div>
      )}
      <div class="row quiet total"><span>{t("total")}</span><span>{money(order.total, order.currency, locale)}</span></div>
      <button class="second" onClick={() => scene.act.orders({ id: order.order_id })}>{t("order_details")}</button>
    </section>
  );
}
