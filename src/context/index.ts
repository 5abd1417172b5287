// SPDX-License-Identifier: Apache-2.0
export type * from "./types.js";
export { contextErrorCodes } from "./errors.js";
export { cleanTreePath, compileSourcePattern } from "./patterns/source-pattern.js";
export { compileExcludes, parseIgnoreFile } from "./patterns/ignore-file.js";
export { keepEverything } from "./patterns/ignore-rules.js";
export { detectCompression, isTarHeader } from "./detect.js";
export { openContext } from "./open.js";
export {
  findNamedContext,
  parseBuildContexts,
  parseNamedContext,
  type NamedContexts,
} from "./named.js";
export { openNamedContext, type TreeContext } from "./open-named.js";
export { formatGitUrl, parseGitUrl } from "./git-url.js";
export { checkoutGit, resolveGit, type ResolvedGit } from "./git-checkout.js";
export type { GitOptions } from "./git.js";
export { keyAgent } from "./ssh-agent.js";
export { fetchUrl, parseHttpUrl, urlFilename } from "./http.js";
export { confinedReader, trustedReader } from "./local.js";
