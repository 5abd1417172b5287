// SPDX-License-Identifier: Apache-2.0
export { parsePolicy, policyError, type Dialect, type Policy } from "./parse.js";
export { SourcePolicy } from "./source-policy.js";
export { policyErrorCodes } from "./errors.js";
