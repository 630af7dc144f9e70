// Builds dist/: loader.js (stable name), hashed chunks of the app, its languages and the console, precompressed copies
// beside each, and manifest.json. `--tests` and `--gallery` build into node_modules/.cache and touch dist/ not at all.

import { build, context } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { onlyPolling, slimSocketIo } from "./slim.mjs";

export const here = dirname(fileURLToPath(import.meta.url));
export const dist = join(here, "dist");
const cache = join(here, "node_modules", ".cache");

/** Drops custom properties that the sheet declares and never uses: each view takes only its share of the tokens. */
function prune(css) {
  const next = css.replace(/(--[\w-]+):[^;{}]*(;|(?=\}))/g, (whole, name) => (css.includes(`var(${name}`) ? whole : ""));
  return next === css ? css : prune(next);
}

/** A style sheet imported by a script becomes its minified text, for a constructable style sheet. */
const cssText = {
  name: "css-text",
  setup(b) {
    b.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const made = await build({ entryPoints: [path], bundle: true, minify: true, write: false, target: ["chrome123", "safari17.5", "firefox120"] });
      return { contents: prune(made.outputFiles[0].text.trim()), loader: "text", watchDirs: [dirname(path)] };
    });
  },
};

const common = {
  absWorkingDir: here, bundle: true, minify: true, target: "es2023", platform: "browser", legalComments: "none", charset: "utf8",
  jsx: "transform", jsxFactory: "h", jsxFragment: "Fragment", inject: [join(here, "shared/jsx.ts")],
  tsconfigRaw: { compilerOptions: { target: "es2023", verbatimModuleSyntax: true } }, logLevel: "warning",
};
const browser = { ...common, format: "esm", plugins: [slimSocketIo, cssText] };

const hash = (text) => createHash("sha256").update(text).digest("hex").slice(0, 10);
const readJson = async (path) => JSON.parse(await readFile(path, "utf8"));

/** All languages: {en: {key: text}}. */
export async function languages() {
  const folder = join(here, "locales");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  return Object.fromEntries(await Promise.all(files.map(async (f) => [basename(f, ".json"), await readJson(join(folder, f))])));
}

/** The few strings that are needed before a language is loaded: the launcher's name, and the nudge's two buttons. */
const labels = (all) => Object.fromEntries(Object.entries(all).map(([tag, m]) => [tag, m.chat]).filter(([, text]) => text !== "Chat"));
const nudgeStrings = (all) => Object.fromEntries(Object.entries(all).map(([tag, m]) => [tag, [m.reply, m.dismiss]]));

async function buildDist() {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  const manifest = {};
  const all = await languages();
  // One hash for all languages: the app names them all, and each hash of its own would cost it ten bytes that do not compress.
  const edition = hash(JSON.stringify(all));
  for (const [tag, messages] of Object.entries(all)) {
    manifest[`locale-${tag}.js`] = `locale-${tag}-${edition}.js`;
    await writeFile(join(dist, manifest[`locale-${tag}.js`]), `export default ${JSON.stringify(messages)}`);
  }
  const hashed = { ...browser, outdir: dist, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]", metafile: true };
  const note = ({ metafile }) => {
    for (const [file, out] of Object.entries(metafile.outputs))
      if (out.entryPoint) manifest[basename(file).replace(/-[A-Z0-9]+(\.\w+)$/, "$1")] = basename(file);
  };
  const one = async (name, entry, define, more = {}) => note(await build({ ...hashed, ...more, entryPoints: { [name]: entry }, define }));
  const quoted = (name) => JSON.stringify(manifest[`${name}.js`]);
  await one("extra", "shopper/extra.ts", { __STRINGS__: JSON.stringify(nudgeStrings(all)) }, { inject: [] });
  await one("cards", "shopper/cards/main.tsx", {}, { inject: [join(here, "shopper/cards/jsx.ts")] });
  await one("fallback", "shopper/fallback/main.ts", {}, { plugins: [onlyPolling], inject: [] });
  await one("orders", "shopper/orders/main.tsx", {}, { inject: [join(here, "shopper/cards/jsx.ts")] });
  const chunks = { __EXTRA__: quoted("extra"), __CARDS__: quoted("cards"), __ORDERS__: quoted("orders"), __FALLBACK__: quoted("fallback") };
  await one("app", "shopper/app/main.tsx", { __LOCALES__: JSON.stringify(Object.keys(all)), __EDITION__: JSON.stringify(edition), ...chunks }, { mangleProps: /^_[a-zA-Z]/, reserveProps: /^_(destroy|reconnecting)$/ });
  await build({
    ...browser, format: "iife", inject: [], entryPoints: ["shopper/loader.ts"], outfile: join(dist, "loader.js"),
    define: { __APP__: quoted("app"), __EXTRA__: quoted("extra"), __LABELS__: JSON.stringify(labels(all)) },
  });
  manifest["loader.js"] = "loader.js";
  if (existsSync(join(here, "console/main.tsx")))
    note(await build({ ...hashed, plugins: [slimSocketIo], splitting: true, entryPoints: { console: "console/main.tsx" } }));
  if (existsSync(join(here, "console/theme.ts")))
    note(await build({ ...hashed, plugins: [], inject: [], format: "iife", entryPoints: { "console-theme": "console/theme.ts" } }));
  const sheets = (await readdir(join(here, "console"))).filter((f) => f.endsWith(".css"));
  if (sheets.length)
    note(await build({ ...hashed, plugins: [], inject: [], target: undefined, entryPoints: sheets.map((f) => `console/${f}`) }));
  await writeFile(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const name of await readdir(dist)) {
    if (!/\.(js|css)$/.test(name)) continue;
    const body = await readFile(join(dist, name));
    await writeFile(join(dist, `${name}.gz`), gzipSync(body, { level: 9 }));
    await writeFile(join(dist, `${name}.br`), brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }
  return manifest;
}

async function walk(folder, ending) {
  if (!existsSync(folder)) return [];
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => ending.test(name)).map((name) => join(folder, name));
}

