// SPDX-License-Identifier: Apache-2.0
// What other rooms may use of the Dockerfile language.

export type * from "./types.js";
export { dockerfileErrorCodes, locate } from "./errors.js";
export type { DockerfileErrorCode } from "./errors.js";
export { parseDockerfile, parseOnBuild, tryParseDockerfile } from "./parse.js";
export type { ParseOptions, ParseOutcome } from "./parse.js";
export { formatExcerpt } from "./excerpt.js";
export { expandHeredoc, expandWord, expandWords, scopeOf } from "./expand/expand.js";
export { resolveMount } from "./mounts/resolve.js";
export { applyMode, parseMode } from "./values/mode.js";
export type { ModeSpec } from "./values/mode.js";
export { parsePorts, portKeys } from "./values/ports.js";
export type { Ports } from "./values/ports.js";
export { parseSignal, parseStopSignal } from "./values/signal.js";
export { parseSize } from "./values/numbers.js";
export { cleanPath } from "./values/paths.js";
export { checkDockerfile } from "./lint/syntax.js";
export type { CheckOptions } from "./lint/syntax.js";
export {
  checkBasePlatform,
  checkDefaultArgs,
  checkIgnored,
  checkPorts,
  checkUndefined,
} from "./lint/planning.js";
export { failOnFindings, sortFindings } from "./lint/finding.js";
export type { Finding, FindingPlace } from "./lint/finding.js";
export { checkRules, checkSlug, checkUrl } from "./lint/rules.js";
export type { CheckRule, CheckRuleName } from "./lint/rules.js";
export { describeOutline, describeTargets, sourcesOf } from "./describe.js";
export type { ArgDescription, MountDescription, Outline, TargetDescription } from "./describe.js";
