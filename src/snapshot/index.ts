// SPDX-License-Identifier: Apache-2.0
export type * from "./types.js";
export { createSnapshots, draftTable, snapshotTable, type SnapshotRooms } from "./lineage.js";
export { snapshotErrorCodes } from "./errors.js";
