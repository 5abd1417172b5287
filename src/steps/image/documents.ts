// SPDX-License-Identifier: Apache-2.0
// The documents of an image: indexes, of which a platform is chosen, manifest and configuration, brought into the store.

import { TsbuildError } from "../../base/index.js";
import {
  checkDocumentSize,
  checkIndexDepth,
  checkLayerCount,
  choosePlatform,
  formatPlatform,
  isIndexType,
  isManifestType,
  ociLimits,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseReference,
  platformsOf,
  type Descriptor,
  type Platform,
} from "../../oci/index.js";
import type { ImageOrigin, ResolvedImage } from "../../plan/index.js";
import { fetchBlob } from "./blobs.js";
import type { Found, ImageRooms, Meant } from "./names.js";

/** Reads the documents of images, wherever these come from. */
export class ImageDocuments {
  readonly #rooms: ImageRooms;
  readonly #signal: AbortSignal;

  constructor(rooms: ImageRooms, signal: AbortSignal) {
    this.#rooms = rooms;
    this.#signal = signal;
  }

  /** The image for a platform. Errors: STEPS_NO_PLATFORM, REGISTRY_*, STORE_*, OCI_*. */
  async image(meant: Meant, platform: Platform): Promise<ResolvedImage> {
    const { shown: reference, origin } = meant;
    const descriptor = isIndexType(meant.descriptor.mediaType)
      ? await this.#choose(meant, platform)
      : meant.descriptor;
    const manifest = parseManifest(await this.#document(origin, descriptor), descriptor.mediaType);
    const config = parseImageConfig(await this.#document(origin, manifest.config));
    checkLayerCount(manifest, config);
    // Layers are asked for much later, and those of an image that only the store has cannot be fetched again.
    await this.#rooms.store.hold((protect) => {
      protect(...manifest.layers.map(({ digest }) => digest));
    });
    return { reference, manifest: descriptor, layers: manifest.layers, config, origin };
  }

  async #choose(meant: Meant, platform: Platform, depth = 1): Promise<Descriptor> {
    const { shown, descriptor, origin } = meant;
    checkIndexDepth(shown, depth);
    const index = parseIndex(await this.#document(origin, descriptor), descriptor.mediaType);
    const chosen = choosePlatform(index, platform);
    if (chosen === undefined)
      throw new TsbuildError(
        "STEPS_NO_PLATFORM",
        `${shown}: no image for ${formatPlatform(platform)}`,
        {
          details: { available: platformsOf(index) },
          hint: `It is there for: ${platformsOf(index).join(", ")}.`,
        },
      );
    return isIndexType(chosen.mediaType)
      ? this.#choose({ ...meant, descriptor: chosen }, platform, depth + 1)
      : chosen;
  }

  /** The platforms that there are images for, formatted. */
  async platforms({ descriptor, origin }: Found): Promise<readonly string[]> {
    const bytes = await this.#document(origin, descriptor);
    if (isIndexType(descriptor.mediaType))
      return platformsOf(parseIndex(bytes, descriptor.mediaType));
    const { config } = parseManifest(bytes, descriptor.mediaType);
    return [formatPlatform(parseImageConfig(await this.#document(origin, config)))];
  }

  /** A small document of an image, by way of the store. */
  async #document(origin: ImageOrigin, descriptor: Descriptor): Promise<Uint8Array> {
    const { store, registry } = this.#rooms;
    const { mediaType } = descriptor;
    // A registry has manifests and indexes in another place than blobs.
    const isDocument = isManifestType(mediaType) || isIndexType(mediaType);
    if (
      origin.kind === "registry" &&
      isDocument &&
      !(await store.blobs.has(descriptor.digest, descriptor.size))
    ) {
      const reference = parseReference(origin.reference);
      const client = await registry();
      const { bytes } = await client.manifest(
        { ...reference, digest: descriptor.digest },
        { signal: this.#signal },
      );
      await store.blobs.writeBytes(bytes, { expected: { digest: descriptor.digest } });
      return bytes;
    }
    checkDocumentSize(descriptor);
    await fetchBlob(this.#rooms, origin, descriptor, this.#signal);
    return store.blobs.read(descriptor, ociLimits.configBytes);
  }
}
