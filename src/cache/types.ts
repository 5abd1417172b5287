// SPDX-License-Identifier: Apache-2.0
// Caches outside the store: read before a step runs, written after a build.

import type { Descriptor } from "../oci/index.js";
import type { Connections, RegistryClient } from "../registry/index.js";
import type { Store } from "../store/index.js";
import type { CacheRecords } from "./document.js";

/** What a backend may use. */
export interface CacheServices {
  readonly store: Store;
  readonly registry: (options?: {
    readonly insecureHosts: readonly string[];
  }) => Promise<RegistryClient>;
  /** For services that are no registries. Closed by whoever gave it. */
  readonly connections: () => Promise<Connections>;
  /** Writes a manifest and its blobs, all of them in the store, into an OCI layout at `path`; its other images stay. */
  readonly writeLayout: (
    path: string,
    manifest: Descriptor,
    blobs: readonly Descriptor[],
    signal: AbortSignal,
  ) => Promise<void>;
  /** Removes the blobs of an OCI layout that none of its images has. What fails is a warning: nothing depends on it. */
  readonly tidyLayout: (path: string, signal: AbortSignal) => Promise<void>;
}

/** A cache that was opened: its records are read, its blobs are not. */
export interface OpenedCache {
  readonly records: CacheRecords;
  /** The bytes of a layer; whoever stores them verifies them. */
  blob(layer: Descriptor, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** `--cache-from`, checked. */
export interface CacheSource {
  /** For messages. */
  readonly label: string;
  /** One for each image that the source has. Errors: whatever reading it throws; CACHE_DOCUMENT. */
  open(services: CacheServices, signal: AbortSignal): Promise<readonly OpenedCache[]>;
}

/** `--cache-to`, checked. */
export interface CacheTarget {
  readonly label: string;
  /** `min`: the layers of the image; `max`: those of all steps. */
  readonly mode: "min" | "max";
  /** The content of cache mounts, too. */
  readonly mounts: boolean;
  /** A target that cannot be written is a warning. */
  readonly ignoreErrors: boolean;
  /** An image manifest, or, as old readers want it, an index of blobs, with OCI's media types or Docker's. */
  readonly form: "manifest" | "index" | "docker-index";
  /** Writes the cache out: a manifest and everything below it, all in the store. */
  write(
    manifest: Descriptor,
    blobs: readonly Descriptor[],
    services: CacheServices,
    signal: AbortSignal,
  ): Promise<void>;
}

export type Attributes = Readonly<Record<string, string>>;

/** What attributes mean depends on it. */
export interface Surroundings {
  /** Relative paths are relative to this directory. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A cache that cannot be had here, where that is no mistake: the reason, for a warning. */
export interface AbsentCache {
  readonly absent: string;
}

/** A row of the table of backends. Attributes that a side does not list are refused before it is asked. */
export interface CacheBackend {
  readonly name: string;
  /** Absent: it cannot be imported. Throws CACHE_OPTION, OCI_REFERENCE. */
  readonly source?: {
    readonly attributes: readonly string[];
    create(attributes: Attributes, surroundings: Surroundings): CacheSource | AbsentCache;
  };
  /** Absent: it cannot be exported. `inline`: it goes into the image's configuration. */
  readonly target?: {
    readonly attributes: readonly string[];
    create(
      attributes: Attributes,
      surroundings: Surroundings,
    ): CacheTarget | AbsentCache | "inline";
  };
}
