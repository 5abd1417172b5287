// SPDX-License-Identifier: Apache-2.0
export { convert } from "./convert.js";
export { hclErrorCodes } from "./errors.js";
export { evaluate, parseType } from "./evaluate.js";
export { parseHcl } from "./parse-body.js";
export { parseHclJson } from "./parse-json.js";
export { bareName, bareNames, functionNames, rootNames } from "./root-names.js";
export { standardFunctions, type Machine } from "./functions/index.js";
export type {
  HclAttribute,
  HclAttributeType,
  HclBlock,
  HclBody,
  HclExpression,
  HclFunction,
  HclObject,
  HclSchema,
  HclScope,
  HclSource,
  HclType,
  HclValue,
} from "./types.js";
export { formatHcl, typeName } from "./values.js";
