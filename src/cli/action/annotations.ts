// SPDX-License-Identifier: Apache-2.0
// Annotations: commands to the runner, on standard output, that mark a run, or lines of the repository's files.

import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { isBelow } from "../../base/index.js";
import type { RunnerEnvironment } from "./inputs.js";

export interface Annotation {
  readonly kind: "error" | "warning";
  readonly text: string;
  /** Lines of a file of the workspace, counted from 1. */
  readonly place?: { readonly file: string; readonly line: number; readonly endLine: number };
}

/** The line that gives the command; neither its text nor a file's name can become another one. */
export function formatAnnotation({ kind, text, place }: Annotation): string {
  const properties = { title: "tsbuild", ...place };
  const fields = Object.entries(properties).map(
    ([name, value]) =>
      `${name}=${escape(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,
  );
  return `::${kind} ${fields.join(",")}::${escape(text)}\n`;
}

function escape(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** A warning in the file of --metadata-file: texts in base64. */
export interface BuildWarning {
  readonly short: string;
  readonly detail?: readonly string[];
  readonly url?: string;
  readonly sourceInfo?: { readonly filename: string };
  readonly range?: readonly { readonly start: { line: number }; readonly end: { line: number } }[];
}

/** What the build checks found, at its place where the Dockerfile is in the workspace. */
export function annotationOf(warning: BuildWarning, runner: RunnerEnvironment): Annotation {
  const { short, detail = [], url, sourceInfo, range = [] } = warning;
  const texts = [short, ...detail].map((text) => Buffer.from(text, "base64").toString());
  const text = [...texts, ...(url === undefined ? [] : [url])].join("\n");
  const [first] = range;
  const file = sourceInfo && dockerfileOf(sourceInfo.filename, runner);
  if (file === undefined || first === undefined) return { kind: "warning", text };
  const { line: endLine } = range.at(-1)?.end ?? first.end;
  return { kind: "warning", text, place: { file, line: first.start.line, endLine } };
}

/** Where the Dockerfile is in the workspace, if it is there. */
function dockerfileOf(name: string, runner: RunnerEnvironment): string | undefined {
  const workspace = runner["GITHUB_WORKSPACE"] ?? ".";
  const given = runner["INPUT_FILE"] ?? "";
  const path = resolve(workspace, given === "" ? join(runner["INPUT_CONTEXT"] ?? "", name) : given);
  return isBelow(path, workspace) && existsSync(path) ? relative(workspace, path) : undefined;
}
