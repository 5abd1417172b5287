// SPDX-License-Identifier: Apache-2.0
// What the rest of tsbuild may ask of the store: blobs, named images, tables of metadata, locks and leases.

import type { Readable } from "node:stream";
import type { Descriptor, Digest } from "../oci/index.js";
import type { GrowingBlob } from "./growing-blob.js";

/** A blob's name and size in bytes. Every Descriptor is one. */
export interface BlobInfo {
  readonly digest: Digest;
  readonly size: number;
}

export interface BlobWriteOptions {
  /** What the bytes must turn out to be; otherwise nothing is stored (STORE_DIGEST). The size is optional. */
  readonly expected?: { readonly digest: Digest; readonly size?: number };
  readonly signal?: AbortSignal;
  /** Lets others read the bytes while they come. */
  readonly growing?: GrowingBlob;
}

/** Content-addressed bytes. A blob is there whole and verified, or it is not there. */
export interface BlobStore {
  /**
   * Whether the blob is there, and of the size if one is given (a loss of power may have cut it). If it is, it stays until
   * this store is closed: whoever asks is about to use it.
   */
  has(digest: Digest, size?: number): Promise<boolean>;
  /** Bytes, or undefined when there is no such blob. */
  size(digest: Digest): Promise<number | undefined>;
  /**
   * The whole blob, verified. Throws STORE_NOT_FOUND, STORE_LIMIT (more than `maxBytes`; default 16 MiB), STORE_CORRUPT
   * (the blob is then set aside, so that it can be fetched or made again).
   */
  read(blob: BlobInfo, maxBytes?: number): Promise<Buffer>;
  /**
   * The blob in pieces. It fails at its end with STORE_CORRUPT when the bytes are not those of the digest: nothing that was read
   * counts before the end. What this process has written is known by its file's state instead. Returning early closes the file.
   */
  pieces(blob: BlobInfo): AsyncGenerator<Buffer, void, void>;
  /** The same as a stream, for those who need one: that costs about as much again as reading. */
  stream(blob: BlobInfo): Readable;
  /** Reads the whole blob, whoever has written it. Throws what `read` throws, but for STORE_LIMIT. */
  verify(blob: BlobInfo): Promise<void>;
  /**
   * Stores the bytes of a stream: temporary file, digest and size checked, rename. Idempotent. The blob stays until this
   * store is closed; it survives a loss of power once an image with it has a name (see ImageStore.set). Throws STORE_DIGEST, STORE_FULL, STORE_IO, or what the source threw; nothing is left behind then.
   */
  write(source: AsyncIterable<Uint8Array>, options?: BlobWriteOptions): Promise<BlobInfo>;
  /**
   * Stores what a program of ours writes into a temporary file itself: `fill` gets the descriptor of one that is open for
   * writing, and says what it has become when the program is done. The size is checked; the digest is when the blob is read.
   * Otherwise as `write`. An error of node:fs that `fill` throws becomes one of the store's.
   */
  receive<T extends BlobInfo>(fill: (file: number) => Promise<T>): Promise<T>;
  writeBytes(bytes: Uint8Array, options?: BlobWriteOptions): Promise<BlobInfo>;
  /** False when there was no such blob. */
  remove(digest: Digest): Promise<boolean>;
  /** All blobs, in no order. */
  list(): AsyncIterable<StoredBlob>;
  /** What the directories of the blobs take on the disk themselves, in bytes. */
  overhead(): Promise<number>;
}

export interface StoredBlob extends BlobInfo {
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Bytes that it takes on the disk. */
  readonly allocated: number;
}

/** An image under its name: the full form of formatReference, with a tag. */
export interface NamedImage {
  readonly name: string;
  readonly descriptor: Descriptor;
}

