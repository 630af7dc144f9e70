// An offer in a message: what the shopper must choose, one button, and then how it stands, until when it can be undone.
// Walk e in the browser; what is true is told by the server's facts.

import type { VNode } from "preact";
import { clock, dayKey, due, money } from "../../shared/format.ts";
import { Rich } from "../../shared/inline.tsx";
import type { Offer } from "../../shared/wire.ts";
import type { Scene } from "../app/ui.ts";

/** More than these stand in a list that opens. */
const RADIOS = 5;
const FIELDS: [name: string, auto: AutoFill, most: number][] = [
  ["name", "name", 120], ["street", "street-address", 200], ["postcode", "postal-code", 16], ["city", "address-level2", 120],
];
type AutoFill = "name" | "street-address" | "postal-code" | "address-level2";

/** What we say ourselves comes as a code; what the shop says, in its own words. */
function why(reason: string | null | undefined, { t }: Scene): string {
  if (!reason || !/^[a-z][a-z0-9_]*$/.test(reason)) return reason ?? "";
  const key = `offer_why_${reason}`;
  return t(key) === key ? t("offer_why_other") : t(key);
}

function Choices({ offer, scene }: { offer: Offer; scene: Scene }): VNode {
  const label = scene.t(`offer_${offer.asks}`);
  const choices = offer.choices ?? [];
  if (choices.length > RADIOS)
    return (
      <label>
        {label}
        <select name="choice" required>
          <option value="">{"–"}</option>
          {choices.map((c) => <option value={c.id}>{c.text ? `${c.title} (${c.text})` : c.title}</option>)}
        </select>
      </label>
    );
  return (
    <fieldset class="pick">
      <legend>{label}</legend>
      {choices.map((c) => (
        <label><input type="radio" name="choice" value={c.id} required /><span><b>{c.title}</b>{c.text && <span class="quiet">{c.text}</span>}</span></label>
      ))}
    </fieldset>
  );
}

function Address({ scene: { t } }: { scene: Scene }): VNode {
  return (
    <>
      {FIELDS.map(([name, auto, most]) => <label>{t(`offer_${name}`)}<input name={name} autocomplete={auto} maxLength={most} required dir="auto" /></label>)}
      <label>{t("offer_phone")}<input name="phone" type="tel" autocomplete="tel" maxLength={31} pattern="\+?[\d \(\)\.\/\-]{5,30}" dir="ltr" /></label>
    </>
  );
}

function Ask({ offer, scene }: { offer: Offer; scene: Scene }): VNode {
  const { t, act } = scene;
  const { asks, id } = offer;
  const accept = (params?: object) => act.post("accept_offer", { offer_id: id, ...(params && { params }) });
  const form = (inner: VNode | null, label: string) => (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const given = Object.fromEntries([...new FormData(event.currentTarget)].map(([name, value]) => [name, (value as string).trim()]).filter(([, value]) => value));
        accept(asks === "address" ? { address: given } : asks ? { [asks]: given.choice } : undefined);
      }}
    >
      {inner}
      <button class="main">{label}</button>
    </form>
  );
  if (asks === "address")
    return <details class="more"><summary>{offer.accept_label}</summary>{form(<Address scene={scene} />, t("offer_send_address"))}</details>;
  if (asks) return form(<Choices offer={offer} scene={scene} />, offer.accept_label);
  // What cannot be taken back is asked twice.
  if (offer.kind === "cancel" && !offer.undo_minutes)
    return <details class="more"><summary>{offer.accept_label}</summary>{form(<p>{t("offer_sure")}</p>, offer.accept_label)}</details>;
  return <button class="main" onClick={() => accept()}>{offer.accept_label}</button>;
}

export function OfferCard({ offer, scene }: { offer: Offer; scene: Scene }): VNode {
  const { t, locale, thread, entries, act, now } = scene;
  const sent = (command: string) => entries.findLast((e) => e.command === command && (e.body as { offer_id: string }).offer_id === offer.id);
  const told = thread.offers[offer.id];
  const asked = sent("accept_offer");
  const undo = sent("undo_offer");
  const over = offer.expires_at && Date.parse(offer.expires_at) < now;
  const state = undo && !undo.failed && told?.state === "done" ? "undoing" : told?.state ?? (asked && !asked.failed ? "accepted" : over ? "expired" : "open");
  const until = told?.undo_until;
  const undoable = state === "done" && until && Date.parse(until) > now;
  const failed = state === "open" ? asked?.failed : undo?.failed && state === "done" && "undo";
  const trouble = `offer_failed_${failed}`;
  return (
    <section class={`card offer ${state}`} role="group" aria-label={offer.title}>
      <div class="row">
        <h3>{offer.title}</h3>
        {offer.worth && offer.currency ? <span class="tag ok">{money(offer.worth, offer.currency, locale)}</span> : null}
      </div>
      {offer.order_number && <p class="quiet">{t("order", { number: offer.order_number })}</p>}
      {offer.text && <p><Rich text={offer.text} /></p>}
      {failed && <p class="bad" role="alert">{t(trouble) === trouble ? t("failed") : t(trouble)}</p>}
      {state === "open" ? (
        <>
          <Ask offer={offer} scene={scene} />
          {offer.expires_at && <p class="quiet">{t("offer_until", { date: due(offer.expires_at, locale) })}</p>}
        </>
      ) : (
        <div class={`outcome ${state === "done" ? "ok" : state === "refused" ? "bad" : ""}`} role="status">
          <p><b>{t(`offer_${state}`)}</b> <bdi>{why(told?.reason, scene)}</bdi></p>
          {told?.chosen && state !== "undone" && !told.reason?.includes(told.chosen) && <p class="picked">{told.chosen}</p>}
        </div>
      )}
      {undoable && (
        <div class="row undo">
          <button class="second" onClick={() => act.post("undo_offer", { offer_id: offer.id })}>{t("offer_undo")}</button>
          <span class="quiet">{t("offer_undo_until", { time: dayKey(until) === new Date(now).toDateString() ? clock(until, locale) : due(until, locale) })}</span>
        </div>
      )}
    </section>
  );
}
