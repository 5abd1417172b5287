// SPDX-License-Identifier: Apache-2.0
export type * from "./types.js";
export { contextErrorCodes } from "./errors.js";
export { cleanTreePath, compileSourcePattern } from "./patterns/source-pattern.js";
export { compileExcludes, parseIgnoreFile } from "./patterns/ignore-file.js";
export { keepEverything } from "./patterns/ignore-rules.js";
