// SPDX-License-Identifier: Apache-2.0
// How a table's entry becomes a key and a value of LMDB, and back. Values carry a checksum: LMDB has none, and a damaged
// record must read as missing, never as another value.

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

// LMDB takes keys up to 1978 bytes. Longer ones (and text that is not well-formed UTF-16, which UTF-8 cannot tell apart)
// are kept under a digest, with the whole key beside the value.
const maxPlainKey = 1024;
const separator = "\0";
const hashed = "\u0001";

function tablePrefix(table: string): string {
  return table + separator;
}

function isPlain(key: string): boolean {
  return (
    key.length <= maxPlainKey &&
    Buffer.byteLength(key) <= maxPlainKey &&
    !/[\ud800-\udfff]/u.test(key) &&
    !key.startsWith(hashed)
  );
}

/** The LMDB key of a table's key. */
export function encodeKey(table: string, key: string): Buffer {
  if (isPlain(key)) return Buffer.from(tablePrefix(table) + key);
  const digest = createHash("sha256").update(Buffer.from(key, "utf16le")).digest("hex");
  return Buffer.from(tablePrefix(table) + hashed + digest);
}

/** LMDB keys from `start` up to, but not including, `end`. */
export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** Where the keys with a prefix are. Those kept under a digest stand apart, and have to be looked at one by one. */
export function keyRanges(table: string, prefix: string): readonly KeyRange[] {
  // UTF-8 text holds no 0xff, so that it ends every prefix.
  const range = (text: string): KeyRange => ({
    start: Buffer.from(text),
    end: Buffer.concat([Buffer.from(text), Buffer.from([0xff])]),
  });
  const whole = range(tablePrefix(table) + prefix);
  return prefix === "" ? [whole] : [whole, range(tablePrefix(table) + hashed)];
}

/** The key and record of an entry. A record: checksum (4 bytes, over key and payload), then JSON: the value, or [key, value] where the key does not fit. */
export function encodeEntry(table: string, key: string, value: unknown): [Buffer, Buffer] {
  const rawKey = encodeKey(table, key);
  const kept = rawKey.indexOf(hashed, table.length + 1) === table.length + 1;
  const json = JSON.stringify(kept ? [key, value] : value);
  const record = Buffer.allocUnsafe(4 + Buffer.byteLength(json));
  record.write(json, 4);
  record.writeUInt32LE(crc32(record.subarray(4), crc32(rawKey)));
  return [rawKey, record];
}

/** The entry that an LMDB record holds, or undefined when its bytes are damaged. */
export function decodeEntry(
  table: string,
  rawKey: Buffer,
  record: Buffer,
): { readonly key: string; readonly value: unknown; readonly plain: boolean } | undefined {
  if (record.length < 4) return undefined;
  const payload = record.subarray(4);
  if (crc32(payload, crc32(rawKey)) !== record.readUInt32LE(0)) return undefined;
  const value: unknown = JSON.parse(payload.toString("utf8"));
  const key = rawKey.toString("utf8").slice(tablePrefix(table).length);
  if (!key.startsWith(hashed)) return { key, value, plain: true };
  if (!Array.isArray(value) || typeof value[0] !== "string") return undefined;
  return { key: value[0], value: value[1] as unknown, plain: false };
}
