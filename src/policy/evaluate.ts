// SPDX-License-Identifier: Apache-2.0
// How the rules of a policy decide over one source. BuildKit: the last rule that allows or denies wins, and what a rule converts is
// looked at again from the start. Buildah: the first rule that matches decides, and what it converts to is taken as it is.

import { TsbuildError } from "../base/index.js";
import type { Change, Source } from "./names.js";
import type { Policy, Rule } from "./parse.js";

export interface Verdict {
  readonly source: Source;
  /** The rules have nothing more to say, whatever the source is found to be. */
  readonly final: boolean;
}

/** Rules that turn sources into each other in a circle are given up after so many turns. */
const maxTurns = 20;

/**
 * What stands in the place of a source; the source itself when no rule converts it. `change` makes a source of what a rule
 * converts to. Throws POLICY_DENIED, POLICY_CONVERT, POLICY_SLOW.
 */
export function evaluate(policy: Policy, source: Source, change: (to: Change) => Source): Verdict {
  let current = source;
  for (let turn = 0; turn <= maxTurns; turn++) {
    const to = applyRules(policy, current);
    if (to === undefined) return { source: current, final: false };
    current = change(to);
    if (policy.dialect === "buildah") return { source: current, final: true };
  }
  throw circle(policy, source.identifier);
}

/** The error for rules that never come to an end with a source. */
export function circle({ file }: Pick<Policy, "file">, identifier: string): TsbuildError {
  return new TsbuildError(
    "POLICY_CONVERT",
    `${identifier}: the source policy ${file} converts it in a circle (too many operations)`,
    { details: { source: identifier } },
  );
}

/** Undefined: the source may be used as it is. */
function applyRules(policy: Policy, source: Source): Change | undefined {
  let denied: Rule | undefined;
  for (const rule of policy.rules) {
    const name = matchingName(rule, source);
    if (name === undefined) continue;
    if (rule.action === "CONVERT") {
      const to = converted(rule, source, name);
      if (to !== undefined) return to;
    } else denied = rule.action === "DENY" ? rule : undefined;
    if (policy.dialect === "buildah") break;
  }
  if (denied !== undefined)
    throw new TsbuildError(
      "POLICY_DENIED",
      `source denied by policy: "${source.identifier}" is denied by source policy ${policy.file} (${denied.at})`,
      { details: { source: source.identifier, policy: policy.file, rule: denied.at } },
    );
  return undefined;
}

/** The name by which a rule means a source. */
function matchingName({ action, pattern, constraints }: Rule, source: Source): string | undefined {
  if (!constraints.every(({ key, holds }) => holds(source.attrs[key] ?? ""))) return undefined;
  // A repository has a URL, but a rule about the checksums of downloads does not mean it.
  const isOfDownloads = constraints.some(({ key }) => key.startsWith("http."));
  const isAkin = action === "DENY" && !(source.kind === "git" && isOfDownloads);
  const names = [source.identifier, ...source.aliases, ...(isAkin ? source.akin : [])];
  return names.find((name) => pattern.matches(name));
}

function converted({ pattern, update }: Rule, source: Source, name: string): Change | undefined {
  if (update === undefined) throw new RangeError("CONVERT without an update");
  const target =
    update.identifier === undefined ? source.identifier : pattern.rewrite(name, update.identifier);
  const isSame = target === source.identifier || source.aliases.includes(target);
  const attrs = { ...source.attrs, ...update.attrs };
  const sameAttrs = Object.entries(update.attrs).every(
    ([key, value]) => source.attrs[key] === value,
  );
  if (isSame && sameAttrs) return undefined;
  return { identifier: isSame ? source.identifier : target, attrs };
}
