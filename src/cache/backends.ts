// SPDX-License-Identifier: Apache-2.0
// The table of caches outside the store: a row for each type.

import { TsbuildError, didYouMean, printable } from "../base/index.js";
import { ghaBackend } from "./backends/gha.js";
import { inlineBackend } from "./backends/inline.js";
import { localBackend } from "./backends/layout.js";
import { azblobBackend, s3Backend } from "./backends/objects.js";
import { registryBackend } from "./backends/registry.js";
import { checkAttributes, type CacheSpec } from "./spec.js";
import type { AbsentCache, CacheBackend, CacheSource, CacheTarget, Surroundings } from "./types.js";

const cacheBackends: readonly CacheBackend[] = [
  localBackend,
  registryBackend,
  inlineBackend,
  ghaBackend,
  s3Backend,
  azblobBackend,
];

/** Throws CACHE_TYPE, CACHE_OPTION, OCI_REFERENCE. */
export function cacheSource(
  { type, attributes }: CacheSpec,
  surroundings: Surroundings,
): CacheSource | AbsentCache {
  const { source } = rowOf(type);
  if (source !== undefined) {
    checkAttributes(type, attributes, source.attributes);
    return source.create(attributes, surroundings);
  }
  throw new TsbuildError("CACHE_TYPE", `a cache of type ${type} cannot be imported by that name`, {
    hint: "An image's own cache is imported with --cache-from type=registry,ref=NAME.",
  });
}

/** Throws CACHE_TYPE, CACHE_OPTION, OCI_REFERENCE. */
export function cacheTarget(
  { type, attributes }: CacheSpec,
  surroundings: Surroundings,
): CacheTarget | AbsentCache | "inline" {
  const { target } = rowOf(type);
  if (target !== undefined) {
    checkAttributes(type, attributes, target.attributes);
    return target.create(attributes, surroundings);
  }
  throw new TsbuildError("CACHE_TYPE", `a cache of type ${type} cannot be exported`);
}

function rowOf(type: string): CacheBackend {
  const row = cacheBackends.find(({ name }) => name === type);
  if (row !== undefined) return row;
  const names = cacheBackends.map(({ name }) => name);
  throw new TsbuildError(
    "CACHE_TYPE",
    `there is no cache of type ${printable(type)}${didYouMean(type, names)}`,
    { hint: `Types are ${names.join(", ")}.` },
  );
}
