// SPDX-License-Identifier: Apache-2.0
// The blobs of the store. A file appears under its digest's name only whole and verified; it is verified again whenever
// it is read, and set aside when it is not what it should be. Only what this process itself has just written, and nobody has
// touched since, is not hashed twice.

import { createHash, type Hash } from "node:crypto";
import {
  constants,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  type BigIntStats,
} from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, unlink, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { TsbuildError, errnoOf, startOf } from "../base/index.js";
import {
  algorithmOf,
  digestAlgorithms,
  hexOf,
  isDigest,
  parseDigest,
  type Digest,
} from "../oci/index.js";
import { isAbort, storeError } from "./errors.js";
import type { RootPaths } from "./root.js";
import type { TempSpace } from "./temp.js";
import type { BlobInfo, BlobStore, BlobWriteOptions, Lease, StoredBlob } from "./types.js";

const defaultReadCap = 16 * 1024 * 1024;
const chunkSize = 256 * 1024;
/** A blob is a file: neither a link to what may have no end, nor a pipe to be waited for. */
const asFile = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/**
 * A blob up to this size is held in memory until its digest is known: one that is there already is not written again. And it
 * is written at once, which takes less time than handing each call to another thread.
 */
const smallBlob = 128 * 1024;
/**
 * The time of a larger blob's file is put back by so many milliseconds: whoever writes to it later sets another one, however
 * coarsely the clock of the file system ticks.
 */
const putBack = 2000;
/** What stat counts blocks in, whatever the file system uses. */
const blockSize = 512;

/** Options with every key, as they are passed on. */
type AllOf<T> = { readonly [K in keyof Required<T>]: T[K] | undefined };

/** Flushes the entries of a directory to the disk, so that renames into it survive a crash of the machine. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Puts the time of a file back that is complete. */
async function finish(handle: FileHandle): Promise<void> {
  const written = new Date(Date.now() - putBack);
  await handle.utimes(written, written);
}

/** Tells a file whose time was put back from all that it may become. */
function stateOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join(" ");
}

function digestOfHash(hash: Hash, algorithm: string): Digest {
  return parseDigest(`${algorithm}:${hash.digest("hex")}`);
}

/** A file of `size` bytes, and a little of what is behind them. The next piece is read while the last one is worked on. */
async function* readAhead(
  handle: FileHandle,
  size: number,
): AsyncGenerator<Buffer, void, undefined> {
  let asked = 0;
  const read = (): ReturnType<FileHandle["read"]> => {
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, Math.max(1, size - asked + 1)));
    asked += buffer.length;
    return handle.read(buffer, 0, buffer.length, null);
  };
  let next = read();
  try {
    for (;;) {
      const { bytesRead, buffer } = await next;
      if (bytesRead === 0) return;
      next = read();
      yield (buffer as Buffer).subarray(0, bytesRead);
    }
  } finally {
    // The file must not be closed below a read.
    await next.catch(() => undefined);
  }
}

export class FileBlobStore implements BlobStore {
  readonly #paths: RootPaths;
  readonly #temp: TempSpace;
  readonly #lease: Pick<Lease, "add" | "hold">;
  readonly #warn: (message: string) => void;
  /** The states of the files that this process has written. */
  readonly #written = new Map<Digest, string>();

  /** `lease`: takes what is asked for or written, so that no prune removes it. */
  constructor(
    paths: RootPaths,
    temp: TempSpace,
    lease: Pick<Lease, "add" | "hold">,
    warn: (message: string) => void,
  ) {
    this.#paths = paths;
    this.#temp = temp;
    this.#lease = lease;
    this.#warn = warn;
  }

  #path(digest: Digest): string {
    return join(this.#paths.blobs, algorithmOf(digest), hexOf(digest));
  }

