// Scripted answers about one order: found by its number, and explained webhook by webhook.
import type { Explanation, FoundOrder } from "../../shared/wire.ts";
import { ORDER } from "./facts.ts";
import { ago, ROWS } from "./rows.ts";

const parcel = ORDER.shipments![0]!;
export const FOUND: FoundOrder[] = [{
  order: {
    ...ORDER, proof: "link",
    shipments: [{ ...parcel, eta: null, basis: "promise", overdue: { step: "in_transit", since: ago(60 * 30), expected: ago(60 * 4), basis: "history", told: null, samples: 212, raised_at: ago(60 * 4), next_word: ago(-60 * 20) } }, ORDER.shipments![1]!],
  },
  customer: "Demo customer A",
  conversations: [
    { id: ROWS[0]!.id, status: "assigned", last_at: ago(4), name: "Demo customer A", preview: "Where is the second parcel then?", proof: "signed" },
    { id: ROWS[3]!.id, status: "queued", last_at: ago(12), name: "", preview: "", proof: "link" },
  ],
}];

const event = (more: Partial<Explanation["events"][number]>): Explanation["events"][number] => ({
  source_id: "src", source: "native", delivery_id: "msg_0193a1c27b1e7c449d4e2f6a0b8c5d13", type: "order.updated", received_at: ago(60), happened_at: ago(61), newest: false, quiet: false, summary: "", said: [], ...more,
});
export const EXPLAINED: Explanation = {
  order_id: ORDER.order_id, number: ORDER.number, headline: "partially_shipped", decided_by: "shipment", complete: false,
  events: [
    event({ delivery_id: "msg_4", said: [{ entity: "shipment:s-2", stage: "delivered", at: ago(1), verdict: "waiting" }] }),
    event({ newest: true, delivery_id: "msg_3", said: [{ entity: "order", stage: "confirmed", at: ago(61), verdict: "agrees" }, { entity: "shipment:s-1", stage: "shipped", at: ago(50), verdict: "outranked" }, { entity: "shipment:s-2", stage: "packed", at: ago(60 * 20), verdict: "agrees" }, { entity: "adjustment:r-1", stage: "refund_completed", at: ago(300), verdict: "holds" }] }),
    event({ source: "aftership", type: "parcel.updated", delivery_id: "evt_2", received_at: ago(60 * 30), happened_at: ago(60 * 30), said: [{ entity: "parcel:number:620011223344556677889900", stage: "in_transit", at: ago(60 * 30), verdict: "holds" }] }),
    event({ delivery_id: "msg_1", received_at: ago(60 * 70), quiet: true, happened_at: null, summary: "order placed · payment paid · shipment s-1 preparing" }),
  ],
  corrections: [{ shipment_id: "s-2", said: "delivered", said_at: ago(60 * 22), stage: "packed", since: ago(60 * 20), by: "scans" }],
  overdue: [{ shipment_id: "s-1", step: "in_transit", since: ago(60 * 30), expected: ago(60 * 4), basis: "history", told: null, samples: 212, raised_at: ago(60 * 4), withdrawn_at: null }],
};
