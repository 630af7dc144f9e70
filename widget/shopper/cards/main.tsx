// The parts of messages that are more than text: order, product, offer, contact form; and the rating. A chunk of its own,
// fetched when the first of them is to be shown.

import type { VNode } from "preact";
import { money, span } from "../../shared/format.ts";
import { safeHref } from "../../shared/text.ts";
import type { Part, Product } from "../../shared/wire.ts";
import type { Cards, Jsx, Scene } from "../app/ui.ts";
import sheet from "./cards.css";
import { give } from "./jsx.ts";
import { OfferCard } from "./offer.tsx";
import { Order } from "./order.tsx";

export const css = sheet;

function ProductCard({ product, scene }: { product: Product; scene: Scene }) {
  const link = product.url && safeHref(product.url);
  const image = product.image_url && safeHref(product.image_url);
  return (
    <section class="card product">
      {image && <img src={image} alt="" width="72" height="72" loading="lazy" />}
      <div>
        <h3>{link ? <a href={link} target="_top">{product.name}</a> : product.name}</h3>
        {product.price !== null && product.currency && (
          <b>{product.price_to ? scene.t("price_from", { price: money(product.price, product.currency, scene.locale) }) : money(product.price, product.currency, scene.locale)}</b>
        )}
        {product.available === false && <span class="tag">{scene.t("sold_out")}</span>}
      </div>
    </section>
  );
}

function ContactForm({ part, scene, answered }: { part: Part & { type: "contact_request" }; scene: Scene; answered: boolean }) {
  const { t, locale, act } = scene;
  return (
    <section class="card">
      <p>{part.promised_minutes ? t("contact_promise", { span: span(part.promised_minutes, locale) }) : t("contact_ask")}</p>
      {!answered && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const form = event.currentTarget;
            const given = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, (value as string).trim()]).filter(([, value]) => value));
            if (!given.email && !given.phone) return form.querySelector("input")!.focus();
            act.send([{ type: "contact_details", ...given }]);
          }}
        >
          {part.fields.includes("email") && <label>{t("email")}<input name="email" type="email" autocomplete="email" maxLength={254} pattern="[^@\s]+@[^@\s]+\.[^@\s]+" dir="ltr" /></label>}
          {part.fields.includes("phone") && <label>{t("phone")}<input name="phone" type="tel" autocomplete="tel" maxLength={31} pattern="\+?[\d \(\)\.\/\-]{5,30}" dir="ltr" /></label>}
          <button class="main">{t("contact_send")}</button>
        </form>
      )}
    </section>
  );
}

function Rating({ scene }: { scene: Scene }): VNode {
  const { t, act, entries, thread } = scene;
  if (entries.some((e) => e.command === "rate" && !e.failed)) return <p class="ev">{t("thanks")}</p>;
  return (
    <form
      class="card rate"
      onSubmit={(event) => {
        event.preventDefault();
        const data = new FormData(event.currentTarget);
        const comment = (data.get("comment") as string).trim();
        if (data.get("score")) act.post("rate", { conversation: thread.id, score: Number(data.get("score")), ...(comment && { comment }) });
      }}
    >
      <fieldset>
        <legend>{t("rate_ask")}</legend>
        <div class="stars">
          {[1, 2, 3, 4, 5].map((n) => (
            <label><input class="vh" type="radio" name="score" value={n} required /><span class="star" aria-hidden="true" /><span class="vh">{t("stars", { n })}</span></label>
          ))}
        </div>
      </fieldset>
      <label class="vh" for="comment">{t("rate_comment")}</label>
      <textarea id="comment" name="comment" rows={2} maxLength={1000} placeholder={t("rate_comment")} dir="auto" />
      <button class="main">{t("rate_send")}</button>
    </form>
  );
}

export function make(jsx: Jsx): Cards {
  give(jsx);
  return {
    part(part, scene, answered) {
      switch (part.type) {
        case "order_card":
          return <Order order={part.order} scene={scene} />;
        case "product_card":
          return <ProductCard product={part.product} scene={scene} />;
        case "offer":
          return <OfferCard offer={part.offer} scene={scene} />;
        case "contact_request":
          return <ContactForm part={part} scene={scene} answered={answered} />;
        default:
          return null;
      }
    },
    rating: (scene) => <Rating scene={scene} />,
  };
}
