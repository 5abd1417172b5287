// SPDX-License-Identifier: Apache-2.0
// Build arguments that steer the builder.

import { TsbuildError, parseBoolean } from "../base/index.js";

/** A build argument that is true or false; false when it is missing. Throws BUILD_ARGUMENT. */
export function isSet(buildArgs: ReadonlyMap<string, string>, name: string): boolean {
  const value = parseBoolean(buildArgs.get(name) ?? "false");
  if (value !== undefined) return value;
  throw new TsbuildError("BUILD_ARGUMENT", `the build argument ${name} is neither true nor false`);
}

/** What keeps cache mounts of unrelated projects apart; "" when nothing is said. */
export function cacheNamespace(buildArgs: ReadonlyMap<string, string>): string {
  return buildArgs.get("BUILDKIT_CACHE_MOUNT_NS") ?? "";
}

/** A build argument; an empty one is none. */
export function textOf(buildArgs: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = buildArgs.get(name);
  return value === "" ? undefined : value;
}
