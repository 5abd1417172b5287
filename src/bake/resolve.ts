// SPDX-License-Identifier: Apache-2.0
// From names to targets that can be built: groups, inheritance, overrides, and targets that others have as contexts.

import { TsbuildError, compareNames, defined, didYouMean } from "../base/index.js";
import { applyOverrides } from "./apply-overrides.js";
import { mergeAttributes, tidyAttributes } from "./attributes.js";
import { isGlob, parseGlob } from "./glob.js";
import { linkTargets } from "./links.js";
import type { Overrides } from "./overrides.js";
import { checkDockerfile } from "./inputs.js";
import { contextPath, repositoryPath } from "./paths.js";
import type { BakeGroup, BakeTarget, Definition, TargetAttributes, TargetDraft } from "./types.js";

export interface Resolved {
  /** Those that were asked for, and those in them; `default` is what was asked for. In the order of their names. */
  readonly groups: readonly BakeGroup[];
  /** Those to be built, then those that are linked. */
  readonly targets: ReadonlyMap<string, BakeTarget>;
}

/** A chain of inheritance, or of groups in groups, is not longer. */
const depthLimit = 500;

/** Throws for a name that nothing has, for values that cannot be, and for links that cannot be. */
export function resolve(
  definition: Definition,
  names: readonly string[],
  overrides: Overrides,
  repository?: string,
): Resolved {
  const asked = matchNames(definition, names);
  const resolver = new Resolver(definition, overrides, repository);
  const targets = new Map<string, BakeTarget>();
  const groups = new Map<string, BakeGroup>();
  for (const name of asked) {
    const found = resolver.members(name);
    for (const target of found.targets) targets.set(target, resolver.target(target));
    for (const group of found.groups) groups.set(group, resolver.group(group));
  }
  const byDefault = groups.get("default");
  const members = asked.filter((name) => byDefault === undefined || name !== "default");
  if (asked.length > 0)
    groups.set("default", {
      ...(byDefault ?? { name: "default" }),
      targets: [...new Set([...(byDefault?.targets ?? []), ...members])].sort(compareNames),
    });
  return {
    groups: [...groups.values()].sort((a, b) => compareNames(a.name, b.name)),
    targets: linkTargets(targets, (name) => resolver.target(name)),
  };
}

/** A dot in a service's name is an underscore in the target's. */
export function targetName(name: string): string {
  return name.replaceAll(".", "_");
}

function matchNames(definition: Definition, names: readonly string[]): readonly string[] {
  const known = [...definition.groups, ...definition.targets].map(({ name }) => name);
  const matched = names.map(targetName).flatMap((name) => {
    if (!isGlob(name)) return [name];
    const matches = parseGlob(name);
    const found = matches === undefined ? [] : known.filter(matches);
    if (found.length === 0)
      throw new TsbuildError(
        "BAKE_UNKNOWN_TARGET",
        `could not find any target matching ${JSON.stringify(name)}`,
        { details: { name } },
      );
    return found;
  });
  return [...new Set(matched)];
}

interface Members {
  readonly targets: readonly string[];
  readonly groups: readonly string[];
}

class Resolver {
  readonly #overrides: Overrides;
  readonly #repository: string | undefined;
  readonly #groups = new Map<string, BakeGroup>();
  readonly #targets: ReadonlyMap<string, TargetDraft>;

  constructor(definition: Definition, overrides: Overrides, repository: string | undefined) {
    this.#overrides = overrides;
    this.#repository = repository;
    this.#targets = new Map(definition.targets.map((target) => [target.name, target]));
    for (const group of definition.groups)
      if (!this.#groups.has(group.name)) this.#groups.set(group.name, group);
  }

  group(name: string): BakeGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw unknown(name, this.#groups.keys());
    return group;
  }

  /** All targets of a group, and the groups in it. A group may have a target of its own name. */
  members(name: string): Members {
    return this.#members(name, new Map(), 0);
  }

  #members(name: string, visited: Map<string, Members>, depth: number): Members {
    const before = visited.get(name);
    if (before !== undefined) return before;
    const group = this.#groups.get(name);
    if (group === undefined) return { targets: [name], groups: [] };
    if (depth > depthLimit) throw tooDeep(`the groups in group ${name}`);
    visited.set(name, { targets: [], groups: [] });
    const targets = new Set<string>();
    const groups = new Set([name]);
    for (const member of group.targets) {
      const found = this.#members(member, visited, depth + 1);
      for (const target of found.targets.length > 0 ? found.targets : [member]) targets.add(target);
      for (const inner of found.groups) groups.add(inner);
    }
    const members = { targets: [...targets], groups: [...groups] };
    visited.set(name, members);
    return members;
  }

  target(name: string): BakeTarget {
    const said = this.#attributes(name, new Map(), 0) ?? {};
    const { dockerfile = "", context = this.#targets.get(name)?.directory ?? "." } = said;
    if (context === "-") throw standardInput(name, "context");
    if (dockerfile === "-") throw standardInput(name, "dockerfile");
    const repository = this.#repository;
    const target: BakeTarget = {
      ...said,
      name,
      linked: false,
      context:
        repository === undefined ? contextPath(context) : repositoryPath(repository, context),
      dockerfile: dockerfile === "" ? "Dockerfile" : dockerfile,
      ...defined({ repository }),
    };
    checkDockerfile(target);
    return target;
  }

  /** undefined while the target is being worked out: what inherits from itself inherits nothing. */
  #attributes(
    name: string,
    visited: Map<string, TargetAttributes | undefined>,
    depth: number,
  ): TargetAttributes | undefined {
    if (visited.has(name)) return visited.get(name);
    const draft = this.#targets.get(name);
    if (draft === undefined) throw unknown(name, [...this.#targets.keys(), ...this.#groups.keys()]);
    if (depth > depthLimit) throw tooDeep(`the inheritance of target ${name}`);
    visited.set(name, undefined);
    // What parents inherit is in what they have; were it handed on, the list would double with each generation.
    const { inherits = [], ...own } = draft.attributes;
    let attributes: TargetAttributes = {};
    for (const parent of inherits) {
      const inherited = this.#attributes(parent, visited, depth + 1);
      if (inherited !== undefined) attributes = mergeAttributes(attributes, inherited);
    }
    attributes = mergeAttributes(attributes, own);
    attributes = applyOverrides(name, attributes, this.#overrides.get(name) ?? []);
    attributes = tidyAttributes(attributes);
    visited.set(name, attributes);
    return attributes;
  }
}

function unknown(name: string, known: Iterable<string>): TsbuildError {
  return new TsbuildError(
    "BAKE_UNKNOWN_TARGET",
    `failed to find target ${name}${didYouMean(name, known)}`,
    { details: { name } },
  );
}

function tooDeep(what: string): TsbuildError {
  return new TsbuildError("BAKE_LIMIT", `${what} is deeper than ${depthLimit}`);
}

function standardInput(name: string, attribute: string): TsbuildError {
  return new TsbuildError(
    "BAKE_ATTRIBUTE",
    `target ${name}: the ${attribute} cannot come from standard input`,
    { details: { target: name, attribute } },
  );
}
