// SPDX-License-Identifier: Apache-2.0
// Git addresses as Dockerfiles and command lines write them: `https://host/x.git#ref:dir`, `git@host:x`, query parameters.
// Text to a GitSource; runs nothing.

import { TsbuildError, defined, didYouMean, redactUrl } from "../base/index.js";
import { cleanTreePath } from "./patterns/source-pattern.js";
import { checkUrlLength } from "./url-length.js";
import type { GitSource } from "./types.js";

/** `user@host:path`, as scp has it. The path must not begin with `//`, which would be a URL's. */
const scpForm = /^([a-zA-Z0-9][\w.+-]*)@([a-zA-Z0-9][\w.-]*):(?!\/\/)([^#?]+)(\?[^#]*)?(#.*)?$/;

/**
 * The git source that a text names, or undefined when it is something else (a path, a plain HTTP URL).
 * `context`: the text is a build context or a --build-context value, where `github.com/...` and `file://` count too.
 * Throws CONTEXT_BAD_REFERENCE for a git address with wrong parameters.
 */
export function parseGitUrl(
  text: string,
  options: { readonly context?: boolean } = {},
): GitSource | undefined {
  if (options.context === true && text.startsWith("github.com/"))
    return (
      parseGitUrl(`https://${text}`, { ...options, context: false }) ?? fromUrl(`https://${text}`)
    );
  const scp = scpForm.exec(text);
  if (scp !== null) {
    const [, user = "", host = "", path = "", query = "", fragment = ""] = scp;
    return build(`${user}@${host}:${path}`, query, fragment);
  }
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase() ?? "";
  switch (scheme) {
    case "http":
    case "https":
      return URL.canParse(text) && new URL(text).pathname.endsWith(".git")
        ? fromUrl(text)
        : undefined;
    case "git":
    case "ssh":
      return fromUrl(text);
    case "file":
      return options.context === true ? fromUrl(text) : undefined;
    default:
      return undefined;
  }
}

/** A source as an address that {@link parseGitUrl} reads as the same. */
export function formatGitUrl(source: GitSource): string {
  const { remote, ref, subdir, checksum, submodules, keepGitDir, mtime, fetchByCommit } = source;
  const query = new URLSearchParams();
  // Everything goes into the query: there a ref cannot be taken for a fragment.
  if (ref !== undefined) query.set("ref", ref);
  if (subdir !== undefined) query.set("subdir", subdir);
  if (checksum !== undefined) query.set("checksum", checksum);
  if (submodules !== undefined) query.set("submodules", String(submodules));
  if (keepGitDir !== undefined) query.set("keep-git-dir", String(keepGitDir));
  if (mtime !== undefined) query.set("mtime", mtime);
  if (fetchByCommit !== undefined) query.set("fetch-by-commit", String(fetchByCommit));
  const text = query.toString();
  return text === "" ? remote : `${remote}?${text}`;
}

function fromUrl(text: string): GitSource {
  if (!URL.canParse(text))
    throw new TsbuildError("CONTEXT_BAD_REFERENCE", `not a git URL: ${redactUrl(text)}`);
  const hash = text.indexOf("#");
  const fragment = hash < 0 ? "" : text.slice(hash);
  const beforeFragment = hash < 0 ? text : text.slice(0, hash);
  const mark = beforeFragment.indexOf("?");
  const query = mark < 0 ? "" : beforeFragment.slice(mark);
  return build(mark < 0 ? beforeFragment : beforeFragment.slice(0, mark), query, fragment);
}

/** What the parameters say, while they are collected. */
interface Parameters {
  ref?: string;
  subdir?: string;
  tag?: string;
  branch?: string;
  checksum?: string;
  submodules?: boolean;
  keepGitDir?: boolean;
  mtime?: "checkout" | "commit";
  fetchByCommit?: boolean;
}

const known = [
  "ref",
  "tag",
  "branch",
  "commit",
  "checksum",
  "subdir",
  "submodules",
  "keep-git-dir",
  "mtime",
  "fetch-by-commit",
] as const;

function build(remote: string, query: string, fragment: string): GitSource {
  checkUrlLength(remote + query + fragment);
  const display = redactUrl(remote);
  const bad = (why: string): TsbuildError =>
    new TsbuildError("CONTEXT_BAD_REFERENCE", `bad git URL ${display}: ${why}`, {
      details: { url: display },
    });
  const found: Parameters = {};
  if (fragment.length > 1) {
    const text = decode(fragment.slice(1), bad);
    const colon = text.indexOf(":");
    const ref = colon < 0 ? text : text.slice(0, colon);
    const subdir = colon < 0 ? "" : text.slice(colon + 1);
    if (ref !== "") found.ref = ref;
    if (subdir !== "") found.subdir = subdir;
  }
  const seen = new Set<string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (seen.has(key)) throw bad(`query "${key}" has multiple values`);
    seen.add(key);
    readParameter(found, key, value, bad);
  }
  const ref = resolveRef(found, bad);
  for (const [what, value] of [
    ["ref", ref],
    ["checksum", found.checksum],
    ["repository", remote],
  ] as const)
    // git would read a leading dash as an option; no name of a ref or host begins with one.
    if (value?.startsWith("-") === true) throw bad(`the ${what} may not begin with a dash`);
  if (/[\u0000-\u001f\u007f]/.test(remote + (ref ?? "") + (found.subdir ?? "")))
    throw bad("it holds control characters");
  const subdir = found.subdir === undefined ? undefined : checkedSubdir(found.subdir, bad);
  return {
    remote,
    display,
    ...defined({ ref }),
    ...(subdir === undefined || subdir === "" ? {} : { subdir }),
    ...defined({
      checksum: found.checksum,
      submodules: found.submodules,
      keepGitDir: found.keepGitDir,
      mtime: found.mtime,
      fetchByCommit: found.fetchByCommit,
    }),
  };
}

type Bad = (why: string) => TsbuildError;

function readParameter(found: Parameters, key: string, value: string, bad: Bad): void {
  const name = known.find((candidate) => candidate === key);
  if (name === undefined) throw bad(`unexpected query "${key}"${didYouMean(key, known)}`);
  const boolean = (): boolean => {
    if (value === "" || /^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    throw bad(`invalid ${key} value: "${value}" (must be true or false)`);
  };
  const text = (): string => {
    if (value === "") throw bad(`query "${key}" has no value`);
    return value;
  };
  switch (name) {
    case "ref":
    case "subdir": {
      const given = text();
      const before = found[name];
      if (before !== undefined && before !== given)
        throw bad(`${name} conflicts: "${before}" in the fragment, "${given}" in the query`);
      found[name] = given;
      return;
    }
    case "tag":
    case "branch":
      found[name] = text();
      return;
    case "commit":
    case "checksum": {
      const given = text().toLowerCase();
      if (!/^[0-9a-f]{7,64}$/.test(given))
        throw bad(`"${key}" must be 7 to 64 hexadecimal digits of a commit`);
      if (found.checksum !== undefined && found.checksum !== given)
        throw bad("commit and checksum differ");
      found.checksum = given;
      return;
    }
    case "submodules":
      found.submodules = boolean();
      return;
    case "keep-git-dir":
      found.keepGitDir = boolean();
      return;
    case "fetch-by-commit":
      found.fetchByCommit = boolean();
      return;
    case "mtime":
      if (value !== "checkout" && value !== "commit")
        throw bad(`invalid mtime value: "${value}" (must be "checkout" or "commit")`);
      found.mtime = value;
  }
}

/** One ref out of ref, tag, branch and commit; those that contradict each other are refused. */
function resolveRef(found: Parameters, bad: Bad): string | undefined {
  if (found.tag !== undefined && found.branch !== undefined) throw bad("branch conflicts with tag");
  const full = (prefix: string, name: string): string =>
    name.startsWith(prefix) ? name : prefix + name;
  const wanted =
    found.tag !== undefined
      ? full("refs/tags/", found.tag)
      : found.branch !== undefined
        ? full("refs/heads/", found.branch)
        : undefined;
  if (wanted !== undefined && found.ref !== undefined && found.ref !== wanted)
    throw bad(`ref conflicts: "${found.ref}" and "${wanted}"`);
  if (found.fetchByCommit === true && found.checksum === undefined)
    throw bad('"fetch-by-commit" needs "commit" as well');
  // An abbreviated commit cannot be asked for: it says what the default branch must be at.
  const whole = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(found.checksum ?? "");
  return wanted ?? found.ref ?? (whole ? found.checksum : undefined);
}

function checkedSubdir(text: string, bad: Bad): string {
  if (text.split("/").includes("..")) throw bad("the subdirectory may not contain ..");
  return cleanTreePath(text);
}

function decode(text: string, bad: Bad): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad("the fragment is not properly percent-encoded");
  }
}
