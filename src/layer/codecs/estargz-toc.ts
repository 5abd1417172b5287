// SPDX-License-Identifier: Apache-2.0
// The table of contents of an eStargz layer: a JSON document with a row for each entry of the tar, and for each chunk of a file
// after its first. Rows become text as soon as they are complete, in order, so that few are held as objects.

import { defined } from "../../base/index.js";
import { createHash } from "node:crypto";
import type { SplitEntry } from "../tar/split.js";

/** The name that it has in the layer. */
export const TOC_NAME = "stargz.index.json";

interface Row {
  readonly fields: Record<string, unknown>;
  /** What is not known yet: where it is in the blob, digests. */
  waits: number;
}

/** The row of a chunk: of a whole file, or of a part. */
export interface ChunkRow {
  /** Where its gzip member begins in the blob. */
  placed(offset: number): void;
  /** Digest of its content. */
  hashed(digest: string): void;
}

/** The row of a file with content. */
export interface FileRow extends ChunkRow {
  /** Digest of the whole content. */
  ended(digest: string): void;
}

const TEXT_KEPT = 256 * 1024;

/** Names are bytes; those that are not UTF-8 get replacement characters, as in other writers of the format. */
function utf8(text: string): string {
  return Buffer.from(text, "latin1").toString("utf8");
}

/** RFC 3339; the epoch itself stands for "unknown", and only years of four digits can be said. */
function timeOf(seconds = 0): string | undefined {
  if (seconds === 0 || Math.abs(seconds) > 253402300799) return undefined;
  const text = new Date(seconds * 1000).toISOString();
  return /^\d{4}-/.test(text) ? text.replace(".000Z", "Z") : undefined;
}

function fieldsOf(entry: SplitEntry): Record<string, unknown> {
  const { type, mtime, link, userName, groupName, devMajor, devMinor, xattrs } = entry;
  const device = type === "char" || type === "block";
  const modtime = timeOf(mtime);
  return {
    name: utf8(entry.name),
    type,
    ...(type === "reg" && entry.size > 0 ? { size: entry.size } : {}),
    ...defined({ modtime }),
    ...(type === "symlink" || type === "hardlink" ? { linkName: utf8(link) } : {}),
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    ...(userName === "" ? {} : { userName: utf8(userName) }),
    ...(groupName === "" ? {} : { groupName: utf8(groupName) }),
    ...(device ? { devMajor, devMinor } : {}),
    ...(xattrs.length === 0
      ? {}
      : {
          xattrs: Object.fromEntries(
            xattrs.map(([name, value]) => [
              utf8(name),
              Buffer.from(value, "latin1").toString("base64"),
            ]),
          ),
        }),
  };
}

export class TableOfContents {
  /** Rows that are not text yet; the first of them waits. */
  #rows: Row[] = [];
  #at = 0;
  #text = '{"version":1,"entries":[';
  #first = true;
  readonly #parts: Buffer[] = [];

  /** An entry without content. */
  add(entry: SplitEntry): void {
    const row = { fields: fieldsOf(entry), waits: 0 };
    // What an empty file hashes to is known.
    if (entry.type === "reg") row.fields["digest"] = EMPTY_DIGEST;
    this.#rows.push(row);
    this.#drain();
  }

  /** A file with content; the first chunk is its own row. `chunkSize` 0: there are no others. */
  file(entry: SplitEntry, chunkSize: number): FileRow {
    const row = { fields: fieldsOf(entry), waits: 3 };
    if (chunkSize > 0) row.fields["chunkSize"] = chunkSize;
    this.#rows.push(row);
    return {
      ...this.#chunkRow(row),
      ended: (digest) => {
        this.#know(row, "digest", digest);
      },
    };
  }

  /** A chunk of a file after its first. `chunkSize` 0: it is the last. */
  chunk(entry: SplitEntry, chunkOffset: number, chunkSize: number): ChunkRow {
    const fields = { name: utf8(entry.name), type: "chunk", chunkOffset };
    const row = { fields: chunkSize > 0 ? { ...fields, chunkSize } : fields, waits: 2 };
    this.#rows.push(row);
    return this.#chunkRow(row);
  }

  /** The document, once every row is complete. */
  end(): { readonly parts: readonly Buffer[]; readonly size: number; readonly digest: string } {
    if (this.#at < this.#rows.length) throw new RangeError("a row of the table is not complete");
    // Nothing may follow the last brace: readers hash what their JSON decoder took.
    this.#parts.push(Buffer.from(`${this.#text}]}`));
    const hash = createHash("sha256");
    for (const part of this.#parts) hash.update(part);
    const size = this.#parts.reduce((sum, { length }) => sum + length, 0);
    return { parts: this.#parts, size, digest: `sha256:${hash.digest("hex")}` };
  }

  #chunkRow(row: Row): ChunkRow {
    return {
      placed: (offset) => {
        this.#know(row, "offset", offset);
      },
      hashed: (digest) => {
        this.#know(row, "chunkDigest", digest);
      },
    };
  }

  #know(row: Row, field: string, value: unknown): void {
    row.fields[field] = value;
    row.waits--;
    this.#drain();
  }

  #drain(): void {
    for (let row = this.#rows[this.#at]; row?.waits === 0; row = this.#rows[++this.#at]) {
      this.#text += `${this.#first ? "" : ","}\n${JSON.stringify(row.fields)}`;
      this.#first = false;
    }
    if (this.#text.length > TEXT_KEPT) {
      this.#parts.push(Buffer.from(this.#text));
      this.#text = "";
    }
    if (this.#at > 1000 || this.#at === this.#rows.length) {
      this.#rows = this.#rows.slice(this.#at);
      this.#at = 0;
    }
  }
}

const EMPTY_DIGEST = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
