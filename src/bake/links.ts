// SPDX-License-Identifier: Apache-2.0
// Targets that others have as contexts (`target:NAME`). They are built as well, but nothing comes out of them, and what they need
// is needed by the others.

import { TsbuildError } from "../base/index.js";
import type { BakeTarget } from "./types.js";

const scheme = "target:";

/** The name of the target that a context is, if it is one. */
export function linkedTarget(context: string): string | undefined {
  return context.startsWith(scheme) ? context.slice(scheme.length) : undefined;
}

/** The targets and those that they link to. Throws BAKE_LINK or BAKE_CYCLE. */
export function linkTargets(
  targets: ReadonlyMap<string, BakeTarget>,
  find: (name: string) => BakeTarget,
): ReadonlyMap<string, BakeTarget> {
  const all = new Map(targets);
  const done = new Set<string>();
  for (const name of targets.keys()) link(name, all, find, done);
  return all;
}

/** Without recursion: how long a chain of links is, is for the file to say. */
function link(
  first: string,
  all: Map<string, BakeTarget>,
  find: (name: string) => BakeTarget,
  done: Set<string>,
): void {
  const chain: { readonly name: string; readonly links: readonly string[] }[] = [];
  const inChain = new Set<string>();
  const enter = (name: string): void => {
    const contexts = [...(all.get(name)?.contexts?.values() ?? [])];
    chain.push({ name, links: contexts.flatMap((context) => linkedTarget(context) ?? []) });
    inChain.add(name);
  };
  if (!done.has(first)) enter(first);
  for (let at = chain.at(-1); at !== undefined; at = chain.at(-1)) {
    const { name, links } = at;
    const next = links.find((each) => !done.has(each));
    if (next === undefined) {
      settle(name, links, all);
      done.add(name);
      inChain.delete(name);
      chain.pop();
      continue;
    }
    if (inChain.has(next)) throw cycle(name, next);
    if (!all.has(next)) {
      const target = find(next);
      const output = [{ type: "cacheonly", attributes: new Map<string, string>() }];
      all.set(next, { ...target, output, linked: true });
    }
    enter(next);
  }
}

/** What follows from the links of a target whose links are settled. */
function settle(name: string, links: readonly string[], all: Map<string, BakeTarget>): void {
  const target = all.get(name);
  if (target === undefined || links.length === 0) return;
  const entitlements = new Set(target.entitlements);
  for (const link of links) {
    const linked = all.get(link);
    for (const each of linked?.entitlements ?? []) entitlements.add(each);
    const has = target.platforms ?? [];
    const offers = linked?.platforms ?? [];
    const missing = has.filter((platform) => !offers.includes(platform));
    if (has.length > 1 && offers.length > 1 && missing.length > 0)
      throw new TsbuildError(
        "BAKE_LINK",
        `target ${link} can't be used by ${name}: it is not built for ${missing.join(", ")}`,
        { details: { target: name, link } },
      );
  }
  if (entitlements.size > 0) all.set(name, { ...target, entitlements: [...entitlements] });
}

function cycle(name: string, link: string): TsbuildError {
  const why =
    name === link
      ? `target ${name} cannot link to itself`
      : `infinite loop from ${name} to ${link}: each is a context of the other`;
  return new TsbuildError("BAKE_CYCLE", why, { details: { target: name, link } });
}
