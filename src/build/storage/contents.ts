// SPDX-License-Identifier: Apache-2.0
// Which blobs belong to an image: everything that its manifest, or index of manifests, names and the store has.

import { isTsbuildError } from "../../base/index.js";
import {
  isIndexType,
  isManifestType,
  parseIndex,
  parseManifest,
  type Descriptor,
  type Digest,
} from "../../oci/index.js";
import type { Store } from "../../store/index.js";

/** Reads each document once. */
export class ImageContents {
  readonly #store: Store;
  readonly #children = new Map<Digest, Promise<readonly Descriptor[]>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The digests of everything below `top`, itself included, whether or not the store has it. */
  async of(top: Descriptor): Promise<ReadonlySet<Digest>> {
    const found = new Set<Digest>();
    const visit = async (descriptor: Descriptor): Promise<void> => {
      if (found.has(descriptor.digest)) return;
      found.add(descriptor.digest);
      for (const child of await this.#childrenOf(descriptor)) await visit(child);
    };
    await visit(top);
    return found;
  }

  #childrenOf(descriptor: Descriptor): Promise<readonly Descriptor[]> {
    let children = this.#children.get(descriptor.digest);
    if (children === undefined) {
      children = this.#read(descriptor);
      this.#children.set(descriptor.digest, children);
    }
    return children;
  }

  async #read(descriptor: Descriptor): Promise<readonly Descriptor[]> {
    const { mediaType } = descriptor;
    if (!isIndexType(mediaType) && !isManifestType(mediaType)) return [];
    try {
      const bytes = await this.#store.blobs.read(descriptor);
      if (isIndexType(mediaType)) return parseIndex(bytes, mediaType).manifests;
      const { config, layers } = parseManifest(bytes, mediaType);
      return [config, ...layers];
    } catch (error) {
      // Not in the store (another platform's), or damaged: it leads nowhere.
      if (isTsbuildError(error)) return [];
      throw error;
    }
  }
}
