// SPDX-License-Identifier: Apache-2.0
// Secrets that were encrypted for a key.

import { constants, createPrivateKey, privateDecrypt } from "node:crypto";
import { messageOf } from "../../base/index.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { bytesOfBase64 } from "./encodings.js";
import { takes, text } from "./parameters.js";

export const ciphers: Readonly<Record<string, HclFunction>> = {
  rsadecrypt: takes({ ciphertext: text, privatekey: text }, ({ ciphertext, privatekey }) =>
    decrypted(bytesOfBase64(ciphertext), privatekey),
  ),
};

function decrypted(ciphertext: Buffer, pem: string): string {
  let block: Buffer;
  try {
    const key = createPrivateKey(pem);
    // Node refuses the padding of PKCS #1 where its OpenSSL tells a wrong one by the time it takes. Here nobody measures.
    block = privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, ciphertext);
  } catch (error) {
    throw argumentError(`the text cannot be decrypted: ${messageOf(error)}`);
  }
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10)
    throw argumentError("the text cannot be decrypted: it was encrypted for another key");
  return block.toString("utf8", end + 1);
}
