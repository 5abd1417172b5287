// SPDX-License-Identifier: Apache-2.0
// What reading an archive yields, and how much of it is accepted.

/**
 * An entry, validated: `path` is relative and has no empty, `.` or `..` components (`""` is the top directory). Names that
 * are not UTF-8 are escaped as in base/names.ts. The same shape as the sandbox's ApplyEntry.
 */
export interface LayerEntry {
  readonly type:
    "file" | "dir" | "symlink" | "hardlink" | "char" | "block" | "fifo" | "whiteout" | "opaque";
  readonly path: string;
  /** symlink: target as is; hardlink: a path like `path`; otherwise "". */
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  /** Allowed attributes only. */
  readonly xattrs: readonly (readonly [name: string, value: Uint8Array])[];
  /** `size` bytes. What is not read is skipped when the next entry is asked for. */
  readonly content?: AsyncIterable<Uint8Array>;
}

/** Bounds on what a stranger's archive may make us do. */
export interface LayerLimits {
  readonly entries: number;
  /** Decompressed bytes, and bytes of files after holes are filled. */
  readonly bytes: number;
  /** Bytes of the extended headers of one entry. */
  readonly headerBytes: number;
  /** Pieces of one sparse file. */
  readonly sparsePieces: number;
  /** Components of a path. */
  readonly depth: number;
}

export const defaultLimits: LayerLimits = {
  entries: 10_000_000,
  bytes: 256 * 1024 ** 3,
  headerBytes: 1024 ** 2,
  sparsePieces: 100_000,
  depth: 1000,
};
