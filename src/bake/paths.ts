// SPDX-License-Identifier: Apache-2.0
// Paths and URLs of contexts. Paths stay relative to the working directory.

import { posix } from "node:path";

const local = "cwd://";

/** An HTTP or git URL: nothing of this machine. */
export function isRemote(text: string): boolean {
  if (/^https?:\/\//.test(text)) return true;
  if (/^(git|ssh):\/\//i.test(text) || text.startsWith("github.com/")) return true;
  return /^[A-Za-z0-9_-]+@[A-Za-z0-9._-]+:[^/:]/.test(text);
}

/** A named context that is no path. */
function isSpecial(text: string): boolean {
  return (
    isRemote(text) ||
    ["cwd://", "target:", "docker-image:", "oci-layout://"].some((scheme) =>
      text.startsWith(scheme),
    )
  );
}

/** A path without `.`, `..` and `/` that say nothing. */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** A path of a file in this directory, relative to the working directory. */
export function rebased(directory: string | undefined, path: string): string {
  if (directory === undefined || path === "" || isSpecial(path) || posix.isAbsolute(path))
    return path;
  return cleanPath(posix.join(directory, path));
}

/** The directory of a file; none for standard input and what is no file. */
export function directoryOf(file: string): string | undefined {
  if (file === "" || file === "-" || isRemote(file)) return undefined;
  return posix.dirname(file);
}

/** A context as the builder takes it. */
export function contextPath(context: string): string {
  if (context.startsWith(local)) return cleanPath(context.slice(local.length));
  return isRemote(context) ? context : cleanPath(context);
}

/** A context of a file that came from a repository: a path in it, unless it says otherwise. */
export function repositoryPath(repository: string, context: string): string {
  return isSpecial(context) ? namedContextPath(context) : subdirectoryOf(repository, context);
}

/** A directory of a repository as a URL: in the query if the repository's own is there, else in the fragment (`#REF:DIRECTORY`). */
function subdirectoryOf(repository: string, path: string): string {
  const inside = cleanPath(path).replace(/^\/+/, "");
  if (inside === "." || inside === "") return repository;
  const [base = "", fragment] = repository.split(/#(.*)/s);
  const [, query = ""] = base.split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  const before = parameters.get("subdir");
  if (fragment === undefined && before !== null) {
    parameters.set("subdir", posix.join(before, inside));
    return `${base.slice(0, -query.length)}${parameters.toString()}`;
  }
  const [ref = "", directory = ""] = (fragment ?? "").split(/:(.*)/s);
  return `${base}#${ref}:${posix.join(directory, inside)}`;
}

/** A named context as the builder takes it: whatever it is, only `cwd://` means nothing to it. */
export function namedContextPath(context: string): string {
  return context.startsWith(local) ? cleanPath(context.slice(local.length)) : context;
}

/** Whether a path is said to be of this machine. */
export function isLocal(path: string): boolean {
  return path.startsWith(local);
}

/** The Dockerfile of a context: a path in it, unless `cwd://` says that it is none. */
export function dockerfilePath(dockerfile: string, context: string): string {
  if (dockerfile.startsWith(local)) return cleanPath(dockerfile.slice(local.length));
  if (isRemote(dockerfile) || isRemote(context)) return dockerfile;
  return posix.isAbsolute(dockerfile) ? cleanPath(dockerfile) : posix.join(context, dockerfile);
}
