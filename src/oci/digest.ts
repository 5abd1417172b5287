// SPDX-License-Identifier: Apache-2.0
// Digests: the only place where a string becomes a Digest. Hashing here is for values at hand (manifests, configs,
// keys); bulk bytes are hashed with node:crypto in the rooms that move them.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { TsbuildError, printable } from "../base/index.js";
import type { DiffId, Digest } from "./types.js";

/** The algorithms that we verify, with the length of their hex form. */
export const digestAlgorithms = { sha256: 64, sha512: 128 } as const;
export type DigestAlgorithm = keyof typeof digestAlgorithms;

const pattern = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** True for a digest that {@link parseDigest} accepts. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && text.length <= 135 && pattern.test(text);
}

/**
 * Checks `algorithm:hex` (lower case, exact length). The result is safe as a path component once split at the colon.
 * Throws OCI_DIGEST.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  const shown = printable(text.length > 150 ? `${text.slice(0, 150)}...` : text);
  throw new TsbuildError("OCI_DIGEST", `invalid digest "${shown}"`, {
    hint: "a digest is sha256: and 64, or sha512: and 128 lower-case hexadecimal digits",
    details: { digest: shown },
  });
}

/** The digest of an algorithm's lower-case hex output. Throws OCI_DIGEST. */
export function digestFromHex(hex: string, algorithm: DigestAlgorithm = "sha256"): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}

/** sha256 of bytes, or of the UTF-8 form of a string. For small values: see the file's comment. */
export function digestOf(value: Uint8Array | string): Digest {
  const bytes = typeof value === "string" ? utf8ToBytes(value) : value;
  return digestFromHex(bytesToHex(sha256(bytes)));
}

/** The part before the colon. */
export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith("sha512:") ? "sha512" : "sha256";
}

/** The part after the colon. */
export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(":") + 1);
}

/** Says that a digest is that of an uncompressed layer tar. The caller vouches for it. */
export function asDiffId(digest: Digest): DiffId {
  return digest as DiffId;
}

/** The chain ids of the stacks of 1..n layers, bottom first: chain(n) = sha256(chain(n-1) + " " + diff(n)). */
export function chainIds(diffIds: readonly DiffId[]): Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}

/** The chain id of a whole stack; undefined for no layers. */
export function chainId(diffIds: readonly DiffId[]): Digest | undefined {
  return chainIds(diffIds).at(-1);
}
