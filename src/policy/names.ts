// SPDX-License-Identifier: Apache-2.0
// A source under the names that rules know it by.

import { defined } from "../base/index.js";
import { formatReference, type Digest, type Reference } from "../oci/index.js";

export const imageScheme = "docker-image://";
export const gitScheme = "git://";

/** A source as rules see it. */
export interface Source {
  readonly kind: "image" | "http" | "git";
  readonly identifier: string;
  /** Other names of the very same thing. */
  readonly aliases: readonly string[];
  /** Names that may be meant by somebody who wants it denied. */
  readonly akin: readonly string[];
  readonly attrs: Readonly<Record<string, string>>;
}

/** What a CONVERT makes of a source, before its names are known. */
export interface Change {
  readonly identifier: string;
  readonly attrs: Source["attrs"];
}

/** An image by its name; `resolved` is the digest that its tag was found to stand for. */
export function imageSource(reference: Reference, resolved?: Digest): Source {
  const { tag, digest, ...repository } = reference;
  const untagged = tag === undefined || tag === "latest";
  const pinned = digest ?? resolved;
  // The tag that stands beside a digest means nothing: what is fetched goes by the digest.
  const names = [
    reference,
    ...(digest === undefined && untagged ? [repository] : []),
    ...(pinned === undefined
      ? []
      : [
          { ...reference, digest: pinned },
          { ...repository, digest: pinned },
        ]),
  ];
  const akin =
    digest === undefined || tag === undefined
      ? []
      : [{ ...repository, tag }, ...(untagged ? [repository] : [])];
  return source("image", {}, names.map(imageName), akin.map(imageName));
}

function imageName(reference: Reference): string {
  return `${imageScheme}${formatReference(reference)}`;
}

/** User and password are not part of a name. */
function withoutUser(text: string): string {
  if (!/^https?:/i.test(text) || !URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = "";
  url.password = "";
  return url.href;
}

/** A download. `checksum` is `algorithm:digest`. */
export function httpSource(text: string, checksum?: string): Source {
  const url = new URL(withoutUser(text));
  url.hash = "";
  const bare = new URL(url.href);
  bare.hostname = bare.hostname.replace(/\.$/, "");
  const attrs = checksum === undefined ? {} : { "http.checksum": checksum };
  return source("http", attrs, [url.href], [text, bare.href, decoded(bare.href)]);
}

/** Percent-encoding may hide a name. */
function decoded(text: string): string {
  try {
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** A repository at a revision, as far as rules look at it. */
export interface GitPlace {
  readonly remote: string;
  readonly ref?: string;
  readonly subdir?: string;
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
}

const scpForm = /^(?:[^@/]+@)?([^:/]+):(?!\/\/)(.*)$/;

/** Where a remote is, apart from how it is reached: `host/path`. */
function hostAndPath(remote: string): string {
  const scp = scpForm.exec(remote);
  if (scp !== null && !remote.includes("://"))
    return `${(scp[1] ?? "").toLowerCase()}/${tidyPath(scp[2] ?? "")}`;
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  return url === undefined ? remote : `${url.host.toLowerCase()}/${tidyPath(url.pathname)}`;
}

function tidyPath(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

export function gitSource({ remote, ref, subdir, checksum, keepGitDir }: GitPlace): Source {
  const plain = withoutUser(remote);
  const place = `${gitScheme}${hostAndPath(remote)}`;
  const directory = subdir === undefined ? "" : `:${subdir}`;
  const fragment = ref === undefined && subdir === undefined ? "" : `#${ref ?? ""}${directory}`;
  const bare = place.replace(/\.git$/, "").replace(/\.(?=(?::\d+)?\/)/, "");
  const attrs = {
    "git.fullurl": plain,
    ...defined({ "git.checksum": checksum }),
    ...(keepGitDir === true ? { "git.keepgitdir": "true" } : {}),
  };
  const akin = [place, bare, `${bare}.git`, plain, decoded(bare), decoded(`${bare}.git`)];
  return source("git", attrs, [`${place}${fragment}`], akin);
}

/** The place that a rule makes of another. Where it names no URL, the protocol stays. */
export function movedGit<T extends GitPlace>(before: T, { identifier, attrs }: Change): T {
  const now = gitSource(before);
  const { ref, subdir, checksum: _, ...rest } = before;
  const at =
    identifier === now.identifier
      ? { remote: before.remote, ref, subdir }
      : gitPlaceOf(identifier, before.remote);
  const url = attrs["git.fullurl"];
  const checksum = attrs["git.checksum"];
  return {
    ...rest,
    remote: url === undefined || url === now.attrs["git.fullurl"] ? at.remote : url,
    ...defined({ ref: at.ref, subdir: at.subdir, checksum }),
  } as T;
}

/** What the identifier of a repository means for one that was reached at `before`. */
function gitPlaceOf(identifier: string, before: string): GitPlace {
  const [place = "", fragment = ""] = splitAt(identifier.slice(gitScheme.length), "#");
  const [ref = "", subdir = ""] = splitAt(fragment, ":");
  return {
    remote: place === hostAndPath(before) ? before : movedTo(place, before),
    ...(ref === "" ? {} : { ref }),
    ...(subdir === "" ? {} : { subdir }),
  };
}

/** Another repository, by the protocol of the one that it stands for. Credentials stay behind. */
function movedTo(place: string, before: string): string {
  const protocol = /^([a-z]+):\/\//i.exec(before)?.[1]?.toLowerCase();
  const [host = "", path = ""] = splitAt(place, "/");
  if (protocol === undefined) return `${/^[^@]+@/.exec(before)?.[0] ?? ""}${host}:${path}`;
  const user = protocol === "ssh" ? `${new URL(before).username || "git"}@` : "";
  return `${protocol}://${user}${place}`;
}

function splitAt(text: string, mark: string): readonly string[] {
  const index = text.indexOf(mark);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + mark.length)];
}

function source(
  kind: Source["kind"],
  attrs: Source["attrs"],
  names: readonly string[],
  akin: readonly string[],
): Source {
  const [identifier, ...aliases] = new Set(names);
  if (identifier === undefined) throw new RangeError("a source has a name");
  return { kind, identifier, aliases, akin: [...new Set(akin)], attrs };
}
