// SPDX-License-Identifier: Apache-2.0
// Encodings, digests and identifiers.

import { createHash } from "node:crypto";
import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { takes, text } from "./parameters.js";

const digest = (algorithm: string): HclFunction =>
  takes({ str: text }, ({ str }) => createHash(algorithm).update(str, "utf8").digest("hex"));

export const encodings: Readonly<Record<string, HclFunction>> = {
  base64encode: takes({ str: text }, ({ str }) => Buffer.from(str, "utf8").toString("base64")),
  base64decode: takes({ str: text }, ({ str }) => utf8(bytesOfBase64(str))),
  urlencode: takes({ str: text }, ({ str }) => urlEncoded(str)),
  md5: digest("md5"),
  sha1: digest("sha1"),
  sha256: digest("sha256"),
  sha512: digest("sha512"),
  uuidv5: takes({ namespace: text, name: text }, ({ namespace, name }) => {
    const hash = createHash("sha1").update(namespaceBytes(namespace)).update(name, "utf8").digest();
    return formatUuid(hash, 5);
  }),
};

/** Throws unless the text is Base64 with its padding. Ends of lines do not count. */
export function bytesOfBase64(str: string): Buffer {
  const bare = str.replace(/[\r\n]/g, "");
  if (bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare))
    throw argumentError("the text is not Base64");
  return Buffer.from(bare, "base64");
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw argumentError("what the Base64 stands for is not UTF-8");
  }
}

/** As in the query of a URL: a space is a plus. */
function urlEncoded(str: string): string {
  let encoded = "";
  for (const byte of Buffer.from(str, "utf8")) {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) encoded += character;
    else if (character === " ") encoded += "+";
    else encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** RFC 4122, appendix C. */
const namespaces: ReadonlyMap<string, string> = new Map([
  ["dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"],
  ["url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"],
  ["oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"],
  ["x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"],
]);

function namespaceBytes(namespace: string): Buffer {
  const uuid = namespaces.get(namespace) ?? namespace;
  if (!/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(uuid))
    throw argumentError(`the namespace is dns, url, oid, x500 or a UUID, not ${brief(namespace)}`);
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

/** The first 16 bytes as a UUID of a version. */
export function formatUuid(given: Uint8Array, version: number): string {
  const bytes = Buffer.from(given.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
