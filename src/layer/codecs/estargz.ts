// SPDX-License-Identifier: Apache-2.0
// eStargz: a gzip layer that readers can fetch in parts. A gzip member begins where the content of a file does, and every
// 4 MiB within it; a table of contents behind the tar says which is where, and a footer says where the table is. The tar
// stays as it is, end mark included: whoever does not know the format reads it, and what follows an end mark is not read.
// After https://github.com/containerd/stargz-snapshotter/blob/main/docs/estargz.md.

import { createHash, type Hash } from "node:crypto";
import { cleanName, refused } from "../names.js";
import { endMark, fileHeader, paddingOf } from "../tar/write.js";
import { TarSplitter, type SplitEntry } from "../tar/split.js";
import { defaultLimits } from "../types.js";
import { TableOfContents, TOC_NAME, type ChunkRow, type FileRow } from "./estargz-toc.js";
import { compressGzip, gzipMembers } from "./gzip.js";

/** Readers check the table against this annotation of the layer's descriptor: a layer that has it is eStargz. */
export const TOC_DIGEST_ANNOTATION = "containerd.io/snapshot/stargz/toc.digest";
const SIZE_ANNOTATION = "io.containers.estargz.uncompressed-size";

const CHUNK = 4 * 1024 * 1024;
/** Headers are cut, too, so that a member can be held in memory. */
const MEMBER = 2 * CHUNK;

/** What is known of a layer once it is written. */
export interface EstargzSummary {
  /** Hex sha256 of the tar. */
  readonly tar: string;
  /** Hex sha256 of what the layer decompresses to: the tar and the table's. */
  readonly whole: string;
  /** For the descriptor. */
  readonly annotations: Readonly<Record<string, string>>;
}

const sha256 = (): Hash => createHash("sha256");
const digestOf = (hash: Hash): string => `sha256:${hash.digest("hex")}`;

/** A file whose content is passing. */
class PassingFile {
  readonly #toc: TableOfContents;
  readonly #entry: SplitEntry;
  /** Of the whole content, when it is more than one chunk. */
  readonly #hash: Hash | undefined;
  #row: FileRow | undefined;
  #chunk: { readonly row: ChunkRow; readonly hash: Hash } | undefined;
  #at = 0;

  constructor(toc: TableOfContents, entry: SplitEntry) {
    this.#toc = toc;
    this.#entry = entry;
    this.#hash = entry.size > CHUNK ? sha256() : undefined;
  }

