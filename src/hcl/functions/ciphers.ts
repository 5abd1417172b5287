// SPDX-License-Identifier: Apache-2.0
// Hashes of passwords, and secrets that were encrypted for a key.

import { constants, createPrivateKey, privateDecrypt } from "node:crypto";
import { messageOf } from "../../base/index.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { spend } from "../work.js";
import { bcrypt } from "./bcrypt.js";
import { bytesOfBase64 } from "./encodings.js";
import { takes, takesMore, text, whole } from "./parameters.js";

const defaultCost = 10;
/** One more doubles the time. Go allows 31, which takes days. */
const highestCost = 12;

/** `random` gives the salt. */
export function ciphers(random: (size: number) => Uint8Array): Record<string, HclFunction> {
  return {
    bcrypt: takesMore({ str: text }, whole, ({ str }, [cost = defaultCost, ...more]) => {
      if (more.length > 0) throw argumentError("takes one or two arguments");
      // Below 4, the default is taken.
      const given = cost < 4 ? defaultCost : cost;
      if (given > highestCost) throw argumentError(`a cost above ${highestCost} takes too long`);
      const password = Buffer.from(str, "utf8");
      if (password.length > 72) throw argumentError("a password has 72 bytes at most");
      spend(2 ** given * 1000);
      return bcrypt(password, given, random(16));
    }),
    rsadecrypt: takes({ ciphertext: text, privatekey: text }, ({ ciphertext, privatekey }) =>
      decrypted(bytesOfBase64(ciphertext), privatekey),
    ),
  };
}

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
