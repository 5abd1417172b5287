// SPDX-License-Identifier: Apache-2.0
// The vocabulary of build contexts: what a context is once it is opened, where its Dockerfile comes from, and how
// names in it are chosen. Trees are never walked here: the helper does that (sandbox' TreeReader).

import type { RequestOptions } from "node:https";
import type { Readable } from "node:stream";

/** How a stream of bytes is compressed, told by its first bytes. */
export type Compression = "none" | "gzip" | "bzip2" | "xz" | "zstd";

/**
 * Rules of a `.dockerignore` file or of `--exclude` flags. Paths are relative to the tree's root, components joined by `/`,
 * without leading or trailing slash. The root (`""`) is never ignored.
 */
export interface IgnoreRules {
  /** Equal for rules that say the same in the same words. */
  readonly text: string;
  /** True when nothing can be ignored: callers may skip all questions. */
  readonly empty: boolean;
  /** True when some line begins with `!`. */
  readonly hasExceptions: boolean;
  /** The path, as a file or a directory entry, is left out. Something below an ignored directory may still be wanted. */
  ignored(path: string): boolean;
  /** The directory is ignored and nothing below it can come back: it need not be entered. */
  canPrune(directory: string): boolean;
  /** Paths written out in the rules (no wildcard) that need not be entered, sorted: known before any walk. */
  literalPrunes(): readonly string[];
}

/** A source of COPY or ADD (or a cache of them), compiled. Paths as in {@link IgnoreRules}. */
export interface SourcePattern {
  /** The cleaned pattern: no leading slash, no `.` or `..`, no trailing slash; `""` is the root. */
  readonly pattern: string;
  /** No wildcard in it: `base` is the one path meant. (`pattern` may still hold escapes.) */
  readonly literal: boolean;
  /** The leading components without wildcards, unescaped: where to begin listing. */
  readonly base: string;
  /** How many components below `base` a match has: a number, or Infinity where `**` spans levels. */
  readonly depth: number;
  /** True when the path itself (not an ancestor of it) matches. */
  matches(path: string): boolean;
  /** False when neither the directory nor anything below it can match: it need not be entered. */
  canMatchBelow(directory: string): boolean;
}

/** Reads single files of a tree whose symlinks are resolved inside it. The sandbox' TreeReader is one. */
export interface FileReader {
  /** The bytes of the regular file, symlinks followed inside the tree; undefined when there is none. Throws above `maxBytes`. */
  read(path: string, maxBytes: number): Promise<Buffer | undefined>;
}

/** What is in a context. */
export type ContextTree =
  /** A directory of this machine. `trusted`: it is the user's own; otherwise (a git checkout) its content is a stranger's. */
  | { readonly kind: "directory"; readonly path: string; readonly trusted: boolean }
  /** A tar archive, to be read once; `compression` is what its first bytes say. */
  | { readonly kind: "archive"; readonly stream: Readable; readonly compression: Compression }
  /** One file, called `name` in the tree, mode 0600. `mtime` in whole seconds. */
  | {
      readonly kind: "file";
      readonly name: string;
      readonly path: string;
      readonly mtime: number;
    }
  /** Nothing: a Dockerfile alone. */
  | { readonly kind: "empty" };

/** The Dockerfile of a build. */
export interface DockerfileSource {
  /** What to call it in messages: as the user wrote it, or the path in the context, or `-`, or a URL without secrets. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** An opened context. Disposing removes what was downloaded for it. */
export interface BuildContext extends AsyncDisposable {
  readonly tree: ContextTree;
  /** How the context is called in messages; no secrets. */
  readonly name: string;
  /** The commit, for a git context, its time in seconds since the epoch, and what was asked for. */
  readonly commit?: {
    readonly id: string;
    readonly time: number;
    readonly ref?: string;
    readonly subdir?: string;
  };
  /** When its content was last changed, in seconds, where its source tells: the commit's time, or Last-Modified. */
  readonly time?: number;
  /** Set when the Dockerfile did not come from the tree: `-f -`, a URL, a path outside, or a Dockerfile instead of a context. */
  readonly dockerfile?: DockerfileSource;
  /**
   * Chooses and reads the Dockerfile and the ignore file that belongs to it. `reader` reads the tree once it is unpacked: needed
   * for an archive, not used otherwise.
   * Throws CONTEXT_NO_DOCKERFILE, CONTEXT_DOCKERFILE_OUTSIDE, CONTEXT_BAD_PATTERN and what the reader throws.
   */
  load(reader?: FileReader): Promise<LoadedContext>;
}

/** The Dockerfile with the rules of what the context shows to it. */
export interface LoadedContext {
  readonly dockerfile: DockerfileSource;
  readonly ignore: IgnoreRules;
  /** The ignore file that was read, for messages. */
  readonly ignoreFile?: string;
}

/** `--build-context NAME=VALUE`, parsed and not yet touched. */
export type NamedContext =
  | { readonly kind: "directory"; readonly path: string }
  /** `docker-image://REF`; `scratch` is the empty image. */
  | { readonly kind: "image"; readonly reference: string }
  | {
      readonly kind: "oci-layout";
      readonly directory: string;
      readonly tag?: string;
      readonly digest?: string;
    }
  | { readonly kind: "git"; readonly source: GitSource }
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "target"; readonly stage: string };

