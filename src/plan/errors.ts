// SPDX-License-Identifier: Apache-2.0
export const planErrorCodes = {
  PLAN_UNKNOWN_TARGET: "--target names a stage that the Dockerfile does not have.",
  PLAN_UNKNOWN_STAGE:
    "COPY --from or RUN --mount=from= names a stage by an index that does not exist.",
  PLAN_FORWARD_REFERENCE: "A stage is used before the place where it is defined.",
  PLAN_CIRCULAR: "Stages need one another in a circle.",
  PLAN_BLANK_IMAGE: "FROM names nothing once its variables are expanded.",
  PLAN_BAD_PLATFORM: "FROM --platform is empty or not a platform.",
  PLAN_BAD_SOURCE:
    "A source of COPY or ADD cannot be used that way (a URL in COPY, --checksum on a local file ...).",
  PLAN_BAD_MOUNT: "A mount's target or source cannot be used.",
  PLAN_NOT_ALLOWED: "The instruction needs an entitlement that --allow did not grant.",
  PLAN_BAD_VALUE: "An instruction's value is not valid once its variables are expanded.",
  PLAN_NO_COMMAND: "The image that is to scan the result for an SBOM says no command.",
  PLAN_TOO_DEEP: "More steps stand on one another than a build can have.",
  PLAN_TOO_LARGE: "With the variables in it, the Dockerfile is longer than can be planned.",
} as const;
