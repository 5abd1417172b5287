// SPDX-License-Identifier: Apache-2.0
// The policy file that a request names, and what the planner asks of it.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { defined, errnoOf } from "../base/index.js";
import { formatGitUrl, parseGitUrl, parseHttpUrl, urlFilename } from "../context/index.js";
import type { RemoteSource } from "../plan/index.js";
import { SourcePolicy, parsePolicy, policyError } from "../policy/index.js";
import type { BuildRequest } from "./request.js";

/** Undefined: the request names none. Throws POLICY_FILE. */
export async function loadSourcePolicy(
  { sourcePolicy }: BuildRequest,
  cwd: string,
): Promise<SourcePolicy | undefined> {
  if (sourcePolicy === undefined) return undefined;
  const { file, dialect } = sourcePolicy;
  let text: string;
  try {
    text = await readFile(resolve(cwd, file), "utf8");
  } catch (error) {
    throw policyError(file, `it cannot be read (${errnoOf(error) ?? "unknown error"})`, error);
  }
  return new SourcePolicy(parsePolicy(text, file, dialect));
}

/** What stands in the place of something that ADD fetches. Throws POLICY_* and CONTEXT_BAD_REFERENCE. */
export function remoteSource(
  policy: SourcePolicy,
  kind: "http" | "git",
  source: RemoteSource,
): RemoteSource {
  if (kind === "http") {
    const found = policy.http(source.url, source.checksum);
    // The file keeps the name that the Dockerfile gives it.
    const name = found.url === source.url ? undefined : urlFilename(parseHttpUrl(source.url));
    return { ...found, ...defined({ name }) };
  }
  const parsed = parseGitUrl(source.url);
  // Nothing can be fetched there, and the step says so.
  if (parsed === undefined) return source;
  const { checksum = parsed.checksum } = source;
  const place = checksum === undefined ? parsed : { ...parsed, checksum };
  const found = policy.git(place);
  return found === place ? source : { url: formatGitUrl(found) };
}
