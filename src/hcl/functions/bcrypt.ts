// SPDX-License-Identifier: Apache-2.0
// The hash that files of passwords for web servers have: bcrypt, as Provos and Mazieres described it in 1999.

import { Blowfish } from "./blowfish.js";

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const phrase = "OrpheanBeholderScryDoubt";

/** In the form of crypt(3). The password has 72 bytes at most, the salt has 16. */
export function bcrypt(password: Uint8Array, cost: number, salt: Uint8Array): string {
  const key = Buffer.concat([password, Buffer.of(0)]);
  const cipher = new Blowfish();
  cipher.expandKey(key, salt);
  for (let round = 0; round < 2 ** cost; round++) {
    cipher.expandKey(key);
    cipher.expandKey(salt);
  }
  const bytes = Buffer.from(phrase, "latin1");
  for (let at = 0; at < bytes.length; at += 8) {
    let left = bytes.readUInt32BE(at);
    let right = bytes.readUInt32BE(at + 4);
    for (let i = 0; i < 64; i++) [left, right] = cipher.encrypt(left, right);
    bytes.writeUInt32BE(left, at);
    bytes.writeUInt32BE(right, at + 4);
  }
  // The last byte is left out by tradition.
  const hash = encode(bytes.subarray(0, 23));
  return `$2a$${String(cost).padStart(2, "0")}$${encode(salt)}${hash}`;
}

/** Base64 with letters of its own, and without padding. */
function encode(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += alphabet.charAt((buffer >> bits) & 63);
    }
  }
  return bits === 0 ? text : text + alphabet.charAt((buffer << (6 - bits)) & 63);
}
