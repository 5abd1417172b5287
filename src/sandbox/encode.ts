// SPDX-License-Identifier: Apache-2.0
// From a request to the bytes on the helper's descriptor 3, checked against the protocol table. Names of files that are
// not UTF-8 are strings in which byte 0x80+n stands as U+DC80+n.

import { TsbuildError } from "../base/index.js";
import { fieldMax, PROTOCOL_VERSION, REQUEST_MAX, verbRow, type FieldRow } from "./protocol.js";
import type { Root } from "./types.js";

/** One field of a request; bytes become hex, booleans 0 or 1. */
export type Field = readonly [name: string, value: string | number | boolean | Uint8Array];

const surrogate = /[\udc80-\udcff]/;

/** The bytes of a string that may hold escaped bytes. A real unpaired surrogate becomes U+FFFD, as everywhere in Node. */
export function textBytes(text: string): Buffer {
  if (!surrogate.test(text)) return Buffer.from(text, "utf8");
  const parts: Buffer[] = [];
  let plain = "";
  // By code point: the second half of a pair is then never taken for an escaped byte.
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0xdc80 && code <= 0xdcff) {
      parts.push(Buffer.from(plain, "utf8"), Buffer.of(code - 0xdc00));
      plain = "";
    } else plain += char;
  }
  parts.push(Buffer.from(plain, "utf8"));
  return Buffer.concat(parts);
}

function refuse(field: string, problem: string): never {
  throw new TsbuildError("SANDBOX_BAD_REQUEST", `${field} ${problem}`, { details: { field } });
}

function valueBytes(row: FieldRow, value: Field[1]): Buffer {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) refuse(row.name, "is not a whole number");
    return Buffer.from(String(value));
  }
  if (typeof value === "boolean") return Buffer.from(value ? "1" : "0");
  return typeof value === "string"
    ? textBytes(value)
    : Buffer.from(Buffer.from(value).toString("hex"));
}

/**
 * The request of a verb. Field order is kept; `version` is put in front.
 * @throws SANDBOX_BAD_REQUEST for a value with a NUL byte or over its limit, or for too many of them (user input may cause all three).
 */
export function encodeRequest(verb: string, fields: readonly Field[]): Buffer {
  const rows = new Map(verbRow(verb).fields.map((row) => [row.name, row]));
  const parts: Buffer[] = [Buffer.from(`version=${PROTOCOL_VERSION}\0`)];
  for (const [name, value] of fields) {
    const row = rows.get(name);
    if (row === undefined) throw new TypeError(`the verb ${verb} has no field ${name}`);
    const bytes = valueBytes(row, value);
    if (bytes.includes(0)) refuse(name, "holds a NUL byte");
    if (bytes.length > fieldMax(row)) refuse(name, `is longer than ${fieldMax(row)} bytes`);
    parts.push(Buffer.from(`${name}=`), bytes, Buffer.from([0]));
  }
  const request = Buffer.concat(parts);
  // The helper would say so, too; but one that serves many would first have to take it in.
  if (request.length > REQUEST_MAX)
    throw new TsbuildError(
      "SANDBOX_BAD_REQUEST",
      `a request to the native helper is longer than ${REQUEST_MAX >> 20} MiB`,
      {
        hint: "give a step fewer or smaller secrets, scripts and settings",
        details: { verb, bytes: request.length },
      },
    );
  return request;
}

/** The fields of a root filesystem. */
export function rootFieldsOf(prefix: string, root: Root): Field[] {
  if (root.kind === "directory")
    return [
      [prefix, "directory"],
      [`${prefix}-path`, root.path],
    ];
  return [
    [prefix, "stack"],
    ...root.lowers.map((id): Field => [`${prefix}-lower`, id]),
    ...(root.upper === undefined ? [] : [[`${prefix}-upper`, root.upper] satisfies Field]),
  ];
}
