// SPDX-License-Identifier: Apache-2.0
// What an image consists of, in the order in which it can be put somewhere.

import { TsbuildError } from "../base/index.js";
import {
  isForeignLayerType,
  isIndexType,
  isManifestType,
  parseImageDocument,
  type Descriptor,
} from "../oci/index.js";
import type { ContentSource } from "./types.js";

/**
 * All blobs of a manifest or an index, each once, and all manifests, children first. Layers that stay where they are (foreign ones)
 * are left out. Errors: REGISTRY_PUSH, OCI_*, those of the source.
 */
export async function imageParts(
  image: Descriptor,
  source: Pick<ContentSource, "read">,
): Promise<{ readonly blobs: readonly Descriptor[]; readonly manifests: readonly Descriptor[] }> {
  const blobs = new Map<string, Descriptor>();
  const manifests = new Map<string, Descriptor>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (manifests.has(descriptor.digest)) return;
    if (depth > 4)
      throw new TsbuildError(
        "REGISTRY_PUSH",
        "the index holds indexes that hold indexes, too deep to push",
      );
    const document = parseImageDocument(await source.read(descriptor), descriptor.mediaType);
    if (document.kind === "index")
      for (const child of document.index.manifests) {
        if (isManifestType(child.mediaType) || isIndexType(child.mediaType))
          await visit(child, depth + 1);
        else blobs.set(child.digest, child);
      }
    else
      for (const blob of [document.manifest.config, ...document.manifest.layers])
        if (!isForeignLayerType(blob.mediaType)) blobs.set(blob.digest, blob);
    manifests.set(descriptor.digest, descriptor);
  };
  await visit(image, 0);
  return { blobs: [...blobs.values()], manifests: [...manifests.values()] };
}
