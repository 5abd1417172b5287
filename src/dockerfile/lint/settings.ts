// SPDX-License-Identifier: Apache-2.0
// What may be said about build checks: `skip=A,B;error=true;experimental=all`, in the check directive, in a build argument,
// or (skip and experimental) in a comment above an instruction.

import { parseBoolean } from "../../base/index.js";
import { fail } from "../errors.js";
import { directiveSpan } from "../tree.js";
import type { CheckSettings, Source } from "../types.js";
import type { SourceRange } from "../../base/index.js";

export const defaultCheckSettings: CheckSettings = { skip: [], error: false, experimental: [] };

function names(value: string): readonly string[] | "all" {
  const text = value.trim();
  if (text === "all") return "all";
  return text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** Parses check options. Undefined with the part that is wrong: `bad`. */
function parseOptions(text: string): { settings: CheckSettings } | { bad: string } {
  let settings = defaultCheckSettings;
  // `skip=all // reason`: the reason is not part of the options.
  for (const part of text.replace(/\s+\/\/.*$/su, "").split(";")) {
    if (part.trim() === "") continue;
    const equals = part.indexOf("=");
    const key = (equals === -1 ? part : part.slice(0, equals)).trim();
    const value = part.slice(equals + 1);
    if (equals === -1) return { bad: part.trim() };
    if (key === "skip") settings = { ...settings, skip: names(value) };
    else if (key === "experimental") settings = { ...settings, experimental: names(value) };
    else if (key === "error") {
      const error = parseBoolean(value.trim());
      if (error === undefined) return { bad: part.trim() };
      settings = { ...settings, error };
    } else return { bad: part.trim() };
  }
  return { settings };
}

/** Parses the value of a check directive or of BUILDKIT_DOCKERFILE_CHECK. Errors: DOCKERFILE_CHECK at `range`. */
export function parseCheckSettings(
  text: string,
  source: Source,
  range: SourceRange,
): CheckSettings {
  const result = parseOptions(text);
  if ("settings" in result) return result.settings;
  return fail(
    "DOCKERFILE_CHECK",
    `invalid check option ${JSON.stringify(result.bad)}`,
    source,
    range,
    {
      hint: "Options are skip=RULE,... or skip=all, error=true|false, experimental=RULE,... or all, joined by ';'.",
    },
  );
}

function merge(
  a: readonly string[] | "all",
  b: readonly string[] | "all",
): readonly string[] | "all" {
  return a === "all" || b === "all" ? "all" : [...a, ...b];
}

/** The settings for one instruction: those of the file plus what a `# check=skip=...` comment above it adds. */
export function withComments(settings: CheckSettings, comments: readonly string[]): CheckSettings {
  for (const comment of comments) {
    if (!comment.toLowerCase().startsWith("check")) continue;
    const line = `#${comment}`;
    const span = directiveSpan(line);
    if (
      span?.value === undefined ||
      line.slice(span.name.start, span.name.end).toLowerCase() !== "check"
    )
      continue;
    const result = parseOptions(line.slice(span.value.start).trim());
    // A comment that is no valid option is just a comment.
    if (!("settings" in result)) return settings;
    return {
      ...settings,
      skip: merge(settings.skip, result.settings.skip),
      experimental: merge(settings.experimental, result.settings.experimental),
    };
  }
  return settings;
}
