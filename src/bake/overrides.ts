// SPDX-License-Identifier: Apache-2.0
// `--set pattern.key[.name][+]=value`: what is said, and for which targets.

import { TsbuildError, defined, didYouMean } from "../base/index.js";
import { parseGlob } from "./glob.js";

/** What is set of one attribute, or of one entry of it, by one or several `--set`. */
export interface Override {
  readonly key: string;
  /** Of one entry of a map: `args.NAME`. */
  readonly name?: string;
  /** The values in their order. Of an attribute that is no list, the last counts. */
  readonly values: readonly string[];
  /** `+=`: to what there is. The last `--set` decides. */
  readonly append: boolean;
}

/** Overrides by target. */
export type Overrides = ReadonlyMap<string, readonly Override[]>;

/** Of these one entry is set. */
const named = ["args", "contexts", "labels", "extra-hosts", "resources", "secret"];
/** Of these the whole. Lists can be said several times, and appended to. */
const lists = [
  "output",
  "cache-to",
  "cache-from",
  "tags",
  "platform",
  "secrets",
  "ssh",
  "attest",
  "entitlements",
  "annotations",
  "policy",
  "no-cache-filter",
  "ulimits",
];
const single = [
  "context",
  "dockerfile",
  "target",
  "call",
  "no-cache",
  "shm-size",
  "network",
  "pull",
  "push",
  "load",
];
const known = [...named, ...lists, ...single];
/** What the attribute's name in a file is, where it is another. */
const synonyms: Readonly<Record<string, string>> = { platforms: "platform", outputs: "output" };

/** Where values of arguments without `=` come from. */
export type Environment = (name: string) => string | undefined;

/** Throws BAKE_OVERRIDE, and BAKE_UNKNOWN_TARGET for a pattern that no target matches. */
export function parseOverrides(
  texts: readonly string[],
  targets: readonly string[],
  environment: Environment,
): Overrides {
  const all = new Map<string, Map<string, Override>>();
  for (const text of texts) {
    const said = parseOverride(text, environment);
    const names = matching(said.pattern, targets);
    if (said.value === undefined) continue;
    for (const name of names) {
      const ofTarget = all.get(name) ?? new Map<string, Override>();
      all.set(name, ofTarget);
      const id = JSON.stringify([said.key, said.name]);
      ofTarget.set(id, {
        key: said.key,
        ...defined({ name: said.name }),
        values: [...(ofTarget.get(id)?.values ?? []), said.value],
        append: said.append,
      });
    }
  }
  return new Map([...all].map(([name, ofTarget]) => [name, [...ofTarget.values()]]));
}

interface Said {
  readonly pattern: string;
  readonly key: string;
  readonly name?: string;
  readonly append: boolean;
  /** undefined: an argument without `=` that the environment does not have. */
  readonly value: string | undefined;
}

function parseOverride(text: string, environment: Environment): Said {
  const at = text.indexOf("=");
  const left = at === -1 ? text : text.slice(0, at);
  const append = left.endsWith("+");
  const path = append ? left.slice(0, -1) : left;
  const [pattern = "", key, ...rest] = path.split(".");
  if (key === undefined) throw bad(text, "it must be TARGET.KEY=VALUE");
  if (!known.includes(key)) {
    const synonym = Object.hasOwn(synonyms, key) ? ` (did you mean ${synonyms[key] ?? ""}?)` : "";
    throw bad(text, `unknown key ${key}${synonym === "" ? didYouMean(key, known) : synonym}`);
  }
  if (at === -1 && key !== "args") throw bad(text, `it must be TARGET.${key}=VALUE`);
  const name = rest.join(".");
  const isNamed = named.includes(key);
  if (isNamed && name === "") throw bad(text, `it must be TARGET.${key}.NAME=VALUE`);
  if (append && (key === "resources" || key === "secret"))
    throw bad(text, `${key} cannot be appended to`);
  return {
    pattern,
    key,
    ...(isNamed ? { name } : {}),
    append,
    value: at === -1 ? environment(name) : text.slice(at + 1),
  };
}

function matching(pattern: string, targets: readonly string[]): readonly string[] {
  if (targets.includes(pattern)) return [pattern];
  const matches = parseGlob(pattern);
  if (matches === undefined)
    throw new TsbuildError("BAKE_OVERRIDE", `${JSON.stringify(pattern)} is not a pattern of names`);
  const names = targets.filter(matches);
  if (names.length > 0) return names;
  throw new TsbuildError(
    "BAKE_UNKNOWN_TARGET",
    `could not find any target matching ${JSON.stringify(pattern)}${didYouMean(pattern, targets)}`,
    { details: { name: pattern } },
  );
}

function bad(text: string, why: string): TsbuildError {
  return new TsbuildError("BAKE_OVERRIDE", `invalid override ${JSON.stringify(text)}: ${why}`, {
    details: { override: text },
  });
}
