// SPDX-License-Identifier: Apache-2.0
// What a conformance case is: a Dockerfile, the files around it, options, and what is known to differ between builders.

import type { Metadata, TreeNode } from "../support/tree.js";

/** One member of an archive that is made on the fly. Times are those of context files unless given. */
export interface ArchiveMember {
  readonly name: string;
  /** Text of a regular file. */
  readonly file?: string;
  readonly symlink?: string;
  /** A hard link to a member named before. */
  readonly link?: string;
  readonly dir?: true;
  readonly fifo?: true;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly pax?: Readonly<Record<string, string>>;
}

export type ContextNode =
  | TreeNode
  | ({
      readonly archive: readonly ArchiveMember[];
      readonly compress?: "gzip" | "bzip2" | "xz" | "zstd";
    } & Metadata)
  | ({ readonly file: string; readonly xattrs: Readonly<Record<string, string>> } & Metadata);

/** Path to node. Everything gets a fixed old modification time unless it says another. */
export type ContextSpec = Readonly<Record<string, ContextNode>>;

export type Peer = "buildkit" | "buildah";

/** A difference that is meant: between what we do and what a peer does. */
export interface Difference {
  readonly peer: Peer;
  /** Keys of an outcome (`entries/a/b`, `config/Cmd`, `history/0`, `layers`, `fails`); a trailing `*` matches the rest. */
  readonly what: readonly string[];
  readonly reason: string;
}

export interface ConformanceCase {
  /** A sentence of behaviour, unique in its group. */
  readonly name: string;
  readonly dockerfile: string;
  /** The build context. */
  readonly context?: ContextSpec;
  /** Files beside the context: named contexts, secrets. The directory they are in is the working directory of the build. */
  readonly beside?: ContextSpec;
  /** Flags, spelled alike for all builders. */
  readonly args?: readonly string[];
  /** Made-up base images that the Dockerfile names (images.ts); `busybox` is always there. */
  readonly images?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The build fails, with this error code of ours. */
  readonly fails?: string;
  readonly differs?: readonly Difference[];
  /** Peers that cannot build it at all (a language feature that they lack), with the reason. */
  readonly without?: Partial<Readonly<Record<Peer, string>>>;
  /** Why an ordinary user cannot build it, or cannot make its context. */
  readonly rootOnly?: string;
}

export interface CaseGroup {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}
