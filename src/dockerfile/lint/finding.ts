// SPDX-License-Identifier: Apache-2.0
// What a check finds, whether it may be said (skip settings of the file and of comments), and what to do with all findings.

import { TsbuildError } from "../../base/index.js";
import type { SourceLocation, SourceRange } from "../../base/index.js";
import { locate } from "../errors.js";
import type { CheckSettings, Dockerfile } from "../types.js";
import { checkRules, checkUrl } from "./rules.js";
import type { CheckRuleName } from "./rules.js";
import { withComments } from "./settings.js";

/** One finding of a build check. */
export interface Finding {
  readonly rule: CheckRuleName;
  /** What was found here. */
  readonly message: string;
  /** What the rule is about. */
  readonly summary: string;
  readonly url: string;
  readonly location: SourceLocation;
}

/** Where a finding is: an instruction, or anything with a range and the comments above it. */
export interface FindingPlace {
  readonly range: SourceRange;
  readonly comments: readonly string[];
}

function enabled(rule: CheckRuleName, settings: CheckSettings): boolean {
  const listed = (names: readonly string[] | "all"): boolean =>
    names === "all" || names.includes(rule);
  return checkRules[rule].experimental ? listed(settings.experimental) : !listed(settings.skip);
}

/** The finding as a list of one, or of none when settings or a comment above the place skip the rule. */
export function finding(
  dockerfile: Dockerfile,
  place: FindingPlace,
  rule: CheckRuleName,
  message: string,
): readonly Finding[] {
  if (!enabled(rule, withComments(dockerfile.check, place.comments))) return [];
  const { summary } = checkRules[rule];
  const location = locate(dockerfile.source, place.range);
  return [{ rule, message, summary, url: checkUrl(rule), location }];
}

/** Findings in order of place and rule, each once. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const found of findings) {
    const { file, range } = found.location;
    const key = JSON.stringify([file, range.startLine, range.endLine, found.rule, found.message]);
    if (!byKey.has(key)) byKey.set(key, found);
  }
  return [...byKey.values()].sort(
    (a, b) =>
      a.location.range.startLine - b.location.range.startLine ||
      (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : 0),
  );
}

/** Throws DOCKERFILE_CHECK_FAILED, at the first finding, when there are findings and the settings say `error=true`. */
export function failOnFindings(settings: CheckSettings, findings: readonly Finding[]): void {
  const [first] = findings;
  if (!settings.error || first === undefined) return;
  const rules = [...new Set(findings.map((found) => found.rule))].sort();
  throw new TsbuildError(
    "DOCKERFILE_CHECK_FAILED",
    `lint violation found for rules: ${rules.join(", ")}`,
    {
      location: first.location,
      hint: "Fix them, or skip rules with # check=skip=RULE; error=true asks for this failure.",
      details: { rules },
    },
  );
}
