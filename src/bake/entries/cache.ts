// SPDX-License-Identifier: Apache-2.0
// Caches: `type=local,src=path`, or names of images.

import type { HclValue } from "../../hcl/index.js";
import { badValue, objectOf } from "../values.js";
import {
  entryList,
  fieldsOf,
  pairOf,
  sorted,
  textOfPairs,
  textsOf,
  withoutTwins,
} from "./pairs.js";

export interface CacheEntry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Text without any `=` is a list of names, each an entry. */
export function parseCache(text: string): readonly CacheEntry[] {
  const fields = fieldsOf(text);
  if (!text.includes("=")) return fields.map((ref) => registry(ref));
  const [first = ""] = fields;
  if (fields.length === 1 && !first.includes("=")) return [registry(first)];
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const [key, value] = pairOf(field);
    attributes.set(key.toLowerCase(), value);
  }
  return [typed(attributes)];
}

function registry(ref: string): CacheEntry {
  return { type: "registry", attributes: new Map([["ref", ref]]) };
}

function typed(attributes: Map<string, string>): CacheEntry {
  const type = attributes.get("type") ?? "";
  if (type === "")
    throw badValue(`the type of a cache is required: ${textOfPairs(sorted(attributes))}`);
  attributes.delete("type");
  return { type, attributes };
}

export function parseCaches(texts: readonly string[]): readonly CacheEntry[] {
  return texts.filter((text) => text !== "").flatMap(parseCache);
}

export function readCaches(value: HclValue): readonly CacheEntry[] {
  return entryList(value, parseCache, (each) => typed(textsOf(each)));
}

export function cacheValue(entry: CacheEntry): HclValue {
  return objectOf([...entry.attributes, ["type", entry.type]]);
}

/** As the flags `--cache-from` and `--cache-to` take it. */
export function cacheText(entry: CacheEntry): string {
  const ref = entry.attributes.get("ref");
  if (entry.type === "registry" && entry.attributes.size === 1 && ref !== undefined) return ref;
  return textOfPairs([["type", entry.type], ...sorted(entry.attributes)]);
}

export function uniqueCaches(entries: readonly CacheEntry[]): readonly CacheEntry[] {
  return withoutTwins(entries, cacheText);
}
