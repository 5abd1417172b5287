// SPDX-License-Identifier: Apache-2.0
// `tsbuild explain`, and `--explain-cache` of a build: for each step, whether the cache has it, and why not.

import { printable, printableJson } from "../../base/index.js";
import { explainBuild, type StepExplanation } from "../../build/explain.js";
import type { BuildRequest } from "../../build.js";
import { formatAge } from "../human.js";

const labels: Readonly<Record<StepExplanation["outcome"], string>> = {
  hit: "HIT ",
  content: "HIT ",
  miss: "MISS",
};

/** Writes the explanation as text or, for programs, one JSON object per step and line. */
export async function explainCommand(
  request: BuildRequest,
  options: { readonly json: boolean; readonly write: (text: string) => void },
): Promise<void> {
  const steps = await explainBuild(request);
  for (const step of steps)
    options.write(options.json ? `${printableJson(step)}\n` : stepText(step, Date.now()));
}

function stepText({ name, outcome, reasons, compared }: StepExplanation, now: number): string {
  const lines = [`${labels[outcome]}  ${oneLine(name)}`];
  if (outcome === "content") lines.push("        what it reads is the same as before");
  if (compared !== undefined)
    lines.push(
      compared.name === name
        ? `        compared with its run ${formatAge(compared.createdAt, now)}`
        : `        compared with ${oneLine(compared.name)}, run ${formatAge(compared.createdAt, now)}`,
    );
  for (const { text, lines: details } of reasons) {
    lines.push(`        ${oneLine(text)}`);
    for (const detail of details) lines.push(`          ${oneLine(detail)}`);
  }
  return `${lines.join("\n")}\n`;
}

function oneLine(text: string): string {
  return printable(text).replaceAll(/\s*\n\s*/g, " ⏎ ");
}
