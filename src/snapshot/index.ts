// SPDX-License-Identifier: Apache-2.0
export type * from "./types.js";
export { createSnapshots } from "./lineage.js";
export { scratchDirectory } from "./scratch.js";
export { claimStrays, takeOffRecord } from "./collect.js";
export { draftTable, snapshotTable, type DraftRecord, type StoredSnapshot } from "./records.js";
export { snapshotErrorCodes } from "./errors.js";
