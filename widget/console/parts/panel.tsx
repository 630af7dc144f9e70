// The customer panel: who this is and how we know, what the bot found out, cart, orders, offers, what we said unasked,
// this visit, earlier conversations. Reads the panel as it was fetched; opens nothing by itself.
import type { ComponentChildren } from "preact";
import { Icon } from "../icons.tsx";
import type { ContextCard, Panel } from "../../shared/wire.ts";
import { open, togglePanel } from "../state/actions.ts";
import { fetchPanel } from "../state/live.ts";
import { now, openId, openRow, pane, panel, panelLoad } from "../state/store.ts";
import { callName, day, language, money, named, oneLine, short, t, tag, when } from "../words.ts";
import { MakeOffer, OfferLine } from "./offers.tsx";
import { OrderPanel } from "./orders.tsx";
import { Avatar, Bone, Chip, Empty, IconButton } from "./small.tsx";
import { previewWords } from "./list.tsx";
import { VerdictLine, VisitBody } from "./visit.tsx";

const VERDICTS = 6;

function Section({ title, end, shut, children }: { title: string; end?: string; shut?: boolean; children: ComponentChildren }) {
  return (
    <details class="sec" open={!shut}>
      <summary><h3>{title}</h3>{end && <span class="end num">{end}</span>}<span class={`car ${end ? "" : "end"}`}><Icon name="right" size={14} /></span></summary>
      <div class="body">{children}</div>
    </details>
  );
}

/** The shopper's own clock, for "is it night there?". */
function localTime(zone: string | null): string {
  if (!zone) return "";
  try {
    return new Intl.DateTimeFormat(tag, { hour: "numeric", minute: "2-digit", timeZone: zone }).format(now.value);
  } catch {
    return "";
  }
}

function consentWords(consent: unknown): string {
  if (consent === null || consent === undefined) return t("consent.unknown");
  if (typeof consent === "boolean") return t(consent ? "consent.yes" : "consent.no");
  if (typeof consent === "string") return named("consent", consent);
  return Object.entries(consent as Record<string, unknown>).filter(([, on]) => on === true).map(([name]) => named("consent", name)).join(", ") || t("consent.no");
}

function Identity({ data }: { data: Panel }) {
  const { contact, visitor } = data;
  const name = callName(contact.name, visitor.id);
  const signed = contact.grade === "signed";
  const time = localTime(visitor.timezone);
  return (
    <>
      <div class="who-card">
        <Avatar name={name} seed={visitor.id} size="large" online={visitor.online} {...(contact.name ? {} : { icon: "person" as const })} />
        <div class="grow">
          <h2 dir="auto">{name}</h2>
          <p class="mut">{visitor.online ? t("status.online") : t("status.offline")}{time ? ` · ${t("panel.local_time", { time })}` : ""}</p>
        </div>
      </div>
      <div class={`proof ${signed ? "signed" : ""}`}><Icon name={signed ? "shield" : "eye"} size={16} /><span>{t(`proof.${contact.grade}`)}</span></div>
      <dl class="facts">
        {contact.email && <><dt>{t("panel.email")}</dt><dd><bdi dir="ltr">{contact.email}</bdi></dd></>}
        {contact.phone && <><dt>{t("panel.phone")}</dt><dd><bdi dir="ltr">{contact.phone}</bdi></dd></>}
        {visitor.locale && <><dt>{t("panel.language")}</dt><dd>{language(visitor.locale)}</dd></>}
        <dt>{t("panel.first_seen")}</dt><dd>{day(visitor.first_seen)}</dd>
        <dt>{t("panel.consent")}</dt><dd>{consentWords(visitor.consent)}</dd>
      </dl>
    </>
  );
}

function Handoff({ card }: { card: ContextCard }) {
  return (
    <Section title={t("panel.handoff")} end={named("mood", card.mood)}>
      <div class="card handoff">
        {card.question && <q dir="auto">{oneLine(card.question)}</q>}
        <dl>
          <dt>{t("card.reason")}</dt><dd>{named("queued", card.reason)}</dd>
          {card.intent && <><dt>{t("card.intent")}</dt><dd>{named("intent", card.intent)}{card.confidence !== null ? ` · ${Math.round(card.confidence * 100)} %` : ""}</dd></>}
          {card.order && <><dt>{t("card.order")}</dt><dd>{card.order.number} · {named("stage", card.order.headline)}</dd></>}
          {card.tried.length > 0 && <><dt>{t("card.tried")}</dt><dd><ul>{card.tried.map((one) => <li>{named("tried", one)}</li>)}</ul></dd></>}
        </dl>
      </div>
    </Section>
  );
}

