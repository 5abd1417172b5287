// SPDX-License-Identifier: Apache-2.0
// The one door to native/. What other rooms may use of it.

export { sandboxErrorCodes, type SandboxErrorCode } from "./errors.js";
export type * from "./types.js";