/** A git repository at a revision, parsed from a URL. */
export interface GitSource {
  /** What git is told to fetch from; may carry credentials, so print `display`. */
  readonly remote: string;
  /** `remote` without credentials. */
  readonly display: string;
  /** Branch, tag, full ref or commit; absent: the remote's HEAD. */
  readonly ref?: string;
  /** Directory of the repository that becomes the root; relative, clean. */
  readonly subdir?: string;
  /** The commit must begin with these hexadecimal digits. */
  readonly checksum?: string;
  /** Default true. */
  readonly submodules?: boolean;
  /** Keep `.git` in the tree. Default false. */
  readonly keepGitDir?: boolean;
  /** Modification times of the files: of the checkout (default) or of the commit. */
  readonly mtime?: "checkout" | "commit";
  /** Ask the remote for the commit of `checksum` itself, without a ref. */
  readonly fetchByCommit?: boolean;
}

/** A checked-out repository. Disposing removes it. */
export interface GitCheckout extends AsyncDisposable {
  /** The directory that is the tree's root: the subdirectory, when one was asked for. No symlink on the way leaves the checkout. */
  readonly path: string;
  readonly commit: string;
  /** Committer time, seconds since the epoch. */
  readonly time: number;
}

/** Headers that let a later download be skipped when nothing changed. */
export interface HttpValidators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type HttpResult =
  /** The server says that what the given validators stand for is still current. */
  | { readonly kind: "not-modified"; readonly validators: HttpValidators }
  | {
      readonly kind: "downloaded";
      /** Where the bytes are: the `destination` of the request. */
      readonly path: string;
      /** `sha256:...` of the bytes. */
      readonly sha256: string;
      readonly size: number;
      readonly validators: HttpValidators;
      /** Last-Modified in whole seconds, or 0. */
      readonly mtime: number;
      /** The last path segment of the URL asked for, decoded; undefined when it has none that can be a file name. */
      readonly filename?: string;
    };

export interface HttpRequest {
  readonly url: string;
  /** A file that does not exist yet; removed again when the download fails. */
  readonly destination: string;
  /** Of an earlier download that is still at hand. */
  readonly validators?: HttpValidators;
  readonly remotes?: RemoteAccess;
  /** The rules have been asked about the URL. They are still asked about redirects. */
  readonly decided?: boolean;
  /** More bytes than this: CONTEXT_HTTP_TOO_LARGE. */
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

/** What reaching other machines takes: the build's secrets and agents, and the proxies on the way. Nothing of it is printed. */
export interface RemoteAccess {
  /** The bytes of a secret; undefined when the user gave none of that id. */
  readonly secret: (id: string) => Promise<Uint8Array | undefined>;
  /** The path of an ssh agent's socket on this machine; undefined when none was given. */
  readonly agentSocket: (id: string) => Promise<string | undefined>;
  /** What to change in a request so that it goes through the proxy that stands before a URL; undefined: there is none. */
  readonly route: (url: URL, signal: AbortSignal) => Promise<Route | undefined>;
  /** Absent: everything may be fetched. */
  readonly rules?: SourceRules;
}

/** The user's rules on what may be fetched. All throw when something may not be. */
export interface SourceRules {
  /** The download that stands in the place of another. */
  readonly http: (url: string) => { readonly url: string; readonly checksum?: string };
  /** Whether a redirect may lead there. */
  readonly redirect: (url: string) => void;
  /** The repository that stands in the place of another; the same object when none does. */
  readonly git: (source: GitSource) => GitSource;
}

/** How a request gets through a proxy. */
export interface Route {
  readonly options: RequestOptions;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everything that opening contexts takes from the outside. */
export interface ContextEnvironment {
  /** Relative paths are relative to this directory. */
  readonly cwd: string;
  /** Standard input, read only when `-` says so. */
  readonly stdin?: Readable;
  /** An existing directory for downloads and checkouts; each makes its own directory in it and removes it when disposed. */
  readonly scratch: string;
  /** The environment given to git (HOME, proxies). */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly remotes?: RemoteAccess;
  readonly signal: AbortSignal;
}

/** What `tsbuild build [-f FILE] CONTEXT` names. */
export interface ContextRequest {
  /** Directory, `-`, http(s) URL or git URL. */
  readonly context: string;
  /** `-f`: path, `-` or http(s) URL. */
  readonly file?: string;
  /** `-f` again: what stands below it. Paths. */
  readonly moreFiles?: readonly string[];
  /** More flags for the preprocessor of Dockerfiles whose names end with `.in`. */
  readonly cppFlags?: readonly string[];
  /** `--ignorefile`. */
  readonly ignoreFile?: string;
  /** Keep `.git` of a git context (BUILDKIT_CONTEXT_KEEP_GIT_DIR=1). */
  readonly keepGitDir?: boolean;
  /** Times of a git context's files: of the commit, where the build has to be reproducible. */
  readonly mtime?: "checkout" | "commit";
  /** Whether ignore files count. Default: yes, but not in a git context, which holds only what was committed. */
  readonly applyIgnore?: boolean;
}

/** A named context that is a tree, opened. */
export interface OpenedNamedContext extends AsyncDisposable {
  readonly tree: ContextTree;
  readonly name: string;
  readonly ignore: IgnoreRules;
}
