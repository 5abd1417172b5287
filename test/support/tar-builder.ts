// SPDX-License-Identifier: Apache-2.0
// Tars made by hand, header by header, so that tests can say things that no well-behaved program writes.

export interface RawEntry {
  /** One character per byte. */
  readonly name: string;
  /** Type flag; default "0". */
  readonly type?: string;
  readonly link?: string;
  readonly content?: string | Buffer;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly devMajor?: number;
  readonly devMinor?: number;
  /** What the header says of the size, whatever the content has. */
  readonly size?: number;
  /** Records of an extended header before the entry; values one character per byte. */
  readonly pax?: Readonly<Record<string, string>>;
  /** Changes the finished header. */
  readonly edit?: (header: Buffer) => void;
}

const BLOCK = 512;

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)]);
}

/** Writes the checksum that belongs to a header. */
export function sign(header: Buffer): void {
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function octal(header: Buffer, at: number, length: number, value: number): void {
  header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
}

export function header(entry: RawEntry, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(entry.name.slice(0, 100), 0, "latin1");
  octal(block, 100, 8, entry.mode ?? 0o644);
  octal(block, 108, 8, entry.uid ?? 0);
  octal(block, 116, 8, entry.gid ?? 0);
  octal(block, 124, 12, entry.size ?? size);
  octal(block, 136, 12, entry.mtime ?? 0);
  block.write(entry.type ?? "0", 156, "latin1");
  block.write((entry.link ?? "").slice(0, 100), 157, "latin1");
  block.write("ustar\x0000", 257, "latin1");
  octal(block, 329, 8, entry.devMajor ?? 0);
  octal(block, 337, 8, entry.devMinor ?? 0);
  sign(block);
  entry.edit?.(block);
  return block;
}

/** Records as the bytes of an extended header. */
export function paxBytes(records: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(
    Object.entries(records).map(([key, value]) => {
      const rest = ` ${key}=${value}\n`;
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length++;
      return Buffer.from(`${length}${rest}`, "latin1");
    }),
  );
}

export function entryBytes(entry: RawEntry): Buffer {
  const content = Buffer.from(entry.content ?? "");
  const own = Buffer.concat([header(entry, content.length), padded(content)]);
  if (entry.pax === undefined) return own;
  const records = paxBytes(entry.pax);
  const extended = header({ name: "PaxHeader", type: "x" }, records.length);
  return Buffer.concat([extended, padded(records), own]);
}

/** A whole tar with its end mark. */
export function tarOf(...entries: readonly RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(entryBytes), Buffer.alloc(2 * BLOCK)]);
}

/** Bytes as a stream, in pieces of `size`. */
export async function* inPieces(bytes: Buffer, size = 65536): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}
