// SPDX-License-Identifier: Apache-2.0
export const stepsErrorCodes = {
  STEPS_SOURCE_NOT_FOUND:
    "A source of COPY, ADD or a bind mount does not exist, or is excluded by an ignore file.",
  STEPS_RUN_FAILED: "The command of a RUN ended with an exit code other than 0, or by a signal.",
  STEPS_SECRET_MISSING: "A required secret was not given.",
  STEPS_SECRET_TOO_LARGE: "A secret has more than 500 KiB.",
  STEPS_SSH_MISSING: "A required ssh agent was not given.",
  STEPS_DEVICE: "A device of RUN --device is not registered, or --allow did not grant it.",
  STEPS_RUN_TIMEOUT: "The command of a RUN took longer than --timeout allows, and was ended.",
  STEPS_NO_PLATFORM: "A base image does not exist for the wanted platform.",
  STEPS_NOT_PULLED: "A base image is not in the store, and was not to be pulled.",
  STEPS_BAD_SOURCE: "A git source of ADD cannot be understood.",
  STEPS_LAYOUT: "An OCI layout given as a build context cannot be used.",
  STEPS_WORKDIR: "The working directory cannot be made, because a file is in the way.",
  STEPS_CHECKSUM: "A download or a commit is not what --checksum says.",
} as const;
