// SPDX-License-Identifier: Apache-2.0
// What both versions of the service's protocol can do. An entry is written once, under a key that nobody has used, in pieces
// and then for good; it is found by the beginning of its key, the newest first.

import { createHash } from "node:crypto";
import { TsbuildError } from "../../base/index.js";
import type { Upload } from "../uploads.js";

/** Bytes of a piece; the last one is what is left. A few are in memory at a time. */
export const pieceSize: number = 4 * 1024 * 1024;

/** Entries of another version are not found. The number counts when what entries hold changes its form. */
export const entryVersion: string = createHash("sha256").update("tsbuild cache 1").digest("hex");

/** An entry that can be read. */
export interface FoundEntry {
  readonly key: string;
  /** A secret: whoever has it may read the bytes, for a few minutes. */
  readonly url: URL;
}

/** All throw CACHE_SERVICE. */
export interface CacheProtocol {
  /** The newest entry whose key begins so, in the first of the token's scopes that has one. */
  find(prefix: string, signal: AbortSignal): Promise<FoundEntry | undefined>;
  /** Takes a key for an entry of so many bytes. Undefined: somebody has taken it, whether or not the entry can be read yet. */
  reserve(key: string, size: number, signal: AbortSignal): Promise<Upload | undefined>;
}

const longestUrl = 8192;

/**
 * A signed URL out of an answer of the service. What is encrypted on its way to the service is not sent in clear to another
 * place. Throws CACHE_SERVICE, without the URL.
 */
export function signedUrl(value: unknown, service: string): URL {
  if (typeof value === "string" && value.length <= longestUrl && URL.canParse(value)) {
    const url = new URL(value);
    if (url.protocol === "https:" || (url.protocol === "http:" && service.startsWith("http:")))
      return url;
  }
  throw new TsbuildError("CACHE_SERVICE", "the cache service names no place for an entry's bytes");
}