  async has(digest: Digest, size?: number): Promise<boolean> {
    const path = this.#path(digest);
    return this.#lease.hold((protect) => {
      const file = statSync(path, { throwIfNoEntry: false });
      const found = file?.isFile() === true && (size === undefined || file.size === size);
      if (found) protect(digest);
      return found;
    });
  }

  async size(digest: Digest): Promise<number | undefined> {
    const path = this.#path(digest);
    try {
      const found = await stat(path);
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw storeError(error, `look for blob ${digest}`, path);
    }
  }

  async read(blob: BlobInfo, maxBytes: number = defaultReadCap): Promise<Buffer> {
    if (blob.size > maxBytes)
      throw new TsbuildError(
        "STORE_LIMIT",
        `blob ${blob.digest} has ${blob.size} bytes, and its use allows ${maxBytes}`,
        { details: { digest: blob.digest, size: blob.size, maxBytes } },
      );
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.pieces(blob)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  stream(blob: BlobInfo): Readable {
    return Readable.from(this.pieces(blob), { objectMode: false, highWaterMark: chunkSize });
  }

  async verify(blob: BlobInfo): Promise<void> {
    this.#written.delete(blob.digest);
    const bytes = this.pieces(blob);
    while ((await bytes.next()).done !== true);
  }

  async *pieces(blob: BlobInfo): AsyncGenerator<Buffer, void, void> {
    const path = this.#path(blob.digest);
    let hash: Hash | undefined;
    let size = 0;
    try {
      await using handle = await open(path, asFile);
      if (!(await this.#isAsWritten(blob.digest, handle)))
        hash = createHash(algorithmOf(blob.digest));
      for await (const chunk of readAhead(handle, blob.size)) {
        size += chunk.length;
        // A file that has grown is not read to an end that may never come.
        if (size > blob.size) break;
        hash?.update(chunk);
        yield chunk;
      }
    } catch (error) {
      if (errnoOf(error) === "ENOENT")
        throw new TsbuildError("STORE_NOT_FOUND", `blob ${blob.digest} is not in the store`, {
          details: { digest: blob.digest },
        });
      throw storeError(error, `read blob ${blob.digest}`, path);
    }
    const known =
      hash === undefined || digestOfHash(hash, algorithmOf(blob.digest)) === blob.digest;
    if (size === blob.size && known) return;
    // A wrong size alone may be the caller's mistake; only bytes that belie their own name are set aside.
    if (size === blob.size || !(await this.#isSound(blob.digest)))
      await this.#setAside(blob.digest);
    throw new TsbuildError("STORE_CORRUPT", `blob ${blob.digest} is damaged in the store`, {
      hint: "it was set aside; run the command again to fetch or make it anew",
      details: { digest: blob.digest, size },
    });
  }

  async #isAsWritten(digest: Digest, handle: FileHandle): Promise<boolean> {
    const written = this.#written.get(digest);
    return written !== undefined && stateOf(await handle.stat({ bigint: true })) === written;
  }

  /** Whether a file's bytes are those of its name. */
  async #isSound(digest: Digest): Promise<boolean> {
    const hash = createHash(algorithmOf(digest));
    try {
      await using handle = await open(this.#path(digest), asFile);
      for await (const chunk of handle.createReadStream({ autoClose: false }))
        hash.update(chunk as Buffer);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return true;
      throw storeError(error, `read blob ${digest}`);
    }
    return digestOfHash(hash, algorithmOf(digest)) === digest;
  }

  async #setAside(digest: Digest): Promise<void> {
    try {
      await mkdir(this.#paths.corrupt, { recursive: true, mode: 0o700 });
      await rename(this.#path(digest), join(this.#paths.corrupt, hexOf(digest)));
      this.#warn(`blob ${digest} was damaged in the store and has been set aside`);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw storeError(error, `set damaged blob ${digest} aside`);
    }
  }

  async write(
    source: AsyncIterable<Uint8Array>,
    { expected, signal, growing }: BlobWriteOptions = {},
  ): Promise<BlobInfo> {
    try {
      const info = await this.#write(source, { expected, signal, growing });
      growing?.end();
      return info;
    } catch (error) {
      growing?.end(error);
      throw error;
    }
  }

  async #write(
    source: AsyncIterable<Uint8Array>,
    { expected, signal, growing }: AllOf<BlobWriteOptions>,
  ): Promise<BlobInfo> {
    signal?.throwIfAborted();
    const algorithm = expected === undefined ? "sha256" : algorithmOf(expected.digest);
    if (growing === undefined) {
      const start = await startOf(source, Math.min(smallBlob, expected?.size ?? smallBlob));
      signal?.throwIfAborted();
      if (start.rest === undefined) return this.#writeSmall(start.bytes, algorithm, expected);
      source = start.rest;
    }
    const temporary = await this.#temp.file();
    const limit = expected?.size ?? Number.MAX_SAFE_INTEGER;
    const hash = createHash(algorithm);
    let size = 0;
    let writing = true;
    try {
      await using handle = await open(temporary, "wx", 0o644);
      await growing?.begin(temporary);
      writing = false;
      for await (const chunk of source) {
        signal?.throwIfAborted();
        size += chunk.length;
        if (size > limit)
          throw wrongBytes(expected?.digest, `more than the ${limit} bytes expected`);
        writing = true;
        // The chunk is hashed while the kernel takes it.
        const written = writeAll(handle, chunk);
        hash.update(chunk);
        await written;
        growing?.grow(chunk.length);
        writing = false;
      }
      writing = true;
      const digest = digestOfHash(hash, algorithm);
      assertExpected({ digest, size }, expected);
      await finish(handle);
      await this.#publish(temporary, digest);
      this.#noteWritten(digest);
      return { digest, size };
    } catch (error) {
      // What happened before matters more than what happens to the temporary file, which is swept later anyway.
      await rm(temporary, { force: true }).catch(() => undefined);
      // The source's own errors pass unchanged; those of our file get a code.
      if (!writing || isAbort(error, signal)) throw error;
      throw storeError(error, "write a blob to the store", this.#paths.root);
    }
  }

  async receive<T extends BlobInfo>(fill: (file: number) => Promise<T>): Promise<T> {
    const temporary = await this.#temp.file();
    try {
      await using handle = await open(temporary, "wx", 0o644);
      const blob = await fill(handle.fd);
      const { size } = await handle.stat();
      if (size !== blob.size) throw wrongBytes(blob.digest, `${size} bytes, not ${blob.size}`);
      await finish(handle);
      await this.#publish(temporary, blob.digest);
      this.#noteWritten(blob.digest);
      return blob;
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw errnoOf(error) === undefined
        ? error
        : storeError(error, "write a blob to the store", this.#paths.root);
    }
  }

  async #writeSmall(
    bytes: Buffer,
    algorithm: string,
    expected: BlobWriteOptions["expected"],
  ): Promise<BlobInfo> {
    const size = bytes.length;
    const digest = digestOfHash(createHash(algorithm).update(bytes), algorithm);
    assertExpected({ digest, size }, expected);
    if (await this.#holds(digest, bytes)) return { digest, size };
    const temporary = await this.#temp.file();
    try {
      writeFileSync(temporary, bytes, { flag: "wx", mode: 0o644 });
      await this.#publish(temporary, digest);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw storeError(error, "write a blob to the store", this.#paths.root);
    }
    return { digest, size };
  }

  /** Whether a blob is there with these very bytes; a damaged one is written anew. */
  async #holds(digest: Digest, bytes: Buffer): Promise<boolean> {
    if (!(await this.has(digest, bytes.length))) return false;
    try {
      return readFileSync(this.#path(digest)).equals(bytes);
    } catch {
      // Whatever is wrong with it: then it is written anew.
      return false;
    }
  }

  async #publish(temporary: string, digest: Digest): Promise<void> {
    // Before the blob has its name: nothing may speak of it for a while.
    await this.#lease.add(digest);
    const path = this.#path(digest);
    try {
      renameSync(temporary, path);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      renameSync(temporary, path);
    }
  }

  #noteWritten(digest: Digest): void {
    const file = statSync(this.#path(digest), { bigint: true, throwIfNoEntry: false });
    if (file !== undefined) this.#written.set(digest, stateOf(file));
  }

  async writeBytes(bytes: Uint8Array, options: BlobWriteOptions = {}): Promise<BlobInfo> {
    return this.write(Readable.from([bytes]), options);
  }

  async remove(digest: Digest): Promise<boolean> {
    try {
      await unlink(this.#path(digest));
      return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw storeError(error, `remove blob ${digest}`, this.#path(digest));
    }
  }

  /** Takes blobs away from under their names, at once; what is left to do afterwards may take time. */
  discard(digests: readonly Digest[], trash: string | undefined): void {
    for (const [i, digest] of digests.entries()) {
      try {
        if (trash === undefined) unlinkSync(this.#path(digest));
        else renameSync(this.#path(digest), join(trash, String(i)));
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") throw storeError(error, `remove blob ${digest}`);
      }
    }
  }

  async overhead(): Promise<number> {
    let bytes = 0;
    for (const directory of [this.#paths.blobs, ...this.#directories()]) {
      const found = await stat(directory).catch(() => undefined);
      bytes += (found?.blocks ?? 0) * blockSize;
    }
    return bytes;
  }

  #directories(): string[] {
    return Object.keys(digestAlgorithms).map((algorithm) => join(this.#paths.blobs, algorithm));
  }

  async *list(): AsyncGenerator<StoredBlob, void, void> {
    for (const algorithm of Object.keys(digestAlgorithms)) {
      const directory = join(this.#paths.blobs, algorithm);
      for (const name of await namesIn(directory)) {
        const digest = `${algorithm}:${name}`;
        if (!isDigest(digest)) continue;
        const found = await stat(join(directory, name)).catch(() => undefined);
        // Removed by another process in the meantime, or no file.
        if (found?.isFile() !== true) continue;
        const { size, mtimeMs: modified, blocks } = found;
        yield { digest, size, modified, allocated: blocks * blockSize };
      }
    }
  }

  /** Makes blobs survive a loss of power. Those that are not there are passed over. */
  async sync(digests: readonly Digest[]): Promise<void> {
    await Promise.all(
      digests.map(async (digest) => {
        try {
          await using handle = await open(this.#path(digest), asFile);
          await handle.datasync();
        } catch (error) {
          if (errnoOf(error) !== "ENOENT") throw storeError(error, `write blob ${digest}`);
        }
      }),
    );
    await syncDirectory(join(this.#paths.blobs, "sha256"));
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storeError(error, "list the blobs", directory);
  }
}

function assertExpected(
  { digest, size }: BlobInfo,
  expected: BlobWriteOptions["expected"] | undefined,
): void {
  if (expected === undefined) return;
  if (digest !== expected.digest) throw wrongBytes(expected.digest, `their digest is ${digest}`);
  if (expected.size !== undefined && size !== expected.size)
    throw wrongBytes(expected.digest, `${size} bytes instead of ${expected.size}`);
}

function wrongBytes(digest: Digest | undefined, why: string): TsbuildError {
  return new TsbuildError("STORE_DIGEST", `the bytes of ${digest ?? "a blob"} are wrong: ${why}`, {
    details: { digest },
  });
}

async function writeAll(
  handle: { write(data: Uint8Array, offset: number): Promise<{ bytesWritten: number }> },
  data: Uint8Array,
): Promise<void> {
  for (let offset = 0; offset < data.length;)
    offset += (await handle.write(data, offset)).bytesWritten;
}
