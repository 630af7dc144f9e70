// Two dialogs about an order: the one that was searched for, with its people's conversations; and why it stands where it
// stands, webhook by webhook. Reads what state/orders.ts fetched.
import type { Explanation, FoundOrder } from "../../shared/wire.ts";
import { open } from "../state/actions.ts";
import { explainOrder, findOrders, lookup, why } from "../state/orders.ts";
import { callName, due, named, oneLine, t, when } from "../words.ts";
import { Dialog } from "./dialog.tsx";
import { OrderPanel } from "./orders.tsx";
import { Bone, Chip, Empty, type Tone } from "./small.tsx";

const VERDICT_TONE: Record<string, Tone> = { holds: "ok", agrees: "", contradicted: "bad", outranked: "warn", older: "line", corrected: "bad", passed: "line", unknown: "warn", elsewhere: "line", waiting: "line" };
const Bones = () => <div class="bones" aria-busy="true"><Bone kind="h30" /><Bone kind="w80" /><Bone kind="h60" /></div>;

function Found({ one }: { one: FoundOrder }) {
  return (
    <>
      {one.customer && <p class="mut" dir="auto">{one.customer}</p>}
      <OrderPanel order={one.order} />
      <h3>{t("lookup.conversations")}</h3>
      {one.conversations.length === 0 && <p class="none">{t("lookup.no_conversations")}</p>}
      {one.conversations.map((each) => (
        <button
          type="button" class="past" key={each.id}
          onClick={() => {
            lookup.value = null;
            open(each.id);
          }}
        >
          <span class="head"><b class="cut" dir="auto">{callName(each.name, each.id)}</b><span class="end"><Chip tone={each.proof === "signed" ? "ok" : "warn"}>{named("proof_short", each.proof)}</Chip></span></span>
          <span class="cut" dir="auto">{oneLine(each.preview) || t("preview.none")}</span>
          <span class="small mut">{named("status_row", each.status)} · {when(each.last_at)}</span>
        </button>
      ))}
    </>
  );
}

export function Lookup() {
  const asked = lookup.value!;
  return (
    <Dialog kind="wide" title={t("lookup.title", { number: asked.number })} close={() => (lookup.value = null)}>
      {asked.load === "loading" ? <Bones />
        : asked.load === "error" ? <Empty level={3} bad icon="alert" title={t("lookup.error")}><button type="button" class="btn" onClick={() => void findOrders(asked.number)}>{t("retry")}</button></Empty>
        : asked.found.length === 0 ? <Empty level={3} icon="search" title={t("lookup.none")} text={t("lookup.none_text")} />
        : <div class="stack found">{asked.found.map((one) => <Found key={one.order.order_id} one={one} />)}</div>}
    </Dialog>
  );
}

const about = (entity: string): string => {
  const [ledger, ...rest] = entity.split(":");
  return `${named("entity", ledger)}${rest.length > 0 ? ` ${rest.at(-1)}` : ""}`;
};

function Event({ event }: { event: Explanation["events"][number] }) {
  return (
    <li>
      <div class="head">
        <b>{event.source ?? t("why.gone_source")}</b>
        <span class="mut cut">{event.type}</span>
        {event.newest && <Chip tone="acc">{t("why.newest")}</Chip>}
        {event.quiet && <Chip>{t("why.quiet")}</Chip>}
      </div>
      <dl class="facts">
        <dt>{t("why.happened")}</dt><dd>{event.happened_at ? when(event.happened_at) : "–"}</dd>
        <dt>{t("why.received")}</dt><dd>{when(event.received_at)}</dd>
        <dt>{t("why.delivery")}</dt><dd><bdi dir="ltr" class="id">{event.delivery_id}</bdi></dd>
      </dl>
      {event.said.length === 0 ? <p class="small mut">{event.summary ? <bdi dir="ltr">{event.summary}</bdi> : t("why.unreadable")}</p> : (
        <table class="said">
          <tbody>
            {event.said.map((one) => (
              <tr>
                <th scope="row">{about(one.entity)}</th>
                <td>{named("stage", one.entity.startsWith("adjustment") ? one.stage.split("_").slice(1).join("_") : one.stage)}<span class="small mut">{when(one.at)}</span></td>
                <td><Chip tone={VERDICT_TONE[one.verdict] ?? ""}>{named("why_verdict", one.verdict)}</Chip></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}

export function WhyStage() {
  const { load, told, number, order_id } = why.value!;
  return (
    <Dialog kind="wide" title={t("why.title", { number })} close={() => (why.value = null)}>
      {load === "loading" ? <Bones />
        : load === "error" || !told ? <Empty level={3} bad icon="alert" title={t("why.error")}><button type="button" class="btn" onClick={() => void explainOrder(order_id, number)}>{t("retry")}</button></Empty>
        : (
          <>
            <p>{t(`why.by_${told.decided_by}`, { stage: named("stage", told.headline) })}</p>
            {told.overdue.map((one) => (
              <p class={`small ${one.withdrawn_at ? "mut" : "late"}`}>
                {t("why.overdue", { step: named("stage", one.step.split("/")[0]), expected: due(one.expected), basis: named("basis", one.basis), n: one.samples })}{" "}
                {one.withdrawn_at ? t("why.withdrawn", { date: due(one.withdrawn_at) }) : ""}
              </p>
            ))}
            {told.corrections.map((one) => <p class="small late">{t("why.corrected", { said: named("stage", one.said), at: due(one.said_at), stage: named("stage", one.stage), since: due(one.since), by: named("why_by", one.by) })}</p>)}
            <ol class="events">{told.events.map((event) => <Event key={event.source_id + event.delivery_id} event={event} />)}</ol>
            {told.events.length === 0 && <p class="none">{t("why.no_events")}</p>}
            {!told.complete && <p class="small mut">{t("why.more")}</p>}
          </>
        )}
    </Dialog>
  );
}
