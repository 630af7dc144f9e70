// Offers in the panel: what an agent may offer for an order (chosen, confirmed, sent once), and each offer made with what
// became of it and every call to the shop. What may be offered is decided by the server. Walk e.
import { useState } from "preact/hooks";
import { CommandFailed } from "../../shared/failure.ts";
import { uuid7 } from "../../shared/uuid7.ts";
import type { Panel } from "../../shared/wire.ts";
import { Icon } from "../icons.tsx";
import { fetchPanel, reasonOf, sessionOver } from "../state/live.ts";
import { port } from "../state/port.ts";
import { me, panel, toast } from "../state/store.ts";
import { money, named, offerReason, t, when } from "../words.ts";
import { OFFER_TONE } from "./cards.tsx";
import { Chip, Menu, MenuItem } from "./small.tsx";

type MayOffer = NonNullable<Panel["may_offer"]>[number];
type Line = Panel["offers"][number];

/** `order`: what the offer is about; null for offers without one. Nothing is drawn where nothing may be offered. */
export function MakeOffer({ order, conversation }: { order: { order_id: string; currency: string } | null; conversation: string }) {
  const [chosen, choose] = useState<(MayOffer & { client_id: string }) | null>(null);
  const [busy, setBusy] = useState(false);
  const about = order?.order_id ?? null;
  const may = (panel.value?.may_offer ?? []).filter((one) => one.order_id === about);
  if (me.value.role === "viewer" || (may.length === 0 && !chosen)) return null;
  const send = async () => {
    if (!chosen || busy) return;
    setBusy(true);
    try {
      await port.command("make_offer", { conversation, client_id: chosen.client_id, offer: chosen.offer, order_id: about });
      choose(null);
      toast(t("offer.made"));
    } catch (error) {
      if (error instanceof CommandFailed && error.code === "conflict") {
        choose(null);
        void fetchPanel();
        toast(t("offer.no_longer"));
      } else if (!sessionOver(error)) toast(t("toast.failed", { reason: reasonOf(error) }));
    } finally {
      setBusy(false);
    }
  };
  if (chosen)
    return (
      <div class="offer-sure" role="group" aria-label={t("offer.make")}>
        <b dir="auto">{chosen.title}</b>
        <span class="mut">{t("offer.sure")}</span>
        <div class="rowline">
          <button type="button" class="btn small" onClick={() => choose(null)}>{t("offer.not_now")}</button>
          <button type="button" class="btn primary small" disabled={busy} ref={(node) => node?.focus()} onClick={() => void send()}>{t("offer.send")}</button>
        </div>
      </div>
    );
  return (
    <Menu id={`offer:${about ?? ""}`} label={t("offer.make")} kind="btn small" side="start" button={<><Icon name="gift" size={15} />{t("offer.make")}</>}>
      {may.map((one) => (
        <MenuItem onClick={() => choose({ ...one, client_id: uuid7() })} {...(one.worth && order ? { aside: money(one.worth, order.currency) } : {})}>{one.title}</MenuItem>
      ))}
    </Menu>
  );
}

export const OfferLine = ({ offer }: { offer: Line }) => {
  const calls = offer.attempts ?? [];
  return (
    <div class="card">
      <div class="head"><Icon name="gift" size={16} /><b class="cut" dir="auto">{offer.title}</b><span class="end"><Chip tone={OFFER_TONE[offer.state] ?? ""}>{named("offer", offer.state)}</Chip></span></div>
      <div class="small">{named("offer_kind", offer.kind)} · {when(offer.at)}{offer.reason ? <> · <bdi>{offerReason(offer.reason)}</bdi></> : ""}</div>
      {offer.chosen && !offer.reason?.includes(offer.chosen) && <div class="small" dir="auto">{offer.chosen}</div>}
      {calls.length > 0 && (
        <details class="fold">
          <summary>{t("offer.calls", { n: calls.length })}</summary>
          <ol class="tl">
            {calls.map((one) => (
              <li class={one.status === "retry" || one.status === "failed" ? "bad" : ""}>
                <span>{t(`offer.call_${one.call}`)}: {one.status ? named("offer_call", one.status) : t("offer.call_open")}</span>
                <time dateTime={one.at}>{when(one.at)}</time>
                {(one.reason || one.ms !== null) && <span class="small">{one.reason ? offerReason(one.reason) : ""}{one.reason && one.ms !== null ? " · " : ""}{one.ms !== null ? `${one.ms} ms` : ""}</span>}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  );
};
