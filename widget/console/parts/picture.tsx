// A product's picture from the shop, or a drawn parcel where there is none that we may show. Tells the shop nothing of this page.
import { safeHref } from "../../shared/text.ts";
import { Icon } from "../icons.tsx";

export function Picture({ url, size }: { url: string | null; size: number }) {
  const safe = url ? safeHref(url) : null;
  return safe ? <img src={safe} alt="" width={size} height={size} loading="lazy" referrerpolicy="no-referrer" /> : <span class="ph"><Icon name="parcel" size={size / 2} /></span>;
}
