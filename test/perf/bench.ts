// SPDX-License-Identifier: Apache-2.0
// The benchmark: `npm run bench -- [--row NAME ...] [--runs N] [--quick] [--peers NAME,...] [--write FILE] [--list]`.
// It prints figures and asserts none of them: the exit code is 1 only when tsbuild failed to build something.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { findBuilders } from "./builders.js";
import { compareRow, growRow, type CompareOptions } from "./compare.js";
import { document, partsOf, rowText, type Circumstances, type RowReport } from "./report.js";
import { growthRows, rows } from "./rows.js";

const { values } = parseArgs({
  options: {
    /** Only these rows. */
    row: { type: "string", multiple: true },
    runs: { type: "string" },
    /** Tiny inputs and one run. */
    quick: { type: "boolean", default: false },
    /** Only these peers, comma-separated; empty: none. */
    peers: { type: "string" },
    /** Write the report to this file. */
    write: { type: "string" },
    list: { type: "boolean", default: false },
  },
});

const all = [...rows, ...growthRows].map(({ name, work }) => ({ name, work }));
if (values.list) {
  for (const { name, work } of all) console.log(`${name.padEnd(16)} ${work}`);
  process.exit(0);
}
const unknown = values.row?.find((wanted) => !all.some(({ name }) => name === wanted));
if (unknown !== undefined) {
  console.error(`There is no row ${unknown} (see --list).`);
  process.exit(2);
}
const runs = Number(values.runs ?? (values.quick ? 1 : 5));
if (!Number.isInteger(runs) || runs < 1) {
  console.error("--runs wants a whole number above 0.");
  process.exit(2);
}

const found = findBuilders();
const peers = values.peers?.split(",");
const builders = found.builders.filter(
  ({ name }) => name === "tsbuild" || peers === undefined || peers.includes(name),
);
const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => {
    interruption.abort(new Error(`ended by ${name}`));
  });
const options: CompareOptions = {
  signal: interruption.signal,
  builders,
  runs,
  size: values.quick ? "quick" : "full",
  progress: (message) => {
    console.error(message);
  },
};
const fileSystem = execFileSync("findmnt", ["-nro", "FSTYPE", "--target", tmpdir()], {
  encoding: "utf8",
}).trim();
const about: Circumstances = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} x ${cpus()[0]?.model ?? "CPU"}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, ${fileSystem}, Node ${process.version}`,
  runs,
  quick: values.quick,
  builders: builders.map(({ name, version }) => ({ name, version })),
  absent: found.absent,
};

// Rows that are not measured now stay in the file.
const before =
  values.write !== undefined && values.row !== undefined && existsSync(values.write)
    ? partsOf(readFileSync(values.write, "utf8"), about)
    : undefined;

const reports: RowReport[] = [];
const add = (report: RowReport): void => {
  reports.push(report);
  console.log(rowText(report));
};
const wanted = (name: string): boolean => values.row?.includes(name) ?? true;
async function runRows(): Promise<void> {
  for (const row of rows) {
    if (!wanted(row.name)) continue;
    console.error(row.name);
    const reason = row.missing?.();
    if (reason !== undefined) {
      add({ kind: "skipped", row, reason });
      continue;
    }
    const tools = await compareRow(row, options);
    add({ kind: "compared", row, tools });
  }
  for (const row of growthRows) {
    if (!wanted(row.name)) continue;
    console.error(row.name);
    const { small, large } = await growRow(row, options);
    add({ kind: "grown", row, small, large });
  }
}

try {
  await runRows();
} catch (error) {
  if (!interruption.signal.aborted) throw error;
  console.error(String(error));
  process.exit(130);
}
console.log(about.builders.map(({ name, version }) => `${name} ${version}`).join(", "));
for (const reason of about.absent) console.log(`not compared: ${reason}`);
if (values.write !== undefined) writeFileSync(values.write, document(reports, about, before));
const failed = reports.some((report) => {
  if (report.kind === "skipped") return false;
  const tools = report.kind === "grown" ? [report.small, report.large] : report.tools;
  return tools.some(({ name, failure }) => name === "tsbuild" && failure !== undefined);
});
process.exitCode = failed ? 1 : 0;
