// SPDX-License-Identifier: Apache-2.0
// Writes docs/errors.md from the error codes that every room declares in its errors.ts (compiled, in dist/).

import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lines = [
  "# Errors",
  "",
  "Every error has a stable code. The command line prints the message first, then the place in the Dockerfile where there is one, then a hint; `--debug`",
  "adds the code, the chain of causes and the stack. Exit codes: 1 the build failed, 2 wrong usage, 3 this machine cannot build, 130 interrupted.",
  "",
  "This page is written by `npm run gen` from the `errors.ts` of each room.",
];
for (const room of (await readdir(join(root, "src"))).sort()) {
  const source = join(root, "src", room, "errors.ts");
  if (room === "base" || !(await stat(source).catch(() => undefined))) continue;
  const module = await import(pathToFileURL(join(root, "dist", room, "errors.js")).href);
  const codes = module[`${room}ErrorCodes`];
  if (codes === undefined) throw new Error(`src/${room}/errors.ts exports no ${room}ErrorCodes`);
  lines.push("", `## ${room}`, "", "| code | meaning |", "| --- | --- |");
  for (const [code, meaning] of Object.entries(codes).sort(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(`| \`${code}\` | ${meaning.replaceAll("|", "\\|")} |`);
}
await mkdir(join(root, "docs"), { recursive: true });
const page = join(root, "docs", "errors.md");
const options = { ...(await resolveConfig(page)), parser: "markdown" };
await writeFile(page, await format(lines.join("\n"), options));
