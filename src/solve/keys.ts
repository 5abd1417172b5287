// SPDX-License-Identifier: Apache-2.0
// How key parts become keys. Changing anything here changes every key: raise `format` then.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "../base/index.js";
import type { CacheKey, KeyParts } from "./types.js";

const format = 1;

function digest(value: Parameters<typeof canonicalJson>[0]): CacheKey {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/** The key by definition: kind, own parts, and the definition keys of the inputs. */
export function definitionKey(
  kind: string,
  parts: KeyParts,
  inputs: readonly CacheKey[],
): CacheKey {
  return digest({ format, by: "definition", kind, parts, inputs });
}

/** The key by content: kind and parts that name the content which the step reads. */
export function contentKey(kind: string, parts: KeyParts): CacheKey {
  return digest({ format, by: "content", kind, parts });
}
