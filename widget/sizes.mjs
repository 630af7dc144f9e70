// The size gates: exact bytes after gzip of what dist/ holds. Fails with the figure when one is passed.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { dist } from "./build.mjs";

/** The app holds its style sheet, and needs one language: the largest one is counted with it in its own line. */
const GATES = { "loader.js": 3_000, "app.js": 25_000, "console.js": 60_000 };

const manifest = JSON.parse(await readFile(join(dist, "manifest.json"), "utf8"));
let failed = false;
for (const [name, limit] of Object.entries(GATES)) {
  if (!manifest[name]) {
    console.log(`${name}: not built`);
    failed ||= name !== "console.js";
    continue;
  }
  const size = gzipSync(await readFile(join(dist, manifest[name])), { level: 9 }).length;
  console.log(`${name.padEnd(12)} ${String(size).padStart(6)} of ${limit} B gzip${size > limit ? "  TOO LARGE" : ""}`);
  failed ||= size > limit;
}
process.exit(failed ? 1 : 0);
