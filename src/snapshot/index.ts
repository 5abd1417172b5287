// SPDX-License-Identifier: Apache-2.0
export type * from "./types.js";
export { createSnapshots, type SnapshotRooms } from "./lineage.js";
export { draftTable, snapshotTable } from "./records.js";
export { snapshotErrorCodes } from "./errors.js";
