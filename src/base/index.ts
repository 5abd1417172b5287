// SPDX-License-Identifier: Apache-2.0
export * from "./at-once.js";
export * from "./errors.js";
export * from "./cleanup.js";
export * from "./csv.js";
export * from "./defined.js";
export * from "./directories.js";
export * from "./text.js";
export * from "./json.js";
export * from "./duration.js";
export * from "./events.js";
export * from "./go-regex.js";
export * from "./names.js";
export * from "./numbers.js";
export * from "./regex-search.js";
export * from "./signals.js";
export * from "./small-file.js";
export * from "./streams.js";
