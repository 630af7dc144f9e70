// What stands in a message beside text: order, product, offer, choices, contact details. For agents they are read-only.
import { Icon } from "../icons.tsx";
import { safeHref } from "../../shared/text.ts";
import { Rich } from "../../shared/inline.tsx";
import type { Offer, OrderView, Part, Product } from "../../shared/wire.ts";
import { thread } from "../state/store.ts";
import { due, inWords, money, named, offerReason, span, t, usually, when } from "../words.ts";
import { Picture } from "./picture.tsx";
import { priceOf } from "./products.tsx";
import { Chip, type Tone } from "./small.tsx";

const STEPS = ["placed", "packed", "shipped", "out_for_delivery", "delivered"];
const REACHED: Record<string, number> = {
  placed: 0, preparing: 0, paid: 0, confirmed: 0, on_hold: 0, packed: 1, shipped: 2, partially_shipped: 2, in_transit: 2, out_for_delivery: 3, delivery_failed: 3,
  ready_for_pickup: 3, delivered: 4, partially_delivered: 3,
};
const BAD = new Set(["delivery_failed", "lost", "returned_to_sender", "payment_failed", "cancelled"]);

export function headlineTone(headline: string, delayed: boolean | undefined): Tone {
  if (BAD.has(headline)) return "bad";
  if (delayed) return "warn";
  return headline === "delivered" ? "ok" : headline === "refunded" || headline === "returned" ? "" : "info";
}

/** How far it has come, in five steps; a stage off the way (cancelled, lost) fills none and is told in words. */
export function Steps({ stage }: { stage: string }) {
  const at = REACHED[stage] ?? -1;
  if (at < 0) return null;
  return (
    <div class="steps" role="img" aria-label={t("order.progress", { stage: named("stage", stage), at: at + 1, of: STEPS.length })}>
      {STEPS.map((_, i) => <i class={i < at || stage === "delivered" ? "done" : i === at ? (BAD.has(stage) ? "bad" : "now") : ""} />)}
    </div>
  );
}

export const OutLink = ({ href, children }: { href: string | null | undefined; children: string }) => {
  const safe = href ? safeHref(href) : null;
  return safe ? <a href={safe} target="_blank" rel="noopener noreferrer">{children}</a> : <span>{children}</span>;
};

function OrderCard({ order }: { order: OrderView }) {
  return (
    <div class="inset">
      <div class="rowline"><b><OutLink href={order.url}>{t("order.number", { number: order.number })}</OutLink></b><Chip tone={headlineTone(order.headline, order.delayed)}>{named("stage", order.headline)}</Chip></div>
      <Steps stage={order.headline} />
      {order.usually ? <span class="mut">{usually(order.usually)}</span> : order.expected && <span class={order.delayed ? "late" : "mut"}>{t(order.delayed ? "order.expected_late" : "order.expected", { date: due(order.expected) })}</span>}
      {order.items && order.items.length > 0 && <ul>{order.items.slice(0, 3).map((item) => <li class="cut">{item.quantity} × {item.name}</li>)}{order.items.length > 3 && <li class="mut">{t("order.more_items", { n: order.items.length - 3 })}</li>}</ul>}
      {order.measures?.map((measure) => <div class="measure"><Icon name="gift" size={15} /><span>{inWords(measure.text)}</span></div>)}
      <div class="rowline mut"><span>{order.placed_at ? when(order.placed_at) : ""}</span><b class="num">{money(order.total, order.currency)}</b></div>
    </div>
  );
}

function ProductCard({ product }: { product: Product }) {
  return (
    <div class="inset pic">
      <Picture url={product.image_url} size={56} />
      <b><OutLink href={product.url}>{product.name}</OutLink></b>
      <span class="num">{priceOf(product)}{product.available === false && <Chip tone="bad">{t("product.gone")}</Chip>}</span>
    </div>
  );
}

export const OFFER_TONE: Record<string, Tone> = { open: "acc", accepted: "info", pending: "info", done: "ok", refused: "bad", expired: "", undoing: "info", undone: "" };

function OfferCard({ offer }: { offer: Offer }) {
  const settled = thread.value.offers[offer.id];
  const expired = offer.expires_at !== null && Date.parse(offer.expires_at) < Date.now();
  const state = settled?.state ?? (expired ? "expired" : "open");
  return (
    <div class="inset">
      <div class="rowline"><b dir="auto">{offer.title}</b><Chip tone={OFFER_TONE[state] ?? ""}>{named("offer", state)}</Chip></div>
      {offer.text && <span class="soft" dir="auto">{offer.text}</span>}
      {settled?.chosen && !settled.reason?.includes(settled.chosen) && <span class="soft" dir="auto">{settled.chosen}</span>}
      {settled?.reason && <span class="mut"><bdi>{offerReason(settled.reason)}</bdi></span>}
      <div class="rowline mut">
        {offer.worth !== null && offer.currency !== null && <span>{t("offer.worth", { amount: money(offer.worth, offer.currency) })}</span>}
        {state === "open" && offer.expires_at && <span>{t("offer.until", { date: when(offer.expires_at) })}</span>}
      </div>
    </div>
  );
}

/** The value that the shopper took from this message's choices, if they did. */
function taken(messageId: string): string | null {
  for (const item of thread.value.items) {
    if (item.kind !== "message") continue;
    for (const part of item.message.parts) if (part.type === "choice" && part.message_id === messageId) return part.value;
  }
  return null;
}

/** One part; a text stands in its own bubble, all other parts are cards beneath it. */
export function PartView({ part, messageId }: { part: Part; messageId: string }) {
  switch (part.type) {
    case "text":
      return <div class="m" dir="auto"><Rich text={part.text} /></div>;
    case "choice":
      return <div class="m picked" dir="auto"><Icon name="check" size={15} />{part.title}</div>;
    case "choices": {
      const value = taken(messageId);
      return <div class="choices" role="list" aria-label={t("message.choices")}>{part.choices.map((one) => <span role="listitem" class={one.value === value ? "taken" : ""}>{one.title}</span>)}</div>;
    }
    case "order_card":
      return <OrderCard order={part.order} />;
    case "product_card":
      return <ProductCard product={part.product} />;
    case "offer":
      return <OfferCard offer={part.offer} />;
    case "contact_request":
      return <div class="inset"><b>{t("contact.request")}</b><span class="mut">{part.promised_minutes === null ? t("contact.request_text") : t("contact.promised", { time: span(part.promised_minutes) })}</span></div>;
    case "contact_details":
      return <div class="inset"><b>{t("contact.details")}</b>{part.name && <span>{part.name}</span>}{part.email && <bdi dir="ltr">{part.email}</bdi>}{part.phone && <bdi dir="ltr">{part.phone}</bdi>}<span class="mut">{t("contact.unverified")}</span></div>;
  }
}
