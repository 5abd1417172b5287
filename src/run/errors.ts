// SPDX-License-Identifier: Apache-2.0
export const runErrorCodes = {
  RUN_NO_COMMAND: "Neither the image nor the command line says what to run.",
  RUN_WORKING_DIRECTORY: "The working directory that was asked for is not absolute.",
  RUN_ENV_FILE: "A file of environment variables cannot be understood.",
  RUN_MOUNT: "A mount of a container is wrong: its target, or two at one place.",
} as const;
