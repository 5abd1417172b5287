// SPDX-License-Identifier: Apache-2.0
// `--check` and `--call=check|outline|targets[,format=json]`: text or JSON on standard output.

import { largest, printableLine } from "../../base/index.js";
import { describe, type BuildRequest, type Description } from "../../build.js";
import { formatExcerpt } from "../../dockerfile/index.js";
import { usageError } from "../options/values.js";
import { describeJson } from "./describe-json.js";
import { writeResultFile } from "./result-files.js";
import { subrequestsText } from "./subrequests.js";

export interface Call {
  readonly call: Description["call"] | "subrequests";
  readonly json: boolean;
}

/** What `--call` and `--check` ask for; undefined: an ordinary build. */
export function parseCall(call: string | undefined, check: boolean | undefined): Call | undefined {
  if (call === undefined || call === "build")
    return check === true ? { call: "check", json: false } : undefined;
  const [name = "", ...options] = call.replace(/^subrequests\./, "").split(",");
  const json = options.includes("format=json");
  const unknown = options.find((option) => !/^format=(?:json|text)$/.test(option));
  const known = name === "lint" ? "check" : name === "describe" ? "subrequests" : name;
  if (
    unknown !== undefined ||
    (known !== "check" && known !== "outline" && known !== "targets" && known !== "subrequests")
  )
    throw usageError(
      "--call",
      call,
      "expected check, outline, targets or subrequests.describe, and format=json or format=text",
    );
  return { call: known, json };
}

/** Prints the description; exit code 1 when checks found something. `metadataFile` gets it as JSON, under `result.json`. */
export async function describeCommand(
  { call, json }: Call,
  request: BuildRequest,
  metadataFile: string | undefined,
): Promise<number> {
  if (call === "subrequests") {
    process.stdout.write(subrequestsText(json));
    return 0;
  }
  const description = await describe(call, request);
  if (metadataFile !== undefined)
    await writeResultFile(
      "--metadata-file",
      metadataFile,
      describeJson(description, "result.json"),
    );
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  if (json) write(describeJson(description));
  switch (description.call) {
    case "check":
      if (!json) write(checkText(description.report));
      break;
    case "outline":
      if (!json) write(outlineText(description.outline));
      break;
    case "targets":
      if (!json) write(targetsText(description.targets));
      break;
  }
  return exitCodeOf(description);
}

/** 1 when checks found something. */
export function exitCodeOf(description: Description): number {
  if (description.call !== "check") return 0;
  const { findings, error } = description.report;
  return findings.length > 0 || error !== undefined ? 1 : 0;
}

type Report = Extract<Description, { call: "check" }>["report"];

function checkText({ findings, error }: Report): string {
  if (findings.length === 0 && error === undefined) return "Check complete, no warnings found.\n";
  const lines = findings.length === 0 ? [] : [`Check complete, ${counted(findings.length)} found!`];
  for (const { rule, message, summary, url, location } of findings)
    lines.push(
      "",
      printableLine(`WARNING: ${rule} - ${url}`),
      printableLine(summary),
      printableLine(message),
      "",
      formatExcerpt(location),
    );
  if (error !== undefined) {
    if (error.location !== undefined) lines.push("", formatExcerpt(error.location));
    lines.push(printableLine(`ERROR: ${error.message}`));
  }
  return lines.join("\n") + "\n";
}

function counted(count: number): string {
  return count === 1 ? "1 warning has been" : `${count} warnings have been`;
}

type Outline = Extract<Description, { call: "outline" }>["outline"];

function outlineText({ name, description, args, secrets, ssh, caches }: Outline): string {
  const lines = [`TARGET:      ${name ?? "(default)"}`];
  if (description !== undefined) lines.push(`DESCRIPTION: ${description}`);
  lines.push(
    ...section(
      "BUILD ARG",
      ["VALUE", "DESCRIPTION"],
      args.map((arg) => [arg.name, arg.value ?? "", arg.description ?? ""]),
    ),
  );
  const mounts = (list: Outline["secrets"]): string[][] =>
    list.map(({ id, required }) => [id, required ? "true" : "false"]);
  lines.push(...section("SECRET", ["REQUIRED"], mounts(secrets)));
  lines.push(...section("SSH", ["REQUIRED"], mounts(ssh)));
  lines.push(...section("CACHE", ["REQUIRED"], mounts(caches)));
  return lines.map((line) => `${printableLine(line)}\n`).join("");
}

function targetsText(targets: Extract<Description, { call: "targets" }>["targets"]): string {
  const rows = targets.map(({ name, description, ...target }) => [
    (name ?? "(unnamed)") + (target.default ? " (default)" : ""),
    target.base,
    description ?? "",
  ]);
  return section("TARGET", ["BASE", "DESCRIPTION"], rows)
    .slice(1)
    .map((line) => `${printableLine(line)}\n`)
    .join("");
}

/** A table after a blank line; nothing for no rows. */
function section(
  first: string,
  others: readonly string[],
  rows: readonly (readonly string[])[],
): string[] {
  if (rows.length === 0) return [];
  const table = [[first, ...others], ...rows];
  const widths = [first, ...others].map((_, i) =>
    largest(
      table.map((row) => row[i]?.length ?? 0),
      0,
    ),
  );
  return [
    "",
    ...table.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("   ")
        .trimEnd(),
    ),
  ];
}
