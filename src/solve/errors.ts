// SPDX-License-Identifier: Apache-2.0
export const solveErrorCodes = {
  SOLVE_UNKNOWN_STEP: "A graph has a vertex of a kind that nothing can run (a defect in tsbuild).",
} as const;