/** The store's index.json: which name means which image. Safe beside other processes that use this store. */
export interface ImageStore {
  /** In the order in which they were named. Entries of other tools that have no name of ours are not listed, but stay. */
  list(): Promise<NamedImage[]>;
  get(name: string): Promise<Descriptor | undefined>;
  /**
   * Names several at once, in one atomic change; a name that was taken now means the new image. `blobs`: what the images
   * consist of, brought safely to the disk before the names are.
   */
  set(
    images: readonly NamedImage[],
    options?: { readonly blobs?: readonly Digest[]; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** How many of the names were there. Blobs stay until they are pruned. */
  remove(names: readonly string[], signal?: AbortSignal): Promise<number>;
  /** Images that are kept without a name, and have none beside that; each once, in the order in which they came. */
  unnamed(): Promise<Descriptor[]>;
  /** Keeps images without a name, in one atomic change. `blobs`: as for {@link set}. */
  keep(
    images: readonly Descriptor[],
    options?: { readonly blobs?: readonly Digest[]; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Keeps them no longer; what has a name stays under it. How many were kept. */
  release(images: readonly Digest[], signal?: AbortSignal): Promise<number>;
  /**
   * Everything that the index points at, entries of other tools too, and the state of the index in which that was so. Throws
   * STORE_CORRUPT when the index is damaged: what it named is then unknown.
   */
  roots(): Promise<{ readonly descriptors: readonly Descriptor[]; readonly version: string }>;
}

/** A table of metadata. Values are JSON; keys any text. Reads are synchronous, and see what this process has awaited. */
export interface Table<V> {
  /** Undefined when missing, or when the stored bytes are damaged. */
  get(key: string): V | undefined;
  put(key: string, value: V): Promise<void>;
  /** False when there was none. */
  remove(key: string): Promise<boolean>;
  /** A snapshot of the entries whose keys begin with `prefix`, in the order of their UTF-8 bytes. */
  entries(prefix?: string): Iterable<readonly [key: string, value: V]>;
  /**
   * Runs `action` alone among all processes; what it changes is stored as one, or, when it throws, not at all. It must
   * be quick and synchronous.
   */
  transaction<T>(action: (table: TableTransaction<V>) => T): Promise<T>;
}

export interface TableTransaction<V> {
  get(key: string): V | undefined;
  put(key: string, value: V): void;
  remove(key: string): boolean;
  entries(prefix?: string): Iterable<readonly [key: string, value: V]>;
}

/** Keeps things from being pruned while it lasts. A lease whose process has died protects nothing. */
export interface Lease extends AsyncDisposable {
  /** Ids of any kind (digests, snapshot ids). They are protected when the promise is fulfilled. */
  add(...ids: readonly string[]): Promise<void>;
  /**
   * Looks for something and protects it, with no prune in between: what `find` saw of things that it protects is true until
   * the lease ends. `find` is synchronous, reads only, may be run twice, and sees what other processes wrote last.
   */
  hold<T>(find: (protect: (...ids: readonly string[]) => void) => T): Promise<T>;
}

/** What a prune may do while no lease can be added or ended. */
export interface Collection {
  /** Every id that a living lease protects. */
  readonly leased: ReadonlySet<string>;
  /** The state of the list of images; see ImageStore.roots. */
  readonly imagesVersion: string;
  /** All changes of tables are stored as one. */
  readonly table: <V>(name: string) => TableTransaction<V>;
  /** Takes a blob away, once the changes of the tables are stored. */
  readonly removeBlob: (digest: Digest) => void;
}

export interface StoreOptions {
  /** Directory; made (0700) when missing, closed to other users when it is not, refused when it is not ours. */
  readonly root: string;
  readonly signal?: AbortSignal;
  /** Told of what was repaired (a damaged database set aside ...). Must not throw. */
  readonly onWarning?: (message: string) => void;
}

/** An open store. Everything of it is on disk; several processes may have the same one open. */
export interface Store extends AsyncDisposable {
  readonly root: string;
  /** The OCI layout inside the root: `<root>/oci`. */
  readonly layoutDir: string;
  readonly blobs: BlobStore;
  readonly images: ImageStore;
  /** Opens nothing until it is used. `name`: 1 to 40 of [a-z0-9-]. */
  table<V>(name: string): Table<V>;
  /**
   * Waits until no other holder (in any process) has the key, and holds it until disposed. Not re-entrant. Holders that
   * died are noticed. Rejects with the signal's reason.
   */
  lock(key: string, options?: { readonly signal?: AbortSignal }): Promise<AsyncDisposable>;
  lease(): Promise<Lease>;
  /** As Lease.hold, until this store is closed. */
  hold<T>(find: (protect: (...ids: readonly string[]) => void) => T): Promise<T>;
  /** Every id that a living lease protects. */
  leased(): Promise<ReadonlySet<string>>;
  /**
   * Runs a prune's decision. `action` must be quick and synchronous: builds that want to use something wait for it. When it
   * throws, nothing is changed.
   */
  collect<T>(action: (collection: Collection) => T): Promise<T>;
  /** The disk below the store, in bytes: all of it, and what is free for this user. */
  disk(): Promise<{ readonly total: number; readonly free: number }>;
  /** A fresh private directory below the root for scratch files, removed when disposed or when its process is dead. */
  tempDir(): Promise<{ readonly path: string } & AsyncDisposable>;
  /** Idempotent. Locks and leases still held are given up. */
  close(): Promise<void>;
}
