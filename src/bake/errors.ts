// SPDX-License-Identifier: Apache-2.0
// The error codes of this room.

export const bakeErrorCodes = {
  BAKE_FILE: "a file of build targets cannot be read as HCL, JSON or a Compose file",
  BAKE_COMPOSE: "a Compose file says something that no target can be made of",
  BAKE_VARIABLE: "a variable of a file of build targets has a value that it cannot have",
  BAKE_VALIDATION: "a variable of a file of build targets does not meet its own conditions",
  BAKE_FUNCTION: "a function of a file of build targets is declared or called in a wrong way",
  BAKE_BLOCK: "a block of a file of build targets is not as it must be",
  BAKE_ATTRIBUTE: "an attribute of a target or a group has a value that it cannot have",
  BAKE_CYCLE: "values, targets or files of a build definition depend on themselves",
  BAKE_UNKNOWN_TARGET: "no target or group has this name",
  BAKE_OVERRIDE: "an override of a target's attribute is not understood",
  BAKE_LINK: "a target cannot be a build context of another",
  BAKE_LIMIT: "a file of build targets asks for too much",
} as const;

export type BakeErrorCode = keyof typeof bakeErrorCodes;
