// SPDX-License-Identifier: Apache-2.0
export { cacheTable, localCache, type StoredRecord } from "./local.js";
