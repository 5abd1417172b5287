// SPDX-License-Identifier: Apache-2.0
// Reads eStargz layers as the snapshotter does: from the footer to the table of contents, from its rows to gzip members. Written
// against the specification of the format, and shares no code with src/.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { constants, gunzipSync, inflateRawSync } from "node:zlib";

/** A row of the table of contents. */
export interface TocRow {
  readonly name: string;
  readonly type: string;
  readonly size?: number;
  readonly modtime?: string;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly userName?: string;
  readonly groupName?: string;
  readonly devMajor?: number;
  readonly devMinor?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly digest?: string;
  readonly offset?: number;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
}

export interface CheckedLayer {
  readonly rows: readonly TocRow[];
  /** Of the table's bytes. */
  readonly tocDigest: string;
  /** What the layer decompresses to. */
  readonly decompressed: Buffer;
  readonly files: ReadonlyMap<string, Buffer>;
}

const FOOTER = 51;
const sha256 = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** The one gzip member that begins here; what follows may be cut anywhere. */
function member(blob: Buffer, offset: number): Buffer {
  assert.deepEqual([...blob.subarray(offset, offset + 4)], [0x1f, 0x8b, 8, 0], `at ${offset}`);
  return inflateRawSync(blob.subarray(offset + 10), { finishFlush: constants.Z_SYNC_FLUSH });
}

function tocOffset(blob: Buffer): number {
  const footer = blob.subarray(-FOOTER);
  assert.equal(gunzipSync(footer).length, 0, "the footer is an empty member");
  const [xlen, id, length] = [
    footer.readUInt16LE(10),
    footer.toString("latin1", 12, 14),
    footer.readUInt16LE(14),
  ];
  assert.deepEqual([xlen, id, length], [26, "SG", 22]);
  const field = footer.toString("latin1", 16, 38);
  assert.match(field, /^[0-9a-f]{16}STARGZ$/);
  return parseInt(field.slice(0, 16), 16);
}

/** Reads a layer and checks every chunk of every file against its digest. */
export function readEstargz(blob: Buffer): CheckedLayer {
  const tar = member(blob, tocOffset(blob));
  assert.equal(tar.toString("latin1", 0, 18), "stargz.index.json\0");
  const size = parseInt(tar.toString("latin1", 124, 135), 8);
  const json = tar.subarray(512, 512 + size);
  const { version, entries } = JSON.parse(json.toString("utf8")) as {
    version: number;
    entries: TocRow[];
  };
  assert.equal(version, 1);
  const files = new Map<string, Buffer>();
  const offsets = new Set<number>();
  let file: TocRow | undefined;
  let content = Buffer.alloc(0);
  const finish = (): void => {
    if (file === undefined) return;
    assert.equal(content.length, file.size ?? 0, file.name);
    assert.equal(sha256(content), file.digest, file.name);
    files.set(file.name, content);
    file = undefined;
  };
  for (const row of entries) {
    if (row.type !== "chunk") finish();
    if (row.type === "reg") {
      file = row;
      content = Buffer.alloc(0);
    }
    if (row.type !== "chunk" && (row.type !== "reg" || row.size === undefined)) continue;
    assert.ok(file !== undefined && row.offset !== undefined && !offsets.has(row.offset));
    offsets.add(row.offset);
    assert.equal(row.chunkOffset ?? 0, content.length);
    const length = row.chunkSize ?? (file.size ?? 0) - content.length;
    const chunk = member(blob, row.offset).subarray(0, length);
    assert.equal(sha256(chunk), row.chunkDigest, row.name);
    content = Buffer.concat([content, chunk]);
  }
  finish();
  return { rows: entries, tocDigest: sha256(json), decompressed: gunzipSync(blob), files };
}
