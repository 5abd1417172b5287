// SPDX-License-Identifier: Apache-2.0
// A place of objects with names: a bucket of S3, a container of Azure's. Who writes an object takes the place of what was there.

import type { HttpAnswer } from "../../registry/index.js";
import type { Content } from "../uploads.js";

export interface FoundObject {
  /** Bytes. */
  readonly size: number;
  /** When it was written or touched, in milliseconds since the epoch; undefined: the service does not say. */
  readonly writtenAt: number | undefined;
}

/** All throw CACHE_SERVICE. */
export interface ObjectPlace {
  /** Undefined: there is no such object. */
  find(key: string, signal: AbortSignal): Promise<FoundObject | undefined>;
  /** The answer with an object's bytes from an offset on; undefined: there is no such object. */
  open(key: string, offset: number, signal: AbortSignal): Promise<HttpAnswer | undefined>;
  write(key: string, content: Content, signal: AbortSignal): Promise<void>;
  /** Makes an object as young as if it was written now, for rules that remove old ones. */
  touch?(key: string, found: FoundObject, signal: AbortSignal): Promise<void>;
}

/** What a cache at such a place is called, and where its parts are. */
export interface CacheNames {
  /** The documents; all of them are read, and all are written. */
  readonly documents: readonly string[];
  /** The key of a layer. */
  blob(digest: string): string;
  /** The key of a document. */
  document(name: string): string;
}
