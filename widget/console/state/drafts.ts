// What was typed and not sent, per conversation and mode, kept over a reload. Storage that refuses costs only the reload.
export type Mode = "reply" | "note";
const PREFIX = "shopbell.draft.";
const kept = new Map<string, string>();
const keyOf = (agent: string, conversation: string, mode: Mode): string => `${PREFIX}${agent}.${conversation}.${mode}`;

export function readDraft(agent: string, conversation: string, mode: Mode): string {
  const key = keyOf(agent, conversation, mode);
  if (kept.has(key)) return kept.get(key) ?? "";
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

export function writeDraft(agent: string, conversation: string, mode: Mode, text: string): void {
  const key = keyOf(agent, conversation, mode);
  kept.set(key, text);
  try {
    if (text.trim() === "") localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // Refused or full: the draft lives in memory until the page goes.
  }
}

/** Forget drafts of a conversation that is over. */
export function dropDrafts(agent: string, conversation: string): void {
  writeDraft(agent, conversation, "reply", "");
  writeDraft(agent, conversation, "note", "");
}
