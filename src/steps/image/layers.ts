// SPDX-License-Identifier: Apache-2.0
// The layers of an image on their way into the store: several at once, and each can be read while it comes.

import pLimit from "p-limit";
import { CleanupStack } from "../../base/index.js";
import type { Descriptor, Digest } from "../../oci/index.js";
import type { ImageOrigin } from "../../plan/index.js";
import type { GrowingBlob } from "../../store/index.js";
import { fetchBlob } from "./blobs.js";
import type { StepServices } from "../services.js";

type Rooms = Pick<StepServices, "store" | "registry">;

/** Blobs of one image that are fetched at once. */
const downloads = 4;

interface Fetch {
  /** Settles when the layer is whole in the store. */
  readonly stored: Promise<void>;
  /** The layer from its first byte; undefined when it was in the store already, or will not come. */
  readonly begun: Promise<GrowingBlob | undefined>;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly onBytes: (count: number) => void;
}

/** Fetching begins at once. Disposing of it waits until all of it has ended, well or not. */
export class ImageLayers implements AsyncDisposable {
  readonly #rooms: Rooms;
  readonly #origin: ImageOrigin;
  readonly #options: FetchOptions;
  readonly #limit = pLimit(downloads);
  readonly #fetches = new Map<Digest, Fetch>();
  readonly #growing = new CleanupStack();

  constructor(
    rooms: Rooms,
    origin: ImageOrigin,
    layers: readonly Descriptor[],
    options: FetchOptions,
  ) {
    this.#rooms = rooms;
    this.#origin = origin;
    this.#options = options;
    for (const layer of layers)
      if (!this.#fetches.has(layer.digest)) this.#fetches.set(layer.digest, this.#begin(layer));
  }

  #begin(layer: Descriptor): Fetch {
    const { signal, onBytes } = this.#options;
    let begin: (blob?: GrowingBlob) => void = () => undefined;
    const begun = new Promise<GrowingBlob | undefined>((resolve) => {
      begin = resolve;
    });
    const onGrowing = (blob: GrowingBlob): void => {
      begin(this.#growing.use(blob));
    };
    const stored = this.#limit(() =>
      fetchBlob(this.#rooms, this.#origin, layer, signal, { onBytes, onGrowing }),
    );
    const end = (): void => {
      begin();
    };
    stored.then(end, end);
    return { stored, begun };
  }

  /** Settles when all layers are in the store. */
  async stored(): Promise<void> {
    await Promise.all([...this.#fetches.values()].map(({ stored }) => stored));
  }

  /** The bytes of a layer, verified by the end. */
  async *read(layer: Descriptor): AsyncGenerator<Uint8Array, void, undefined> {
    const fetch = this.#fetches.get(layer.digest);
    const growing = await fetch?.begun;
    if (growing !== undefined) yield* growing.stream();
    else {
      await fetch?.stored;
      yield* this.#rooms.store.blobs.stream(layer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled([...this.#fetches.values()].map(({ stored }) => stored));
    await this.#growing[Symbol.asyncDispose]();
  }
}
