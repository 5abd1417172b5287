// SPDX-License-Identifier: Apache-2.0
// `x-bake` of a service's build: what Compose has no words for. It adds to what the service says.

import { didYouMean } from "../../base/index.js";
import { mergeAttributes, settled, type Draft } from "../attributes.js";
import { parseCaches, uniqueCaches } from "../entries/cache.js";
import { parseOutput } from "../entries/output.js";
import { parseSecret } from "../entries/secret.js";
import { parseSsh, sortedSsh } from "../entries/ssh.js";
import type { BakeWarning, TargetAttributes } from "../types.js";
import { bad } from "./canonical.js";
import { isYamlList, isYamlMap, type Yaml } from "./yaml.js";

const fields = [
  "tags",
  "cache-from",
  "cache-to",
  "secret",
  "ssh",
  "platforms",
  "output",
  "pull",
  "no-cache",
  "no-cache-filter",
  "contexts",
];

/** `namedContext` is what a context is in terms of targets. */
export function withExtension(
  attributes: TargetAttributes,
  extension: Yaml | undefined,
  at: string,
  namedContext: (context: string) => string,
  warn: (warning: BakeWarning) => void,
): TargetAttributes {
  if (extension === undefined || extension === null) return attributes;
  if (!isYamlMap(extension)) throw bad(at, "must be a mapping");
  for (const name of extension.keys())
    if (!fields.includes(name))
      warn({
        message: `${at} has no ${name}; what it says counts for nothing${didYouMean(name, fields)}`,
      });
  const list = (name: string): readonly string[] => strings(extension.get(name), `${at}.${name}`);
  const flag = (name: string): boolean | undefined => boolean(extension.get(name), `${at}.${name}`);
  const added: Draft = {
    secret: unlessEmpty(list("secret").map(parseSecret)),
    ssh: unlessEmpty(list("ssh").map(parseSsh)),
    output: unlessEmpty(list("output").map(parseOutput)),
    pull: flag("pull"),
    noCache: flag("no-cache"),
    noCacheFilter: unlessEmpty(list("no-cache-filter")),
  };
  const said = mergeAttributes(attributes, settled(added));
  const tags = [...(attributes.tags ?? []), ...list("tags")];
  const platforms = [...(attributes.platforms ?? []), ...list("platforms")];
  const draft: Draft = {
    ...said,
    tags: unlessEmpty([...new Set(tags)]),
    platforms: unlessEmpty([...new Set(platforms)]),
    cacheFrom: caches(attributes.cacheFrom, list("cache-from")),
    cacheTo: caches(attributes.cacheTo, list("cache-to")),
    ssh: said.ssh === undefined ? undefined : sortedSsh(said.ssh),
  };
  const contexts = extension.get("contexts");
  if (contexts !== undefined && contexts !== null) {
    if (!isYamlMap(contexts)) throw bad(`${at}.contexts`, "must be a mapping");
    const named = [...contexts].map(
      ([name, context]) => [name, namedContext(text(context, `${at}.contexts.${name}`))] as const,
    );
    // What the service says itself counts more.
    draft.contexts = new Map([...named, ...(attributes.contexts ?? [])]);
  }
  return settled(draft);
}

function caches(
  before: TargetAttributes["cacheFrom"],
  texts: readonly string[],
): TargetAttributes["cacheFrom"] {
  const added = parseCaches(texts);
  return added.length === 0 ? before : uniqueCaches([...(before ?? []), ...added]);
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** A list, or one text with spaces between the entries. */
function strings(value: Yaml | undefined, at: string): readonly string[] {
  if (value === undefined || value === null) return [];
  if (isYamlList(value)) return value.map((each) => text(each, at));
  return text(value, at)
    .split(/\s+/)
    .filter((each) => each !== "");
}

function text(value: Yaml, at: string): string {
  if (value === null || typeof value === "object") throw bad(at, "must be a string");
  return String(value);
}

function boolean(value: Yaml | undefined, at: string): boolean | undefined {
  if (value === undefined || value === null || typeof value === "boolean")
    return value ?? undefined;
  throw bad(at, "must be true or false");
}
