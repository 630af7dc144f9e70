// What the build puts in by name, and style sheets imported as text.
declare const __APP__: string;
declare const __EXTRA__: string;
declare const __LABELS__: Record<string, string>;
declare const __EDITION__: string;
declare const __LOCALES__: string[];
declare const __STRINGS__: Record<string, string[]>;
declare module "*.css" {
  const text: string;
  export default text;
}
declare const __CARDS__: string;
declare const __ORDERS__: string;
declare const __FALLBACK__: string;
