// SPDX-License-Identifier: Apache-2.0
// What a token of GitHub Actions says of itself: caches of which branches and pull requests it opens. Only the service can
// tell whether that is true; for us it says where to look.

import { isRecord } from "../../base/index.js";

/** A branch, tag or pull request that has caches. */
export interface TokenScope {
  /** Such as `refs/heads/main`. */
  readonly ref: string;
  readonly read: boolean;
  readonly write: boolean;
}

/** More than any run has: its own, its target's and the default branch's. */
const mostScopes = 16;
/** A token that says nothing, as services that stand in for GitHub's may give out. */
const unnamed: readonly TokenScope[] = [{ ref: "", read: true, write: true }];

/** In the order in which the service looks into them. */
export function scopesOf(token: string): readonly TokenScope[] {
  const [, payload = ""] = /^[\w-]+\.([\w-]+)\.[\w-]*$/.exec(token) ?? [];
  const claims = jsonOf(Buffer.from(payload, "base64url").toString());
  const access = isRecord(claims) ? claims["ac"] : undefined;
  const listed = typeof access === "string" ? jsonOf(access) : undefined;
  if (!Array.isArray(listed)) return unnamed;
  return (listed as unknown[]).slice(0, mostScopes).flatMap((entry) => {
    if (!isRecord(entry)) return [];
    const { Scope: ref, Permission: permission } = entry;
    if (typeof ref !== "string" || typeof permission !== "number") return [];
    return [{ ref, read: (permission & 1) !== 0, write: (permission & 2) !== 0 }];
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
