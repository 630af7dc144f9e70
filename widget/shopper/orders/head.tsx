// The bar above list and order: back, what this is, close.

import type { VNode } from "preact";
import type { Scene } from "../app/ui.ts";
import type { Act } from "./state.ts";

export function Head({ title, back, onBack, scene, act }: { title: string; back: string; onBack: () => void; scene: Scene; act: Act }): VNode {
  return (
    <div class="head ohead">
      <button class="x flip" aria-label={back} onClick={onBack}><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M15 5l-7 7 7 7" /></svg></button>
      <div><h2 tabIndex={-1}>{title}</h2></div>
      <button class="x" aria-label={scene.t("close")} onClick={act.leave}><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18" /></svg></button>
    </div>
  );
}
