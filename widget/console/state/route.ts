// The open conversation in the address, so that a reload, a bookmark and the browser's own "back" find it.
import { effect } from "@preact/signals";
import { leave, open } from "./actions.ts";
import { openId } from "./store.ts";

const inAddress = (): string | null => /^#\/(cnv_[0-9a-z]+)$/.exec(location.hash)?.[1] ?? null;

/** Opens what the address names, and keeps both in step from then on. */
export function follow(): void {
  const first = inAddress();
  if (first) open(first);
  addEventListener("popstate", () => {
    const id = inAddress();
    if (id) open(id);
    else leave();
  });
  effect(() => {
    const id = openId.value;
    const shown = inAddress();
    if (id === shown) return;
    if (id && shown) history.replaceState(history.state, "", `#/${id}`);
    else if (id) history.pushState("opened", "", `#/${id}`);
    else if (history.state === "opened") history.back();
    else history.replaceState(null, "", location.pathname);
  });
}
