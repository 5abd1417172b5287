// SPDX-License-Identifier: Apache-2.0
export * from "./types.js";
export { planErrorCodes } from "./errors.js";
export { globalArgs, platformArgs } from "./global-args.js";
export { mergePlans, type MergedPlan, type PlatformPlan } from "./merge.js";
export { plainCopy } from "./plain-copy.js";
export { historyComment, planBuild } from "./planner.js";
export { coreScan, scanOutput } from "./scan.js";
export { stageBaseLabel, stageNameLabel } from "./stage-labels.js";
export { isProxyName } from "./variables.js";
export { applyMode, parseMode } from "../dockerfile/index.js";
