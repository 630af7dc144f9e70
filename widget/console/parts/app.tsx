// The whole console: the frame and its panes.
import { useEffect, useState } from "preact/hooks";
import { lookup, why } from "../state/orders.ts";
import { boot, ended, help, link, listLoad, openId, pane, panelOpen } from "../state/store.ts";
import { t } from "../words.ts";
import { List } from "./list.tsx";
import { Banner, Ended, Help, Toasts } from "./overlay.tsx";
import { Lookup, WhyStage } from "./order_dialogs.tsx";
import { Side } from "./panel.tsx";
import { Thread } from "./thread.tsx";
import { Rail, Top, Views } from "./topbar.tsx";

const GRACE_MS = 1_500;

/** A short break of the line is not worth a band across the page: it shows after a moment. */
function useLate(is: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    if (!is) return setLate(false);
    const timer = setTimeout(() => setLate(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [is]);
  return late;
}

export function App() {
  const away = useLate(link.value !== "online" && (listLoad.value === "ready" || link.value === "offline"));
  return (
    <>
      <div class="app" data-pane={pane.value} data-panel={panelOpen.value && openId.value ? "open" : "closed"}>
        <Rail />
        <Top />
        {away && <Banner />}
        <Views />
        <main class="panes">
          <h1 class="sr">{t("top.title")} – {boot.value.inbox.name}</h1>
          <List />
          <Thread />
          <Side />
        </main>
      </div>
      {help.value && <Help />}
      {lookup.value && <Lookup />}
      {why.value && <WhyStage />}
      {ended.value && <Ended />}
      <Toasts />
    </>
  );
}
