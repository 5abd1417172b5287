// SPDX-License-Identifier: Apache-2.0
// What the rest of tsbuild may ask of registries. Bytes that come out are verified; where they are kept is the caller's business.

import type { Readable } from "node:stream";
import type { Descriptor, Digest, Reference } from "../oci/index.js";

export interface RequestOptions {
  readonly signal?: AbortSignal;
}

/** A manifest or index as a registry sent it, verified. `descriptor.mediaType` is what the document is. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Where a push takes its bytes from. A store's blobs are one. */
export interface ContentSource {
  /** The whole of a small blob (manifests, indexes), verified. */
  read(blob: Descriptor): Promise<Uint8Array>;
  /** A new stream of a blob's bytes; may be asked for again when an upload has to be repeated. */
  stream(blob: Descriptor): Readable;
}

/** Repositories (`domain/path`) that may hold a blob already: it is mounted from there instead of uploaded. */
export type MountFrom = (blob: Digest) => readonly Reference[];

export interface PushOptions extends RequestOptions {
  readonly mountFrom?: MountFrom;
  /** By digest only; the tag of the reference is not set. */
  readonly byDigest?: boolean;
  /** Called as bytes go out; must not throw. */
  readonly onProgress?: (progress: PushProgress) => void;
}

export interface PushProgress {
  readonly digest: string;
  /** Bytes sent so far of `total`. */
  readonly current: number;
  readonly total: number;
  readonly state: "exists" | "mounted" | "uploading" | "done";
}

/** A client for all registries, with one set of credentials and one registries file. Holds connections until closed. */
export interface RegistryClient extends AsyncDisposable {
  /**
   * What a name means now: the descriptor of its manifest or index (one HEAD where the registry answers it in full).
   * Throws REGISTRY_NOT_FOUND, REGISTRY_AUTH, REGISTRY_DENIED, REGISTRY_UNREACHABLE, REGISTRY_TLS, REGISTRY_PROTOCOL, REGISTRY_DIGEST.
   */
  resolve(reference: Reference, options?: RequestOptions): Promise<Descriptor>;
  /** The manifest or index of a name; with a digest, of that digest. */
  manifest(reference: Reference, options?: RequestOptions): Promise<FetchedManifest>;
  /**
   * The bytes of a blob. A broken transfer is resumed. The stream fails at its end (REGISTRY_DIGEST) when the digest or
   * size is not the descriptor's.
   */
  blob(reference: Reference, blob: Descriptor, options?: RequestOptions): Readable;
  /**
   * The manifests that name this one (a reference with a digest) as their subject and are of this type. Registries without that
   * interface have them in an index under a tag: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#listing-referrers
   */
  referrers(
    reference: Reference,
    artifactType: string,
    options?: RequestOptions,
  ): Promise<readonly Descriptor[]>;
  /** Puts an image (manifest or index, and all below it) under the reference. Children go before parents, the tag last. */
  push(
    reference: Reference,
    image: Descriptor,
    source: ContentSource,
    options?: PushOptions,
  ): Promise<void>;
  close(): Promise<void>;
}

export interface RegistryClientOptions {
  /** Environment to read DOCKER_CONFIG, TSBUILD_REGISTRIES, HOME, XDG_CONFIG_HOME, proxies ... from. Default: the process's. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Talk plain HTTP, or TLS without verifying, to hosts beyond the registries file's list; `*` is all (`registry.insecure=true`). */
  readonly insecureHosts?: readonly string[];
  /** How often a request is sent at most, and milliseconds before the first repetition (doubled for each further one). */
  readonly retry?: { readonly attempts: number; readonly baseDelay: number };
  /** Milliseconds of silence after which a connection is given up: before an answer, and inside its body. */
  readonly timeouts?: { readonly answer: number; readonly idle: number };
  /** Warnings that the user should see (a credential helper that failed ...). Must not throw. */
  readonly onWarning?: (message: string) => void;
}
