// SPDX-License-Identifier: Apache-2.0
export type { DiskSpace, PrunePolicy, RecordType, StorageRecord } from "./types.js";
export { recordTypes } from "./types.js";
export { parseFilters, type Filters } from "./filters.js";
export { parseDuration, parseSize } from "./quantities.js";
export { bytesToKeep, selectForAll, selectForRemoval } from "./select.js";
export { gcLimits, gcPolicies, type Limits } from "./defaults.js";
export { pruneErrorCodes } from "./errors.js";
