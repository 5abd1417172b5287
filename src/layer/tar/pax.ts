// SPDX-License-Identifier: Apache-2.0
// PAX records: `LENGTH KEY=VALUE\n`. Values are bytes (attributes are binary, names may be in any encoding) and are kept
// as one character per byte ("latin1"), which nothing on the way can damage.

import { malformed } from "./header.js";

/** Records in the order of the archive; a key may come again (old sparse maps). */
export type PaxRecords = readonly (readonly [key: string, value: string])[];

/** Reads the records of an extended header. */
export function parsePax(bytes: Buffer): PaxRecords {
  const records: (readonly [string, string])[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? "" : bytes.toString("latin1", at, space);
    const end = at + Number(digits);
    if (!/^[1-9][0-9]{0,9}$/.test(digits) || end > bytes.length || bytes[end - 1] !== 0x0a) {
      // Some writers pad the header with NUL bytes.
      if (bytes.subarray(at).every((byte) => byte === 0)) break;
      throw malformed("an extended header has a malformed record");
    }
    const equals = bytes.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1)
      throw malformed("an extended header has a record without a key");
    records.push([
      bytes.toString("latin1", space + 1, equals),
      bytes.toString("latin1", equals + 1, end - 1),
    ]);
    at = end;
  }
  return records;
}

/** Writes records so that a reader who takes values for UTF-8 gets the one-character-per-byte strings back. */
export function formatPax(records: PaxRecords): Buffer {
  const parts = records.map(([key, value]) => {
    const body = Buffer.from(` ${key}=${value}\n`, "utf8");
    let length = body.length + String(body.length).length;
    if (String(length).length > String(body.length).length) length++;
    return Buffer.concat([Buffer.from(String(length)), body]);
  });
  return Buffer.concat(parts);
}

/** The size that records give an entry. */
export function sizeRecord(records: PaxRecords): number | undefined {
  const text = records.findLast(([key]) => key === "size")?.[1];
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw malformed("a size is no number");
  return Number(text);
}

/** The number of a record (`uid`, `gid`, `mtime` with a fraction), or what the header says. */
export function numberOf(
  records: Readonly<Record<string, string>>,
  key: string,
  header: number,
): number {
  const text = records[key];
  if (text === undefined || text === "") return header;
  if (!/^-?\d{1,20}(\.\d*)?$/.test(text)) throw malformed(`the ${key} of an entry is no number`);
  return Math.floor(Number(text));
}