/** Tests run in Node: bundled, with packages left outside. */
async function buildTests() {
  const out = join(cache, "shopbell-tests");
  await rm(out, { recursive: true, force: true });
  const entries = [...(await walk(join(here, "test"), /\.test\.tsx?$/)), ...(await walk(join(here, "console"), /\.test\.tsx?$/))];
  await build({
    ...common, minify: false, sourcemap: "inline", platform: "node", format: "esm", packages: "external", plugins: [cssText], outdir: out, outbase: here,
    outExtension: { ".js": ".mjs" }, define: { __LOCALES__: "[]", __EDITION__: '""', __WIDGET__: JSON.stringify(here) },
    entryPoints: Object.fromEntries(entries.map((e) => [relative(here, e).replace(/[/\\]/g, "-").replace(/\.tsx?$/, ""), e])),
  });
}

/** Pages that show every state from scripted data: test/gallery.* and console/gallery/*, each with its page beside it. */
async function buildGallery() {
  const out = join(cache, "shopbell-gallery");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const pages = [...(await walk(join(here, "test"), /gallery\.html$/)), ...(await walk(join(here, "console/gallery"), /\.html$/))];
  for (const page of pages) {
    const own = relative(here, page).startsWith("test");
    const script = page.replace(/\.html$/, ".tsx");
    const name = own ? "shopper" : `console-${basename(page, ".html")}`;
    if (existsSync(script))
      await build({
        ...browser, ...(own ? {} : { plugins: [] }), minify: false, entryPoints: { [name]: script }, outdir: out,
        define: { __LOCALES__: "[]", __EDITION__: '""', __ALL_LOCALES__: JSON.stringify(await languages()), __STRINGS__: JSON.stringify(nudgeStrings(await languages())) },
      });
    await writeFile(join(out, `${name}.html`), await readFile(page));
  }
  for (const sheet of await walk(join(here, "console"), /^[a-z]+\.css$/))
    await build({ ...browser, plugins: [], inject: [], target: undefined, entryPoints: [sheet], outdir: out });
  return out;
}

const flags = new Set(process.argv.slice(2));
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (flags.has("--tests")) await buildTests();
  else if (flags.has("--gallery")) console.log(await buildGallery());
  else if (flags.has("--watch")) {
    // Rebuilds all of it when any source changes: a build takes well under a second.
    const rebuild = { name: "rebuild", setup: (b) => b.onEnd(async () => { await buildDist(); console.log("built"); }) };
    const entry = existsSync(join(here, "console/main.tsx")) ? ["shopper/app/main.tsx", "console/main.tsx"] : ["shopper/app/main.tsx"];
    const watching = await context({ ...browser, write: false, outdir: dist, entryPoints: entry, plugins: [slimSocketIo, cssText, rebuild], define: { __LOCALES__: "[]", __EDITION__: '""' } });
    await watching.watch();
  } else {
    const manifest = await buildDist();
    for (const name of Object.values(manifest)) {
      const gz = join(dist, `${name}.gz`);
      if (existsSync(gz)) console.log(`${name.padEnd(28)} ${(await readFile(gz)).length} B gzip`);
    }
  }
}
