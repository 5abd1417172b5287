// SPDX-License-Identifier: Apache-2.0
export { readBake, type Bake } from "./bake.js";
export { attestationOf, attestationText, type Attestation } from "./entries/attestation.js";
export { cacheText, type CacheEntry } from "./entries/cache.js";
export { outputText, type OutputEntry } from "./entries/output.js";
export { textOfPairs } from "./entries/pairs.js";
export { policyText, type PolicyEntry } from "./entries/policy.js";
export { resourceTexts, type Resources } from "./entries/resources.js";
export { secretText, type SecretEntry } from "./entries/secret.js";
export { sshText, type SshEntry } from "./entries/ssh.js";
export { bakeErrorCodes } from "./errors.js";
export { defaultFileNames } from "./file-names.js";
export { inputsOf, type BakeInputs } from "./inputs.js";
export { isRemote } from "./paths.js";
export {
  formatList,
  listTargets,
  listVariables,
  parseListChoice,
  type ListChoice,
  type ListedTarget,
} from "./list.js";
export { formatPrint } from "./print.js";
export type { Resolved } from "./resolve.js";
export type {
  BakeFile,
  BakeGroup,
  BakeOptions,
  BakeTarget,
  BakeVariable,
  BakeWarning,
} from "./types.js";
