// Watches the page and tells facts: page views, visible seconds, scroll depth, exit intent, form errors, GA4 pushes.
// Never reads what is typed. Walk c starts here.

export type Data = Record<string, unknown>;
export type Note = (kind: string, data: Data) => void;
type Field = HTMLInputElement;

const STEP_S = 15;
// An address that differs only in a plain fragment is the same page; "#/" and "#!" are addresses of their own.
const address = () => location.href.replace(/#(?![!/]).*/, "");

/** Starts to watch, once for each document; `shop` gets each ecommerce event that the page pushes. Returns `page` (a page view by hand) and `leave` (tells what is not told yet). */
export function watch(note: Note, shop: (entry: Data) => void) {
  const on = (name: string, listener: (event: never) => void) => addEventListener(name, listener as EventListener, true);
  // All are set by the first page view, below.
  let url!: string;
  let seconds!: number;
  let told!: number;
  let depth!: number;
  let leaving!: number;

  const leave = () => {
    if (seconds > told) note("dwell", { url, seconds: (told = seconds) });
  };
  const page = () => {
    leave();
    const referrer = url || document.referrer || undefined;
    url = address();
    seconds = told = depth = leaving = 0;
    note("page_view", { url, title: document.title, referrer });
  };
  // A page's title often follows its address.
  const moved = () => setTimeout(() => address() === url || page(), 60);
  const wrap = (object: object, name: string, before: (args: unknown[]) => void) => {
    const real = (object as Record<string, (...args: unknown[]) => unknown>)[name]!;
    (object as Data)[name] = function (...args: unknown[]) {
      before(args);
      return real.apply(this, args);
    };
  };
  const take = (entry: unknown) => {
    const { 0: first, 1: name, event } = (entry ?? {}) as Data;
    if (/_item|_cart|checkout|_info|purchase|search/.test((first === "event" ? name : event) as string)) shop(entry as Data);
  };

  wrap(history, "pushState", moved);
  wrap(history, "replaceState", moved);
  on("popstate", moved);
  setInterval(() => {
    if (document.hidden) return;
    if (!(++seconds % STEP_S)) leave();
    const quarter = (((scrollY + innerHeight) / document.documentElement.scrollHeight) * 4 + 0.2 | 0) * 25;
    if (scrollY && quarter > depth) note("scroll", { url, depth: (depth = quarter) });
  }, 1000);
  on("mouseout", (event: MouseEvent) => {
    if (!event.relatedTarget && event.clientY <= 0 && !leaving++) note("exit_intent", { url });
  });
  on("invalid", ({ target }: { target: Field }) => note("form_error", { form: target.form?.id ?? "", field: target.name || target.id }));

  page();
  const layer: unknown[] = ((window as { dataLayer?: unknown[] }).dataLayer ??= []);
  layer.forEach(take);
  wrap(layer, "push", (args) => args.forEach(take));
  return { page, leave };
}
