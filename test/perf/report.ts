// SPDX-License-Identifier: Apache-2.0
// What the samples say: medians, ratios, and whether a row's goals are met; as text and as docs/performance.md.

import type { ToolResult } from "./compare.js";
import type { Measured } from "./measure.js";
import type { Goal, GrowthRow, Row } from "./scenario.js";

export type RowReport =
  | { readonly kind: "compared"; readonly row: Row; readonly tools: readonly ToolResult[] }
  | {
      readonly kind: "grown";
      readonly row: GrowthRow;
      readonly small: ToolResult;
      readonly large: ToolResult;
    }
  | { readonly kind: "skipped"; readonly row: Row; readonly reason: string };

/** What a report says of itself. */
export interface Circumstances {
  readonly date: string;
  readonly machine: string;
  readonly runs: number;
  readonly quick: boolean;
  /** Name and version of each builder. */
  readonly builders: readonly { readonly name: string; readonly version: string }[];
  readonly absent: readonly string[];
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

const medianOf = (tool: ToolResult, field: keyof Measured): number =>
  median(tool.samples.map((sample) => sample[field]));
const largest = (tool: ToolResult): number => Math.max(...tool.samples.map(({ memory }) => memory));

function fastest(tools: readonly ToolResult[]): ToolResult | undefined {
  return tools
    .filter(({ samples }) => samples.length > 0)
    .sort((a, b) => medianOf(a, "wall") - medianOf(b, "wall"))[0];
}

const MB = 1024 * 1024;
const time = (value: number): string => value.toFixed(value < 10 ? 2 : 1);
const megabytes = (bytes: number): string => (bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0);

/** One goal in words, with what was measured and the verdict. */
function judge(goal: Goal, tools: readonly ToolResult[]): string {
  const own = tools.find(({ name, samples }) => name === "tsbuild" && samples.length > 0);
  if (own === undefined) return "tsbuild failed";
  const wall = medianOf(own, "wall");
  const verdict = (met: boolean): string => (met ? "met" : "**missed**");
  const peer = fastest(tools.filter(({ name, kind }) => kind === "builder" && name !== "tsbuild"));
  const floor = fastest(tools.filter(({ kind }) => kind === "floor"));
  switch (goal.kind) {
    case "peer": {
      if (peer === undefined) return `at most ${goal.factor} x the best peer: no peer here`;
      const ratio = wall / medianOf(peer, "wall");
      return `at most ${goal.factor} x the best peer: ${ratio.toFixed(2)} x ${peer.name}, ${verdict(ratio <= goal.factor)}`;
    }
    case "floor": {
      if (floor === undefined) return `at most ${goal.factor} x the floor: no floor here`;
      const ratio = wall / medianOf(floor, "wall");
      return `at most ${goal.factor} x the floor: ${ratio.toFixed(2)} x ${floor.name}, ${verdict(ratio <= goal.factor)}`;
    }
    case "over-floor": {
      if (floor === undefined) return `at most ${goal.seconds} s over the floor: no floor here`;
      const over = wall - medianOf(floor, "wall");
      return `at most ${goal.seconds} s over the floor: ${over.toFixed(2)} s over ${floor.name}, ${verdict(over <= goal.seconds)}`;
    }
    case "memory":
      return `memory under ${megabytes(goal.bytes)} MB: ${megabytes(largest(own))} MB, ${verdict(largest(own) < goal.bytes)}`;
  }
}

const header = ["tool", "wall s", "of tsbuild's", "CPU s", "memory MB", "output MB", "runs"];

function cells(tool: ToolResult, own: ToolResult | undefined, name = tool.name): string[] {
  if (tool.samples.length === 0) return [name, "failed", "", "", "", "", "0"];
  const wall = medianOf(tool, "wall");
  const ratio = own === undefined || own.samples.length === 0 ? NaN : wall / medianOf(own, "wall");
  return [
    tool.kind === "floor" ? `(${name})` : name,
    time(wall),
    Number.isNaN(ratio) ? "" : `${ratio.toFixed(2)} x`,
    time(medianOf(tool, "cpu")),
    megabytes(largest(tool)),
    tool.outputBytes === 0 ? "" : megabytes(tool.outputBytes),
    String(tool.samples.length),
  ];
}

/** A Markdown table with aligned columns. */
function table(lines: readonly (readonly string[])[]): string {
  const widths = header.map((_, column) =>
    Math.max(3, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const print = (line: readonly string[]): string =>
    `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`;
  const [first = [], ...rest] = lines;
  return [print(first), rule, ...rest.map(print)].join("\n");
}

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.trim() ?? "";

function body(report: RowReport): { readonly rows: string[][]; readonly notes: string[] } {
  switch (report.kind) {
    case "skipped":
      return { rows: [], notes: [`Not run: ${report.reason}.`] };
    case "grown": {
      const { row, small, large } = report;
      const ratio = medianOf(large, "wall") / medianOf(small, "wall");
      const verdict = ratio <= row.atMost ? "met" : "**missed**";
      return {
        rows: [cells(small, small, "tsbuild, small"), cells(large, small, "tsbuild, large")],
        notes: [`at most ${row.atMost} x the time: ${ratio.toFixed(1)} x, ${verdict}`],
      };
    }
    case "compared": {
      const { row, tools } = report;
      const own = tools.find(({ name }) => name === "tsbuild");
      const failures = tools.flatMap(({ name, failure }) =>
        failure === undefined ? [] : [`${name} failed: ${lastLine(failure)}`],
      );
      return {
        rows: tools.map((tool) => cells(tool, own)),
        notes: [...row.goals.map((goal) => judge(goal, tools)), ...failures],
      };
    }
  }
}

/** One row as Markdown; the terminal shows the same. */
export function rowText(report: RowReport): string {
  const { rows, notes } = body(report);
  const parts = [`### ${report.row.name}: ${report.row.work}`];
  if (rows.length > 0) parts.push(table([header, ...rows]));
  parts.push(notes.map((note) => `- ${note}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

/** A row's part of the document, by the row's name. */
type Parts = ReadonlyMap<string, string>;

/** Goals that were missed, by row. */
function losses(parts: Parts): string[] {
  return [...parts].flatMap(([name, text]) =>
    [...text.matchAll(/^- (.*\*\*missed\*\*.*)$/gm)].map(([, note = ""]) => `- ${name}: ${note}`),
  );
}

/** What figures have to have in common to stand in one document. */
function setting({ machine, runs, quick }: Circumstances): string {
  return `${machine}. Each figure is the median of ${runs} runs${quick ? " **with tiny inputs (--quick): the figures mean nothing**" : ""}.`;
}

function conditions(about: Circumstances): string {
  const lines = about.builders.map(({ name, version }) => `- ${name} ${version}`);
  return `${setting(about)}

${lines.join("\n")}
${about.absent.map((reason) => `- not compared: ${reason}\n`).join("")}`;
}

/** Whether rows that were written before fit: one more builder may run now, and none less or in another version. */
function fits(text: string, about: Circumstances): boolean {
  const before = [...text.slice(0, text.indexOf("\n## ")).matchAll(/^- (?!not compared)(.*)$/gm)];
  const now = new Set(about.builders.map(({ name, version }) => `${name} ${version}`));
  return text.includes(setting(about)) && before.every(([, builder = ""]) => now.has(builder));
}

/**
 * The rows of a document that was written before, for one in which only some are measured anew. Throws where the machine
 * or the number of runs were others, or a builder was there that is not now.
 */
export function partsOf(text: string, about: Circumstances): Parts {
  if (!fits(text, about))
    throw new Error(
      "the rows in the file were measured under other conditions: measure all of them",
    );
  const date = / on (\S+); not edited by hand/.exec(text)?.[1] ?? about.date;
  const parts = text.slice(text.indexOf("## Rows")).split(/^(?=### )/m);
  return new Map(
    parts.slice(1).map((part) => {
      const dated = date === about.date || part.includes("- measured on ");
      const name = /^### ([\w-]+)/.exec(part)?.[1] ?? "";
      return [name, `${part.trimEnd()}${dated ? "" : `\n- measured on ${date}`}\n`];
    }),
  );
}

/** docs/performance.md. `before`: rows that stay as they are unless they are among the reports. */
export function document(
  reports: readonly RowReport[],
  about: Circumstances,
  before: Parts = new Map(),
): string {
  const parts = new Map(before);
  for (const report of reports) parts.set(report.row.name, rowText(report));
  const missed = losses(parts);
  return `# Performance

Written by \`npm run bench -- --write docs/performance.md\` on ${about.date}; not edited by hand.

${conditions(about)}
## How it is measured

- Every tool runs once a round, in turn, so that what else the machine does meets all of them; the order rotates. Before a row the kernel's
  caches are emptied (as root), and what a tool wrote is removed before its own next run or after the row: ext4 makes new files
  slowly for a minute after many were deleted, and whoever comes next would pay for that.
- A cold run starts with an empty store that has the base images. A row where nothing changed builds once, untimed, before.
- All builders write an OCI tarball with layers in gzip, or all uncompressed where a row says so. Buildah compresses in a second command, \`push\`.
- CPU is user and system time of the command, its children and its daemons.
- Memory is the largest sum of resident pages of the command, its children and its daemons, sampled every 40 ms. Pages that
  processes share count once for each.
- NODE_EXTRA_CA_CERTS is not set: with it Node parses all those certificates at every start (35 ms for Debian's), and no
  row needs them.
- Floors, in parentheses, are plain tools that do the part of the work that cannot be avoided.

## Where a goal is missed

${missed.length === 0 ? "Nowhere among the rows that ran." : missed.join("\n")}

## Rows

${[...parts.values()].join("\n")}`;
}
