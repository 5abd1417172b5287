// SPDX-License-Identifier: Apache-2.0
// Results from caches outside the store: their layers are fetched, and become states of which only the layers exist until
// somebody needs the files.

import pLimit from "p-limit";
import { TsbuildError, isTsbuildError, messageOf, type EventSink } from "../../base/index.js";
import type { CachedLayer, CacheServices, CacheSource, OpenedCache } from "../../cache/index.js";
import { readLayer } from "../../layer/index.js";
import type { Descriptor, DiffId } from "../../oci/index.js";
import type { Result, CacheKey, ImportedResults } from "../../solve/index.js";
import type { Draft, SnapshotId } from "../../snapshot/index.js";
import { storeBlob } from "../../steps/index.js";
import { asStep } from "../as-step.js";
import { rememberLayer } from "../layers.js";
import type { Rooms } from "../rooms.js";

/** Layers that are fetched and checked at once. */
const fetchedAtOnce = 4;

interface Wanted {
  readonly sources: readonly CacheSource[];
  /** Digests of layers that are known not to be archives that can be unpacked. */
  readonly unusable: ReadonlySet<string>;
}

export class ImportedCaches implements ImportedResults {
  readonly #rooms: Rooms;
  readonly #services: CacheServices;
  readonly #wanted: Wanted;
  readonly #events: EventSink;
  readonly #signal: AbortSignal;
  readonly #limit = pLimit(fetchedAtOnce);
  readonly #stored = new Map<string, Promise<void>>();
  #opened: Promise<readonly OpenedCache[]> | undefined;

  constructor(
    rooms: Rooms,
    services: CacheServices,
    wanted: Wanted,
    events: EventSink,
    signal: AbortSignal,
  ) {
    this.#rooms = rooms;
    this.#services = services;
    this.#wanted = wanted;
    this.#events = events;
    this.#signal = signal;
  }

  get(key: CacheKey): Promise<Result | undefined> {
    return this.#first(key, "a cached step is run, for its result cannot be imported", (...found) =>
      this.#bring(...found),
    );
  }

  /** Of several caches, the one of which `get` takes it. */
  async createdAt(key: CacheKey): Promise<number | undefined> {
    for (const cache of await this.#caches()) {
      const layers = cache.records.get(key);
      // A cache that does not know says 0.
      if (layers !== undefined) return layers.at(-1)?.createdAt || undefined;
    }
    return undefined;
  }

  /** A layer that is no step's result, in the store then. */
  layer(key: CacheKey): Promise<CachedLayer | undefined> {
    return this.#mount(key, (layer) => Promise.resolve(layer));
  }

  /** The files of such a layer, for whoever discards them. What is no archive to be unpacked is as good as nothing. */
  content(key: CacheKey): Promise<Draft | undefined> {
    return this.#mount(key, (layer) => this.#rooms.snapshots.unpackApart(layer, this.#signal));
  }

  #mount<T>(key: CacheKey, take: (layer: CachedLayer) => Promise<T>): Promise<T | undefined> {
    const what = "a cache mount begins empty, for its content cannot be imported";
    return this.#first(key, what, async (cache, [layer, ...others]) => {
      if (layer === undefined || others.length > 0) return undefined;
      await this.#store(cache, layer);
      return take(layer);
    });
  }

  /** From the first cache that has the key, and can give what it is to give. */
  async #first<T>(
    key: CacheKey,
    failure: string,
    take: (cache: OpenedCache, layers: readonly CachedLayer[]) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    for (const cache of await this.#caches()) {
      const layers = cache.records.get(key);
      if (layers === undefined) continue;
      try {
        return await take(cache, layers);
      } catch (error) {
        this.#signal.throwIfAborted();
        this.#warn(`${failure}: ${messageOf(error)}`);
      }
    }
    return undefined;
  }

  /** Nothing is asked for before something is missing. */
  #caches(): Promise<readonly OpenedCache[]> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** A cache that cannot be had is no reason not to build. */
  async #open(): Promise<readonly OpenedCache[]> {
    const opened = await Promise.all(
      this.#wanted.sources.map(async (source): Promise<readonly OpenedCache[]> => {
        try {
          return await asStep(
            `importing cache from ${source.label}`,
            this.#events,
            this.#signal,
            () => source.open(this.#services, this.#signal),
          );
        } catch (error) {
          this.#signal.throwIfAborted();
          this.#warn(`the cache ${source.label} is not used: ${messageOf(error)}`);
          return [];
        }
      }),
    );
    return opened.flat();
  }

  async #bring(cache: OpenedCache, layers: readonly CachedLayer[]): Promise<Result> {
    const { store, snapshots } = this.#rooms;
    const brought: (readonly [SnapshotId, CachedLayer])[] = [];
    const snapshot = await snapshots.adopt(layers, async (layer, id) => {
      await this.#limit(() => this.#store(cache, layer));
      brought.push([id, layer]);
    });
    for (const [id, layer] of brought) await rememberLayer(store, id, layer);
    return snapshot === null ? null : { snapshot };
  }

  async #store(cache: OpenedCache, { descriptor, diffId }: CachedLayer): Promise<void> {
    if (this.#wanted.unusable.has(descriptor.digest))
      throw new TsbuildError("BUILD_CACHE_LAYER", "a layer of the cache cannot be unpacked", {
        details: { digest: descriptor.digest },
      });
    const name = `${descriptor.digest} ${diffId}`;
    const bytes = (): AsyncIterable<Uint8Array> => cache.blob(descriptor, this.#signal);
    const stored =
      this.#stored.get(name) ??
      storeBlob(this.#rooms.store, descriptor, bytes, this.#signal).then(() =>
        this.#verify(descriptor, diffId),
      );
    this.#stored.set(name, stored);
    await stored;
  }

  /** A digest says nothing of what is in the archive. One that can be unpacked is known by going through it. */
  async #verify(descriptor: Descriptor, diffId: DiffId): Promise<void> {
    const { digest } = descriptor;
    const blob = this.#rooms.store.blobs.stream(descriptor);
    try {
      for await (const _ of readLayer(blob, { diffId })) this.#signal.throwIfAborted();
    } catch (cause) {
      this.#signal.throwIfAborted();
      const why = isTsbuildError(cause, "LAYER_DIGEST")
        ? `has the diffID ${String(cause.details["actual"])}, not ${diffId}`
        : `cannot be unpacked: ${messageOf(cause)}`;
      throw new TsbuildError("BUILD_CACHE_LAYER", `a layer of the cache ${why}`, {
        details: { digest },
        cause,
      });
    }
  }

  #warn(message: string): void {
    this.#events({ kind: "warning", message });
  }
}
