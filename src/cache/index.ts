// SPDX-License-Identifier: Apache-2.0
export { cacheTable, localCache, type StoredRecord } from "./local.js";
export { cacheSource, cacheTarget } from "./backends.js";
export {
  cacheConfigType,
  encodeInline,
  encodeRecords,
  inlineCacheField,
  type CachedLayer,
  type CacheRecords,
} from "./document.js";
export { parseCacheSpecs, type CacheSpec } from "./spec.js";
export type { AbsentCache, CacheServices, CacheSource, CacheTarget, OpenedCache } from "./types.js";
export { cacheErrorCodes } from "./errors.js";
