// SPDX-License-Identifier: Apache-2.0
// The public interface of tsbuild as a library.
export { build, defaultStoreRoot } from "./build.js";
export type { AgentSource, BuildRequest, BuildResult, SecretSource } from "./build.js";
export { TsbuildError, isTsbuildError } from "./base/index.js";
export type { BuildEvent, EventSink, SourceLocation, SourceRange, StepInfo } from "./base/index.js";
export { parseDockerfile } from "./dockerfile/index.js";
export type { Dockerfile, Instruction, Stage } from "./dockerfile/index.js";
