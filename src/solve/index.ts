// SPDX-License-Identifier: Apache-2.0
export * from "./types.js";
export * from "./errors.js";
export {
  explain,
  type ExplainedChange,
  type Explanation,
  type ExplainOptions,
  type Reason,
} from "./explain.js";
export { Solver } from "./solver.js";
export type { Limits, SolverOptions } from "./solver.js";
