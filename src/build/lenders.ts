// SPDX-License-Identifier: Apache-2.0
// Which repositories have the layers of base images: a push to the same registry has them mounted from there.

import { parseReference, type Digest, type Reference } from "../oci/index.js";
import type { ImageOp } from "../plan/index.js";
import type { MountFrom } from "../registry/index.js";
import { manifestOf } from "../steps/index.js";
import type { SolvedBuild } from "./cache/export.js";

/** Of all images that the build could have read. Errors: those of reading their manifests from the store. */
export async function lendersOf({
  rooms,
  plan,
}: Pick<SolvedBuild, "rooms" | "plan">): Promise<MountFrom> {
  const lenders = new Map<Digest, Reference[]>();
  for (const { kind, op } of plan.graph.values()) {
    if (kind !== "image") continue;
    const { origin } = op as ImageOp;
    if (origin.kind !== "registry") continue;
    const reference = parseReference(origin.reference);
    for (const { digest } of (await manifestOf(rooms.store, op as ImageOp)).layers)
      lenders.set(digest, [...(lenders.get(digest) ?? []), reference]);
  }
  return (blob) => lenders.get(blob) ?? [];
}