function Body({ data }: { data: Panel }) {
  const cart = data.visit?.cart ?? null;
  return (
    <>
      <Identity data={data} />
      {data.card && <Handoff card={data.card} />}
      <Section title={t("panel.cart")} {...(cart && cart.value > 0 ? { end: money(cart.value, cart.currency) } : {})} shut={!cart || cart.value === 0}>
        <CartBody data={data} />
      </Section>
      <Section title={t("panel.orders")} {...(data.orders.length ? { end: String(data.orders.length) } : {})}>
        {data.orders.length === 0 ? <p class="none">{t(data.contact.grade === "signed" ? "panel.no_orders" : "panel.no_orders_guest")}</p> : data.orders.map((order) => <div class="stack" key={order.order_id}><OrderPanel order={order} conversation={openId.value!} /><MakeOffer order={order} conversation={openId.value!} /></div>)}
      </Section>
      {(data.offers.length > 0 || data.may_offer?.some((one) => one.order_id === null)) && (
        <Section title={t("panel.offers")} {...(data.offers.length ? { end: String(data.offers.length) } : {})}>
          {data.offers.map((offer) => <OfferLine key={offer.id} offer={offer} />)}
          <MakeOffer order={null} conversation={openId.value!} />
        </Section>
      )}
      <Section title={t("panel.verdicts")} {...(data.verdicts.length ? { end: String(data.verdicts.length) } : {})} shut={data.verdicts.length === 0}>
        {data.verdicts.length === 0 ? <p class="none">{t("panel.no_verdicts")}</p> : <Verdicts data={data} />}
      </Section>
      <Section title={t("panel.visit")} {...(data.visit ? { end: short(data.visit.started_at, now.value) } : {})} shut={!data.visit}>
        {data.visit ? <VisitBody visit={data.visit} /> : <p class="none">{t("visit.gone")}</p>}
      </Section>
      <Section title={t("panel.earlier")} {...(data.earlier.length ? { end: String(data.earlier.length) } : {})} shut={data.earlier.length === 0}>
        {data.earlier.length === 0 ? <p class="none">{t("panel.no_earlier")}</p> : data.earlier.map((one) => (
          <button type="button" class="past" onClick={() => open(one.id)}>
            <span class="head"><span class="mut">{one.resolved_at ? when(one.resolved_at) : ""}</span>{one.rating != null && <Chip tone={one.rating >= 4 ? "ok" : one.rating <= 2 ? "bad" : ""}>★ {one.rating}</Chip>}</span>
            <span class="cut" dir="auto">{previewWords(one.preview)}</span>
          </button>
        ))}
      </Section>
    </>
  );
}

function Verdicts({ data }: { data: Panel }) {
  const rest = data.verdicts.slice(VERDICTS);
  return (
    <>
      <ul class="verdicts">{data.verdicts.slice(0, VERDICTS).map((one) => <VerdictLine key={one.id} verdict={one} />)}</ul>
      {rest.length > 0 && <details class="fold"><summary>{t("visit.more", { n: rest.length })}</summary><ul class="verdicts">{rest.map((one) => <VerdictLine key={one.id} verdict={one} />)}</ul></details>}
    </>
  );
}

/** The last cart that the page reported, with its lines where the event named them. */
function CartBody({ data }: { data: Panel }) {
  const last = [...(data.visit?.activities ?? [])].reverse().find((one) => ["view_cart", "begin_checkout", "add_to_cart", "add_shipping_info", "add_payment_info"].includes(one.kind) && Array.isArray(one.data["items"]));
  const items = (last?.data["items"] ?? []) as { name?: string; quantity?: number; price?: number }[];
  const cart = data.visit?.cart;
  if (!cart || cart.value === 0) return <p class="none">{t("panel.no_cart")}</p>;
  return (
    <div class="card">
      {items.map((item) => <div class="lineitem"><span class="cut" dir="auto">{item.quantity ?? 1} × {item.name}</span>{typeof item.price === "number" && <span class="end num mut">{money(item.price * (item.quantity ?? 1), cart.currency)}</span>}</div>)}
      <div class="lineitem"><span class="mut">{t("panel.cart_value")}</span><b class="end num">{money(cart.value, cart.currency)}</b></div>
      <div class="small">{t("panel.cart_source")}</div>
    </div>
  );
}

export function Side() {
  if (!openId.value) return <section class="side" aria-label={t("panel.label")} />;
  const data = panel.value;
  return (
    <section class="side" aria-label={t("panel.label")}>
      <div class="bar">
        <span class="back"><IconButton icon="back" flip label={t("back.thread")} onClick={() => (pane.value = "thread")} /></span>
        <h2 class="grow cut">{t("panel.label")}</h2>
        <span class="wide-only"><IconButton icon="x" label={t("panel.hide")} onClick={togglePanel} /></span>
      </div>
      {panelLoad.value === "error" && !data ? (
        <Empty level={3} bad icon="alert" title={t("panel.error")}><button type="button" class="btn" onClick={() => void fetchPanel()}>{t("retry")}</button></Empty>
      ) : !data ? <PanelBones name={callName(openRow.value?.contact.name, openRow.value?.visitor ?? "")} /> : <div class="scroll" tabIndex={0} role="group" aria-label={t("panel.label")}><Body data={data} /></div>}
    </section>
  );
}

const PanelBones = ({ name }: { name: string }) => (
  <div class="scroll" aria-busy="true">
    <div class="who-card"><span class="bone avatar large" /><div class="grow"><h2 dir="auto">{name}</h2><Bone kind="w50" /></div></div>
    <div class="bones" aria-hidden="true"><Bone kind="h30" /><Bone kind="w80" /><Bone kind="w60" /><Bone kind="h90" /><Bone kind="h60" /></div>
  </div>
);
