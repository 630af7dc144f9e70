// Products in a reply: found in the shop's catalogue, put above the field, sent as cards by their ids. What a card shows is the server's word.
import { useEffect, useRef } from "preact/hooks";
import { effect, signal } from "@preact/signals";
import type { CatalogueProduct } from "../../shared/wire.ts";
import { attach, attached, detach, isFull, MOST } from "../state/attached.ts";
import { port } from "../state/port.ts";
import { openId } from "../state/store.ts";
import { money, t } from "../words.ts";
import { Picture } from "./picture.tsx";
import { Chip, IconButton } from "./small.tsx";

const PAUSE = 180;
const shown = signal(false);
const words = signal("");
const found = signal<readonly CatalogueProduct[] | "loading" | "error">("loading");
const at = signal(0);
effect(() => {
  openId.value;
  shown.value = false;
});

let asked = 0;
async function look(): Promise<void> {
  const mine = ++asked;
  const query = new URLSearchParams({ q: words.value.slice(0, 200), ...(openId.value ? { conversation: openId.value } : {}) });
  if (!Array.isArray(found.value)) found.value = "loading";
  try {
    const { products } = await port.get<{ products: CatalogueProduct[] }>(`/v1/agent/products?${query}`);
    if (mine === asked) [found.value, at.value] = [products, 0];
  } catch {
    if (mine === asked) found.value = "error";
  }
}

/** `from` where the variants differ; nothing where the shop tells no price. */
export function priceOf(product: { price: number | null; price_to?: number | null; currency: string | null }): string {
  if (product.price === null || product.currency === null) return "";
  const price = money(product.price, product.currency);
  return product.price_to ? t("product.from", { price }) : price;
}

function Stock({ product }: { product: CatalogueProduct }) {
  if (!product.available) return <Chip tone="bad">{t("product.gone")}</Chip>;
  return product.stock === null ? <Chip tone="ok">{t("product.here")}</Chip> : <Chip tone={product.stock <= 3 ? "warn" : "ok"}>{t("product.stock", { n: product.stock })}</Chip>;
}

function Results({ choose }: { choose: (product: CatalogueProduct) => void }) {
  const list = found.value;
  if (list === "loading") return <p class="mut" role="status">{t("product.loading")}</p>;
  if (list === "error") return <p class="bad" role="alert">{t("product.error")} <button type="button" class="btn small" onClick={() => void look()}>{t("retry")}</button></p>;
  if (list.length === 0) return <p class="mut" role="status">{words.value.trim() ? t("product.none", { words: words.value.trim() }) : t("product.empty")}</p>;
  return (
    <ul role="listbox" id="product-list" aria-label={t("product.results")}>
      {list.map((product, place) => (
        <li
          role="option" id={`product-${place}`} aria-selected={place === at.value} key={product.id}
          onPointerMove={() => (at.value = place)} onPointerDown={(event) => event.preventDefault()} onClick={() => choose(product)}
        >
          <Picture url={product.image_url} size={40} />
          <span class="name"><b class="cut"><bdi>{product.name}</bdi></b>{product.category && <span class="mut cut"><bdi>{product.category}</bdi></span>}</span>
          <span class="worth"><b class="num">{priceOf(product)}</b><Stock product={product} /></span>
        </li>
      ))}
    </ul>
  );
}

function Picker({ close }: { close: () => void }) {
  const field = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    words.value = "";
    found.value = "loading";
    field.current?.focus();
    void look();
    const outside = (event: PointerEvent): void => void (box.current?.parentElement?.contains(event.target as Node) || (shown.value = false));
    document.addEventListener("pointerdown", outside);
    return () => (document.removeEventListener("pointerdown", outside), clearTimeout(timer.current));
  }, []);
  useEffect(() => document.getElementById(`product-${at.value}`)?.scrollIntoView({ block: "nearest" }), [at.value]);
  const choose = (product: CatalogueProduct): void => {
    if (openId.value) attach(openId.value, [product]);
    close();
  };
  const list = Array.isArray(found.value) ? (found.value as CatalogueProduct[]) : [];
  return (
    <div class="picker" role="dialog" aria-label={t("product.add")} ref={box}>
      <input
        type="search" ref={field} role="combobox" list={undefined} aria-expanded={list.length > 0} aria-controls="product-list" aria-autocomplete="list" autocomplete="off" maxLength={200} dir="auto"
        aria-activedescendant={list.length ? `product-${at.value}` : undefined} placeholder={t("product.search")} aria-label={t("product.search")} value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
          clearTimeout(timer.current);
          timer.current = setTimeout(() => void look(), PAUSE);
        }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Escape") close();
          else if (event.key === "Enter") list[at.value] && choose(list[at.value]!);
          else if (event.key === "ArrowDown" || event.key === "ArrowUp") at.value = list.length ? (at.value + (event.key === "ArrowDown" ? 1 : list.length - 1)) % list.length : 0;
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <Results choose={choose} />
    </div>
  );
}

/** The button in the composer's foot, and the list above it. */
export function ProductButton({ disabled, back }: { disabled: boolean; back: () => void }) {
  const open = shown.value && !disabled && !isFull.value;
  return (
    <span class="picker-wrap">
      <IconButton icon="parcel" label={t("product.add")} expanded={open} disabled={disabled || isFull.value} onClick={() => (shown.value = !open)} />
      {open && <Picker close={() => ((shown.value = false), back())} />}
    </span>
  );
}

/** What has been chosen: each with its price as it was found, and a way to take it out again; and that no more goes in, when none does. */
export function Attached({ back }: { back: () => void }) {
  if (attached.value.length === 0) return null;
  return (
    <div class="attached">
      <ul aria-label={t("product.attached")}>
        {attached.value.map((product) => (
          <li key={product.id}>
            <Picture url={product.image_url} size={28} /><b class="cut"><bdi>{product.name}</bdi></b><span class="mut num">{priceOf(product)}</span>
            <IconButton icon="x" size={14} kind="btn plain icon small" label={t("product.remove", { name: product.name })} onClick={() => openId.value && (detach(openId.value, product.id), back())} />
          </li>
        ))}
      </ul>
      {isFull.value && <p class={attached.value.length > MOST ? "bad" : "mut"} role="status">{t("product.most", { n: MOST })}</p>}
    </div>
  );
}