  /** Begins a chunk when one is due. */
  begin(): ChunkRow | undefined {
    if (this.#at % CHUNK !== 0) return undefined;
    const size = this.#entry.size - this.#at > CHUNK ? CHUNK : 0;
    let row: ChunkRow;
    if (this.#at === 0) row = this.#row = this.#toc.file(this.#entry, size);
    else row = this.#toc.chunk(this.#entry, this.#at, size);
    this.#chunk = { row, hash: sha256() };
    return row;
  }

  /** Takes what belongs to the chunk that was begun. */
  take(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, CHUNK - (this.#at % CHUNK));
    this.#chunk?.hash.update(part);
    this.#hash?.update(part);
    this.#at += part.length;
    const ended = this.#at === this.#entry.size;
    if (this.#chunk !== undefined && (ended || this.#at % CHUNK === 0)) {
      const digest = digestOf(this.#chunk.hash);
      this.#chunk.row.hashed(digest);
      this.#chunk = undefined;
      if (ended) this.#row?.ended(this.#hash === undefined ? digest : digestOf(this.#hash));
    }
    return part;
  }
}

/** The bytes of a member that is being collected, and the chunk that begins with it. */
class Member {
  #parts: Buffer[] = [];
  length = 0;

  add(bytes: Buffer): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  taken(): Buffer {
    const [first = Buffer.alloc(0)] = this.#parts;
    const whole = this.#parts.length === 1 ? first : Buffer.concat(this.#parts, this.length);
    this.#parts = [];
    this.length = 0;
    return whole;
  }
}

/** Cuts the tar into members. `starts` gets for each the row of the chunk that begins it, if one does. */
async function* cut(
  tar: AsyncIterable<Uint8Array>,
  toc: TableOfContents,
  starts: (ChunkRow | undefined)[],
): AsyncGenerator<Buffer, void, undefined> {
  const splitter = new TarSplitter(defaultLimits);
  const member = new Member();
  let start: ChunkRow | undefined;
  let file: PassingFile | undefined;
  const close = (): Buffer => {
    starts.push(start);
    start = undefined;
    return member.taken();
  };
  for await (const chunk of tar) {
    for (const part of splitter.push(asBuffer(chunk))) {
      switch (part.kind) {
        case "frame":
          member.add(part.bytes);
          if (member.length >= MEMBER) yield close();
          break;
        case "entry":
          checkName(part.entry);
          file = part.entry.size > 0 ? new PassingFile(toc, part.entry) : undefined;
          if (file === undefined) toc.add(part.entry);
          break;
        case "content":
          for (let bytes = part.bytes; file !== undefined && bytes.length > 0;) {
            const begun = file.begin();
            if (begun !== undefined) {
              if (member.length > 0) yield close();
              start = begun;
            }
            const taken = file.take(bytes);
            member.add(taken);
            bytes = bytes.subarray(taken.length);
          }
      }
    }
  }
  splitter.end();
  if (member.length > 0) yield close();
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A file of the table's name would be taken for it. */
function checkName(entry: SplitEntry): void {
  if (cleanName(entry.name, defaultLimits) === TOC_NAME)
    throw refused(entry.name, "an estargz layer has its table of contents by this name");
}

/** The tar that holds the table: it is told by a tar reader that begins there, so it has an end mark of its own. */
function* tocTar(parts: readonly Buffer[], size: number): Generator<Buffer, void, undefined> {
  yield fileHeader(TOC_NAME, size);
  yield* parts;
  yield paddingOf(size);
  yield endMark;
}

/** An empty gzip member whose extra field, SG, says where the table's member begins. */
function footer(offset: number): Buffer {
  const field = `${offset.toString(16).padStart(16, "0")}STARGZ`;
  const head = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255]);
  const lengths = Buffer.from([field.length + 4, 0, 0x53, 0x47, field.length, 0]);
  // A last block, stored, of no bytes; then checksum and length, both 0.
  const empty = Buffer.from([1, 0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([head, lengths, Buffer.from(field, "latin1"), empty]);
}

/**
 * Writes a tar as eStargz. `hash` is a sha256 that takes the tar's bytes as they are read from `tar`. The summary can be had
 * when the bytes are over. Errors while they are read: LAYER_TAR, LAYER_ENTRY, LAYER_LIMIT, what the tar throws.
 */
export function writeEstargz(
  tar: AsyncIterable<Uint8Array>,
  hash: Hash,
  level: number,
): { readonly bytes: AsyncIterable<Uint8Array>; readonly summary: () => EstargzSummary } {
  let summary: EstargzSummary | undefined;
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    const toc = new TableOfContents();
    const starts: (ChunkRow | undefined)[] = [];
    let offset = 0;
    let decompressed = 0;
    async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
      for await (const chunk of tar) {
        decompressed += chunk.length;
        yield chunk;
      }
    }
    for await (const member of gzipMembers(cut(counted(), toc, starts), level)) {
      starts.shift()?.placed(offset);
      offset += member.length;
      yield member;
    }
    const tarHash = hash.copy().digest("hex");
    const { parts, size, digest } = toc.end();
    // eslint-disable-next-line @typescript-eslint/require-await -- a source for a stream
    async function* table(): AsyncGenerator<Uint8Array, void, undefined> {
      for (const part of tocTar(parts, size)) {
        hash.update(part);
        decompressed += part.length;
        yield part;
      }
    }
    // One member: readers take no other.
    yield* compressGzip(table(), level);
    yield footer(offset);
    summary = {
      tar: tarHash,
      whole: hash.digest("hex"),
      annotations: {
        [TOC_DIGEST_ANNOTATION]: digest,
        [SIZE_ANNOTATION]: String(decompressed),
      },
    };
  }
  return {
    bytes: bytes(),
    summary: () => {
      if (summary === undefined) throw new RangeError("the layer is not written yet");
      return summary;
    },
  };
}
