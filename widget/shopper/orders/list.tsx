// The shopper's orders, newest first, and below them the form for one that is not among them.

import type { VNode } from "preact";
import { day, due, money, span } from "../../shared/format.ts";
import type { OrderView } from "../../shared/wire.ts";
import type { Scene } from "../app/ui.ts";
import { dayOf, dayWords, tone, word } from "../cards/order.tsx";
import { Head } from "./head.tsx";
import type { Act, Looks, Told } from "./state.ts";

/** What went wrong, as the shopper may act upon it. */
export function Trouble({ told, scene: { t, locale } }: { told: Told; scene: Scene }): VNode {
  return <p class={told.code === "soon" ? "said" : "said bad"} role="alert">{t(`orders_${told.code}`, { span: span(told.minutes, locale) })}</p>;
}

function Row({ order, scene, act }: { order: OrderView; scene: Scene; act: Act }) {
  const { t, locale, now } = scene;
  const names = (order.items ?? []).map((item) => item.name);
  return (
    <li>
      <button class="orow" data-order={order.order_id} onClick={() => act.one(order.order_id)}>
        <span class="row"><b>{t("order", { number: order.number })}</b><span class={`tag ${tone(order.headline, order.delayed)}`}>{word(scene, order.headline)}</span></span>
        {names.length > 0 && <span class="names">{names.slice(0, 2).join(", ")}{names.length > 2 ? ` ${t("more_items", { n: names.length - 2 })}` : ""}</span>}
        <span class="row quiet">
          <span class={order.delayed ? "warned" : ""}>{order.delayed ? `${t("delayed")}${dayOf(order) ? `, ${t("new_date", { date: due(dayOf(order)!, locale) })}` : ""}` : dayWords(order, scene) ?? (order.placed_at ? day(order.placed_at, locale, now) : "")}</span>
          <span>{money(order.total, order.currency, locale)}</span>
        </span>
      </button>
    </li>
  );
}

function Find({ looks, scene: { t }, act, fold }: { looks: Looks; scene: Scene; act: Act; fold: boolean }) {
  const form = (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const [number, contact] = ["number", "contact"].map((name) => (data.get(name) as string).trim());
        if (number && contact && !looks.busy) void act.find(number, contact);
      }}
    >
      <label for="onumber">{t("find_number")}<input id="onumber" name="number" required maxLength={64} autocomplete="off" dir="ltr" /></label>
      <label>{t("find_contact")}<input name="contact" required maxLength={254} autocomplete="email" dir="ltr" /></label>
      <p class="quiet">{t("find_why")}</p>
      <button class="main" aria-disabled={looks.busy}>{t(looks.busy ? "find_busy" : "find_send")}</button>
    </form>
  );
  if (!fold) return <section class="card">{form}</section>;
  return <details class="card find" open={!!looks.trouble}><summary>{t("find_other")}</summary>{form}</details>;
}

export function List({ looks, scene, act }: { looks: Looks; scene: Scene; act: Act }): VNode {
  const { t } = scene;
  const { load, orders, trouble } = looks;
  return (
    <>
      <Head title={t("orders")} back={t("orders_back")} onBack={act.close} scene={scene} act={act} />
      <div class="obody" aria-busy={load === "loading"}>
        <div class="vh" role="status">{load === "loading" ? t("orders_loading") : ""}</div>
        {load === "loading" && !orders.length && <div aria-hidden="true">{[0, 1, 2].map(() => <div class="obone" />)}</div>}
        {load === "error" && (
          <div class="oempty"><p role="alert">{t("orders_error")}</p><button class="main" onClick={act.again}>{t("retry")}</button></div>
        )}
        {load === "ready" && !orders.length && <div class="oempty"><h3>{t("orders_none")}</h3><p>{t("orders_none_text")}</p></div>}
        {orders.length > 0 && <ul class="olist">{orders.map((order) => <Row key={order.order_id} order={order} scene={scene} act={act} />)}</ul>}
        {trouble && <Trouble told={trouble} scene={scene} />}
        {load === "ready" && <Find looks={looks} scene={scene} act={act} fold={orders.length > 0} />}
      </div>
    </>
  );
}
