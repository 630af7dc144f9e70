// The shopper's orders, parcel by parcel, with what the shop did about trouble.
import { Icon } from "../icons.tsx";
import { ltr } from "../../shared/format.ts";
import type { OrderView, Shipment } from "../../shared/wire.ts";
import { explainOrder, unbindOrder } from "../state/orders.ts";
import { due, inWords, money, named, t, usually, when } from "../words.ts";
import { headlineTone, OutLink, Steps } from "./cards.tsx";
import { Chip } from "./small.tsx";

const BAD = /failed|lost|cancelled|declined|returned_to_sender/;

function Parcel({ parcel, at, of }: { parcel: Shipment; at: number; of: number }) {
  const expected = parcel.eta ?? parcel.promised;
  const over = ["delivered", "lost", "cancelled", "returned_to_sender"].includes(parcel.stage);
  return (
    <div class="parcel">
      <div class="head">
        <span class="cut">{of > 1 ? t("order.parcel_of", { n: at + 1, of }) : t("order.parcel")}{parcel.carrier ? ` · ${parcel.carrier}` : ""}</span>
        <span class="end"><Chip tone={headlineTone(parcel.stage, parcel.delayed)}>{named("stage", parcel.stage)}</Chip></span>
      </div>
      <Steps stage={parcel.stage} />
      {parcel.usually ? <div class="small">{usually(parcel.usually)}</div> : expected && !over && (
        <div class={parcel.delayed ? "late" : "small"}>
          {parcel.delayed && parcel.promised && parcel.eta ? t("order.late", { promised: due(parcel.promised), eta: due(parcel.eta) }) : t("order.expected", { date: due(expected) })}
        </div>
      )}
      {parcel.overdue ? <div class="late">{t("order.overdue", { expected: due(parcel.overdue.expected), basis: named("basis", parcel.overdue.basis), next: due(parcel.overdue.next_word) })}</div>
        : parcel.basis && !over && !parcel.usually && <div class="small mut">{named("basis", parcel.basis)}</div>}
      {parcel.reason && <div class="small">{named("order_reason", parcel.reason)}</div>}
      {parcel.tracking_number && <div class="small">{t("order.tracking")} <OutLink href={parcel.tracking_url}>{ltr(parcel.tracking_number)}</OutLink></div>}
      {parcel.scans.length > 0 && (
        <details class="fold">
          <summary>{t("order.scans", { n: parcel.scans.length })}</summary>
          <ol class="tl">
            {[...parcel.scans].reverse().map((scan, i) => <li class={BAD.test(scan.stage) ? "bad" : i === 0 ? "hot" : ""}><span>{named("stage", scan.stage)}</span><time dateTime={scan.at}>{when(scan.at)}</time>{scan.place && <span class="small">{scan.place}</span>}</li>)}
          </ol>
        </details>
      )}
    </div>
  );
}

/** `conversation`: where an agent may take back what a browser has proven. */
export function OrderPanel({ order, conversation }: { order: OrderView; conversation?: string }) {
  const shipments = order.shipments ?? [];
  const items = order.items ?? [];
  return (
    <article class="card" aria-label={t("order.number", { number: order.number })}>
      <div class="head wraps">
        <b><OutLink href={order.url}>{t("order.number", { number: order.number })}</OutLink></b>
        {order.delayed && <Chip tone="warn">{t("order.delayed")}</Chip>}
        <span class="end"><Chip tone={headlineTone(order.headline, order.delayed)}>{named("stage", order.headline)}</Chip></span>
      </div>
      <div class="lineitem small"><span>{order.placed_at ? when(order.placed_at) : ""}{order.payment ? ` · ${named("payment", order.payment)}` : ""}</span><span class="end num soft">{money(order.total, order.currency)}</span></div>
      {shipments.length === 0 && <Steps stage={order.headline} />}
      {items.slice(0, 4).map((item) => <div class="lineitem"><span class="cut" dir="auto">{item.quantity} × {item.name}</span><span class="end num mut">{money(item.unit_price * item.quantity, order.currency)}</span></div>)}
      {items.length > 4 && <div class="small">{t("order.more_items", { n: items.length - 4 })}</div>}
      {shipments.map((parcel, i) => <Parcel key={parcel.id} parcel={parcel} at={i} of={shipments.length} />)}
      {order.adjustments?.map((one) => <div class="lineitem small"><span>{named("adjustment", one.kind)}: {named("adjustment_status", one.status)}</span>{one.amount !== null && <span class="end num">{money(one.amount, order.currency)}</span>}</div>)}
      {order.measures?.map((one) => <div class="measure"><Icon name="shield" size={15} /><span dir="auto">{inWords(one.text)}</span>{one.worth !== null && one.worth > 0 && <span class="end num">{money(one.worth, order.currency)}</span>}</div>)}
      {order.timeline && order.timeline.length > 0 && (
        <details class="fold">
          <summary>{t("order.timeline", { n: order.timeline.length })}</summary>
          <ol class="tl">
            {[...order.timeline].sort((a, b) => (a.at < b.at ? 1 : -1)).map((one, i) => <li class={BAD.test(one.stage) ? "bad" : i === 0 ? "hot" : ""}><span>{named("stage", one.stage)}</span><time dateTime={one.at}>{when(one.at)}</time><span class="small">{named("entity", one.entity.split(":")[0])}{one.note ? ` · ${one.note === "corrected" || one.note === "contradicted" ? named("why_verdict", one.note) : one.note}` : ""}</span></li>)}
          </ol>
        </details>
      )}
      {order.proof && order.proof !== "signed" && (
        <div class="lineitem small"><Chip tone="warn">{named("proof_short", order.proof)}</Chip>{conversation && <button type="button" class="btn small plain end" onClick={() => void unbindOrder(conversation, order.order_id)}>{t("order.unbind")}</button>}</div>
      )}
      <button type="button" class="btn small" onClick={() => void explainOrder(order.order_id, order.number)}><Icon name="help" size={15} />{t("why.ask")}</button>
    </article>
  );
}
