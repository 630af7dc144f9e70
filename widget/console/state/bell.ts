// Tells an agent who is looking elsewhere: a sound and a desktop notice, only after a click allowed it, and from one tab
// only (the one that holds the lock). The count in the title needs no leave.
import type { Fact } from "../../shared/wire.ts";
import { callName, t } from "../words.ts";
import type { LiveRow } from "./rows.ts";
import { bell, me } from "./store.ts";

const KEY = "shopbell.bell";
let leads = false;
let sound: AudioContext | null = null;
let opens: (id: string) => void = () => {};

export function armBell(open: (id: string) => void): void {
  opens = open;
  try {
    if (localStorage.getItem(KEY) === "on" && "Notification" in window) bell.value = Notification.permission === "granted" ? "on" : "off";
  } catch {
    // No storage: the bell is off until it is clicked.
  }
  void navigator.locks?.request(KEY, () => ((leads = true), new Promise(() => {})));
}

/** From a click only: browsers ask for nothing else. */
export async function toggleBell(): Promise<void> {
  if (bell.value === "on") bell.value = "off";
  else {
    sound ??= new AudioContext();
    const answer = "Notification" in window ? await Notification.requestPermission() : "denied";
    bell.value = answer === "granted" ? "on" : "denied";
    if (bell.value === "on") chime();
  }
  try {
    localStorage.setItem(KEY, bell.value);
  } catch {
    // Kept for this page only.
  }
}

function chime(): void {
  const context = (sound ??= new AudioContext());
  if (context.state === "suspended") return;
  for (const [tone, after] of [[784, 0], [1046, 0.14]] as const) {
    const wave = context.createOscillator();
    const gain = context.createGain();
    wave.frequency.value = tone;
    gain.gain.setValueAtTime(0.0001, context.currentTime + after);
    gain.gain.exponentialRampToValueAtTime(0.12, context.currentTime + after + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + after + 0.5);
    wave.connect(gain).connect(context.destination);
    wave.start(context.currentTime + after);
    wave.stop(context.currentTime + after + 0.55);
  }
}

/** Rings for a message in my conversation, for one that became mine, and for one that waits for anyone. */
export function ring(fact: Fact, row: LiveRow | null): void {
  if (!row || bell.value !== "on" || !leads || !document.hidden || Date.now() - Date.parse(fact.at) > 60_000) return;
  const mine = row.assignee?.id === me.value.id;
  const wanted =
    (fact.fact === "message_created" && fact.message.type === "incoming" && mine) ||
    (fact.fact === "conversation_assigned" && mine && fact.by?.id !== me.value.id) ||
    (fact.fact === "conversation_queued" && me.value.availability === "online");
  if (!wanted) return;
  chime();
  const notice = new Notification(callName(row.contact.name, row.visitor), {
    body: fact.fact === "conversation_queued" ? t("bell.queued") : (row.preview?.text ?? ""), tag: row.id,
  });
  notice.onclick = () => (window.focus(), opens(row.id), notice.close());
}
