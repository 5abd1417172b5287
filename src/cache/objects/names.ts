// SPDX-License-Identifier: Apache-2.0
// The attributes that places of objects have in common: where in a place a cache is.

import { printable } from "../../base/index.js";
import { optionError } from "../spec.js";
import type { Attributes } from "../types.js";
import type { CacheNames } from "./place.js";

export const nameAttributes = ["prefix", "manifests_prefix", "blobs_prefix", "name"] as const;

/** BuildKit's is `buildkit`: the caches of two builders at one place do not take each other's. */
const defaultName = "tsbuild";
const longestKey = 1024;

/** `join`: how a prefix and a name become a key. Throws CACHE_OPTION. */
export function cacheNames(
  type: string,
  attributes: Attributes,
  defaults: {
    readonly prefix: string;
    readonly manifests: string;
    readonly blobs: string;
    readonly join: (...parts: readonly string[]) => string;
  },
): CacheNames {
  const prefix = attributes["prefix"] ?? defaults.prefix;
  const manifests = attributes["manifests_prefix"] ?? defaults.manifests;
  const blobs = attributes["blobs_prefix"] ?? defaults.blobs;
  const given = (attributes["name"] ?? "").split(";").filter((name) => name !== "");
  const names: CacheNames = {
    documents: given.length === 0 ? [defaultName] : given,
    blob: (digest) => defaults.join(prefix, blobs, digest),
    document: (name) => defaults.join(prefix, manifests, name),
  };
  for (const key of [...names.documents.map((name) => names.document(name)), names.blob("")])
    checkKey(type, key);
  return names;
}

function checkKey(type: string, key: string): void {
  // URLs know no such parts, and would lead elsewhere.
  const odd = key.split("/").some((part) => part === "." || part === "..");
  if (odd || /[\0-\x1f\x7f]/.test(key) || Buffer.byteLength(key) > longestKey)
    throw optionError(type, `${printable(key)} cannot be the name of an object`);
}
