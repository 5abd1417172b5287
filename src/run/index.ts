// SPDX-License-Identifier: Apache-2.0
export { runErrorCodes } from "./errors.js";
export { mergeContainer, type Container, type ContainerOptions } from "./container.js";
export { mergeEnvironment, parseEnvFile } from "./environment.js";
export { planMounts, isVolumeName, type MountRequest } from "./mounts.js";
export { exitCodeOfError, exitCodeOfResult, type ProgramEnd } from "./exit-code.js";
