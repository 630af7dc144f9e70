// Sends activities and reports on nudges to POST /v1/visits, in batches, one at a time, and hands its answer on.
// What could not be sent waits for the next beacon; ids make a repeat harmless.

import type { BeaconAnswer } from "../shared/wire.ts";
import type { Note } from "./capture.ts";
import type { Report } from "./contract.ts";

const GATHER_MS = 800;
const MOST = 50;

type Waiting = { id: string; kind: string; at: number; data: unknown };

/** A random UUID: the name of an object URL ends with one, also on pages that are not served securely. */
const uuid = () => URL.createObjectURL(new Blob()).slice(-36);

/** `frame` gives key, visitor, page and the like at the time of sending; nothing is kept or sent while it gives nothing. */
export function beacon(url: string, frame: () => object | undefined, answered: (answer: BeaconAnswer) => void) {
  let waiting: (Waiting | [Report, string])[] = [];
  let busy = false;
  let failures = 0;
  let timer: number | undefined;

  const body = () => {
    const whole: Record<string, unknown[]> = { ...frame(), activities: [] };
    for (const one of waiting)
      if ("0" in one) (whole[one[0]] ??= []).push(one[1]);
      else whole.activities!.push({ id: one.id, kind: one.kind, ago_ms: Math.max(0, Date.now() - one.at), data: one.data });
    return JSON.stringify(whole);
  };
  const add = (one: Waiting | [Report, string], ms: number) => {
    if (!frame()) return;
    waiting = [...waiting, one].slice(-MOST);
    if (!failures) later(ms);
  };
  const later = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  };
  async function flush() {
    if (busy || !frame()) return;
    clearTimeout(timer);
    busy = true;
    const sent = waiting;
    let next = 0;
    try {
      const request = fetch(url, { method: "POST", body: body(), keepalive: true });
      waiting = [];
      const response = await request;
      if (response.ok) {
        const answer = (await response.json()) as BeaconAnswer;
        next = answer.again! * 1e3;
        if (frame()) answered(answer);
      } else if (/5..|429/.test(response.status as unknown as string)) throw 0;
      // Any other refusal is for good: what it was about is dropped.
      failures = 0;
    } catch {
      waiting = [...sent, ...waiting].slice(-MOST);
      next = 1e3 + Math.random() * 2e3 * 2 ** Math.min(failures++, 5);
    }
    busy = false;
    if (!failures && waiting[0]) next = GATHER_MS;
    if (next) later(next);
  }
  return {
    flush,
    note: ((kind, data) => add({ id: uuid(), kind, at: Date.now(), data }, GATHER_MS)) as Note,
    report: (what: Report, messageId: string) => add([what, messageId], 0),
    leave() {
      if (waiting[0] && frame() && navigator.sendBeacon(url, body())) waiting = [];
    },
  };
}
