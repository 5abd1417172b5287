// SPDX-License-Identifier: Apache-2.0
// Which repositories have the layers of base images: a push to the same registry has them mounted from there.

import { parseManifest, parseReference, type Digest, type Reference } from "../oci/index.js";
import type { ImageOp } from "../plan/index.js";
import type { MountFrom } from "../registry/index.js";
import type { SolvedBuild } from "./cache/export.js";

/** Of all images that the build could have read. Errors: those of reading their manifests from the store. */
export async function lendersOf({
  rooms,
  plan,
}: Pick<SolvedBuild, "rooms" | "plan">): Promise<MountFrom> {
  const lenders = new Map<Digest, Reference[]>();
  for (const { kind, op } of plan.graph.values()) {
    if (kind !== "image") continue;
    const { manifest: where, origin } = op as ImageOp;
    if (origin.kind !== "registry") continue;
    const reference = parseReference(origin.reference);
    const descriptor = { ...where, digest: where.digest as Digest };
    const manifest = parseManifest(await rooms.store.blobs.read(descriptor), where.mediaType);
    for (const { digest } of manifest.layers)
      lenders.set(digest, [...(lenders.get(digest) ?? []), reference]);
  }
  return (blob) => lenders.get(blob) ?? [];
}
