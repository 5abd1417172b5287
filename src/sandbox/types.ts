// SPDX-License-Identifier: Apache-2.0
// The vocabulary of the one door to native/: what the rest of tsbuild may ask of the helper. How a request is
// encoded stands in protocol.ts; how the helper is started, in spawn.ts.

import type { Readable, Writable } from "node:stream";
import type { Confinement } from "./security-options.js";

declare const layerDirBrand: unique symbol;

/**
 * Names one directory `<store root>/snapshots/<id>/` (`fs` the tree, `work` overlayfs' scratch while it is written).
 * 1 to 64 characters of [a-z0-9-]. Only this room turns it into a path.
 */
export type LayerDirId = string & { readonly [layerDirBrand]: true };

/** Directories of layers, one on the other. */
export interface StackRoot {
  readonly kind: "stack";
  /** Read-only directories, bottom first. May be empty (scratch). */
  readonly lowers: readonly LayerDirId[];
  /**
   * The directory that takes the writes. The helper makes it when it is missing, with the owner, mode and xattrs of the
   * root directory below. Absent: the root is read-only.
   */
  readonly upper?: LayerDirId;
}

/** A root filesystem, given as data. Paths below it exist only inside the helper. */
export type Root =
  | StackRoot
  /** A directory of the host named by the user (a build context, an output directory) or made by us. Never an image's root. */
  | { readonly kind: "directory"; readonly path: string };

/** Kinds of directory entries, by letter, as in the protocol. */
export type EntryType = "file" | "dir" | "symlink" | "char" | "block" | "fifo" | "socket";

/** One entry as the helper reports it. Names: see TreeReader. */
export interface TreeEntry {
  /** Relative to the listed directory; `""` for the listed entry itself; components joined by `/`. */
  readonly path: string;
  readonly type: EntryType;
  /** Permission bits with setuid, setgid and sticky (0 to 0o7777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes; 0 for anything but a regular file. */
  readonly size: number;
  /** Nanoseconds since the epoch, decimal. */
  readonly mtimeNs: string;
  /** Device, inode, size and both times in one, `stateSize` characters: as long as it is the same, so is the entry (but for the clock's grain). */
  readonly state: string;
  /** Whether this is the state whose bytes are at `at`, without a string for it: asked of each file of a large context. */
  hasState(known: Uint8Array, at: number): boolean;
  /** When it was last changed in any way, in milliseconds since the epoch. */
  readonly changedAt: number;
  readonly nlink: number;
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  /** Target of a symlink; otherwise "". */
  readonly link: string;
  /** `security.capability` and `user.*` only, sorted by name; values hex. */
  readonly xattrs: readonly (readonly [name: string, hex: string])[];
}

/** What is listed. `depth` 0: only the entry; absent: everything. `prune`: paths relative to it that are not entered. */
export interface ListOptions {
  readonly depth?: number;
  readonly prune?: readonly string[];
}

/** A list of entries, its fingerprint, and when something in it was last changed in any way (milliseconds since the epoch). */
export interface PrintedList {
  readonly entries: TreeEntry[];
  readonly print: string;
  readonly changedAt: number;
}

/**
 * A session that answers questions about one tree. Every path is resolved inside the root (`..` and absolute symlinks
 * stay in it). Requests may be issued without awaiting earlier ones; answers come in order.
 * Names that are not valid UTF-8 travel as "binary strings with surrogate escapes": byte 0x80+n becomes U+DC80+n.
 */
export interface TreeReader extends AsyncDisposable {
  /** The entry at `path`, or undefined when there is none. `follow`: a final symlink is followed (inside the root). */
  stat(path: string, follow: boolean): Promise<TreeEntry | undefined>;
  /**
   * The entry at `path` (following symlinks to reach it, the last one included) and what is below it, parents before
   * children, children in byte order, symlinks not followed. Undefined: nothing there.
   */
  list(path: string, options?: ListOptions): Promise<TreeEntry[] | undefined>;
  /** The same, with what tells it from the list of another time. */
  listWithPrint(path: string, options?: ListOptions): Promise<PrintedList | undefined>;
  /**
   * The fingerprint of a list, without the list: hex sha256 over what `stat` says of the entries, inodes and times included.
   * Extended attributes are in it only by the change time, which they cannot change without.
   */
  fingerprint(path: string, options?: ListOptions): Promise<string | undefined>;
  /**
   * The sha256 of regular files (a final symlink is followed inside the root), `hashSize` bytes each, in the order asked. Not a
   * regular file: SANDBOX_NOT_A_FILE.
   */
  hash(paths: readonly string[]): Promise<Buffer>;
  /** The bytes of a regular file (a final symlink is followed inside the root), or undefined; over `maxBytes`: SANDBOX_LIMIT. */
  read(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /**
   * At most `length` (up to 4 MiB) bytes of a regular file from `offset` on; fewer only at its end. A final symlink is followed
   * inside the root. For archives that ADD unpacks. Not a regular file: SANDBOX_NOT_A_FILE.
   */
  readAt(path: string, offset: number, length: number): Promise<Buffer>;
}

/** Who owns what a copy or an extraction makes. `keep`: as the source says. `spec`: `user[:group]`, looked up in the destination's root. */
export type Owner =
  | { readonly kind: "keep" }
  | { readonly kind: "ids"; readonly uid: number; readonly gid: number }
  | { readonly kind: "spec"; readonly spec: string };

/** What `copy` does, in order, below the current target. */
export type CopyOp =
  /**
   * Chooses where the following entries go. `dir`: `path` must be or becomes a directory and is the target. `file`: `path`
   * itself is the target, whatever its last component is today is replaced (a directory: SANDBOX_COPY_CONFLICT).
   * `auto`: like `dir` with `name` appended when `path` is an existing directory, else like `file`.
   * Missing parents are made with `parentMode`, the request's owner and the request's `madeTime`.
   */
  | {
      readonly op: "target";
      readonly path: string;
      readonly as: "dir" | "file" | "auto";
      readonly name: string;
      readonly parentMode: number;
    }
  /**
   * Copies one entry (not what is below it) of the source root to `to` below the target (`""` = the target itself).
   * `follow`: `from`'s last component may be a symlink and is followed. A directory over a directory: `merge` "keep" leaves
   * the metadata that is there, "set" overwrites it. Mode, mtime (whole seconds) and xattrs come from the source unless given.
   * Regular files that are hard links of one another in the source stay so.
   */
  | {
      readonly op: "entry";
      readonly from: string;
      readonly to: string;
      readonly follow: boolean;
      readonly merge: "keep" | "set";
      readonly mode?: number;
      readonly owner?: "made";
    }
  /** Writes a regular file from bytes at hand (heredocs, downloads). mtime in whole seconds. */
  | {
      readonly op: "data";
      readonly to: string;
      readonly mode: number;
      readonly mtime: number;
      readonly bytes: Uint8Array;
    };

export interface CopyRequest {
  readonly source: Root;
  readonly destination: Root;
  readonly owner: Owner;
  /** Seconds since the epoch for directories that had to be made; existing parents keep their mtime. */
  readonly madeTime: number;
  /** Output to a host directory: owners and device nodes are not recreated. */
  readonly unprivileged?: boolean;
  /** An entry takes the place of one of another type, a directory's with all that is in it. Default: that is an error. */
  readonly replace?: boolean;
  /** The mtime that everything gets, in seconds since the epoch. */
  readonly oneTime?: number;
}

/** A copy whose layer is wanted with it, or alone. */
export interface LayerCopyRequest extends Pick<CopyRequest, "source" | "owner" | "madeTime"> {
  /** What it is copied onto, bottom first. */
  readonly lowers: readonly LayerDirId[];
  /** The directory that takes the files. Absent: no file is made on a disk. */
  readonly upper?: LayerDirId;
  /** As in DiffRequest. */
  readonly clampTime?: number;
}

/** An entry of an archive, parsed and validated in TypeScript, for `apply`. Paths as they stand in the archive, cleaned. */
export interface ApplyEntry {
  readonly type:
    "file" | "dir" | "symlink" | "hardlink" | "char" | "block" | "fifo" | "whiteout" | "opaque";
  /** Relative, no `.` or `..` components, no leading or trailing slash. `whiteout`: the hidden path; `opaque`: the directory. */
  readonly path: string;
  /** symlink: target as is; hardlink: path relative to the root. */
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds (may be negative). */
  readonly mtime: number;
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly xattrs: readonly (readonly [name: string, value: Uint8Array])[];
  /** `size` bytes; must be consumed before the next entry is asked for. */
  readonly content?: AsyncIterable<Uint8Array>;
}

export interface ApplyRequest {
  readonly root: Root;
  /** Directory below the root into which the entries go, made when missing ("" = the root). */
  readonly path: string;
  /** "layer": whiteouts become overlayfs whiteouts, the root is a lone layer directory. "archive": ADD's extraction into an existing tree. */
  readonly mode: "layer" | "archive";
  /** For "layer": what the layer will lie on. A hard link to a file that only this has copies it into the layer first. */
  readonly below?: Root;
  readonly owner: Owner;
  readonly madeTime: number;
}

export interface ApplyResult {
  /** Directories that no entry described, made as parents (relative paths). Their metadata should be taken from the layers below. */
  readonly impliedDirectories: readonly string[];
  /** Whether a mark says that nothing of the layers below is left. overlayfs takes no notice of it at the top of a layer. */
  readonly opaque: boolean;
}

/**
 * What `diff` writes as tar. "layer": upper against lowers, with whiteouts. "changes": the merged root against another, with
 * whiteouts. "tree": the whole merged root, no whiteouts.
 */
export interface DiffRequest {
  readonly root: Root;
  readonly mode: "layer" | "changes" | "tree";
  /** Of changes: what the root is compared with. Absent: everything is new. */
  readonly below?: Root;
  /** Of a tree: the one directory of the archive that everything is in. */
  readonly directory?: string;
  /** Clamp mtimes that are later than this (seconds since the epoch). */
  readonly clampTime?: number;
  /** Of a tree: as in CopyRequest. */
  readonly oneTime?: number;
}

/** A stream and the promise of how it ended; the bytes count only once `done` is fulfilled. */
export interface StreamResult {
  readonly stream: Readable;
  readonly done: Promise<void>;
}

/** Mounts of a command, in order; later ones hide earlier ones at the same target. `target` absolute, below the rootfs. */
export type RunMount = {
  /** Where the mount point had to be made, it stays. Default: it is removed afterwards. */
  readonly keep?: boolean;
} & (
  | {
      readonly kind: "bind";
      readonly target: string;
      readonly source: Root;
      readonly sourcePath: string;
      readonly readOnly: boolean;
    }
  /**
   * `dir` names a directory of the store's cache-mounts/, made when missing with the given owner and mode. Its first content is
   * a layer directory that `brought` gives, which is moved there; else a copy of `seed`; else nothing.
   */
  | {
      readonly kind: "cache";
      readonly target: string;
      readonly dir: LayerDirId;
      readonly sourcePath: string;
      readonly readOnly: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly brought?: () => Promise<LayerDirId | undefined>;
      readonly seed?: { readonly root: Root; readonly path: string };
    }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      readonly size?: number;
      readonly mode?: number;
    }
  | {
      readonly kind: "file";
      readonly target: string;
      readonly bytes: Uint8Array;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** A file or directory of the host, with what is mounted in it. */
  | {
      readonly kind: "host";
      readonly target: string;
      readonly path: string;
      readonly readOnly: boolean;
      /** A new directory that takes what is written to `path`, which must be a directory. Without: it is written to itself. */
      readonly upper?: LayerDirId;
    }
  /** A device of the host: `path` must be one. Its mode and owner stay the host's. */
  | { readonly kind: "device"; readonly target: string; readonly path: string }
  /** A socket of the host (ssh agent). */
  | {
      readonly kind: "socket";
      readonly target: string;
      readonly path: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
);

/** The limits of one step; absent = none set by us. Sizes in bytes. */
export interface RunLimits {
  readonly memory?: number;
  readonly memorySwap?: number;
  readonly cpuShares?: number;
  readonly cpuPeriod?: number;
  readonly cpuQuota?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pids?: number;
  readonly cgroupParent?: string;
  readonly ulimits?: readonly {
    readonly name: string;
    readonly soft: number;
    readonly hard: number;
  }[];
}

export interface RunRequest {
  /** Must have an upper. */
  readonly root: Root;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Absolute; made (0755, the user's) when missing. */
  readonly cwd: string;
  /** A directory that had to be made is root's. */
  readonly cwdOfRoot?: boolean;
  /** `""`, `user`, `user:group`, numbers or names; looked up in the rootfs. */
  readonly user: string;
  readonly hostname: string;
  /** Full text of the files bound read-only over /etc/hosts and /etc/resolv.conf. Absent: it is the rootfs' own. */
  readonly hosts?: string;
  readonly resolvConf?: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly mounts: readonly RunMount[];
  readonly limits: RunLimits;
  readonly shmSize?: number;
  /** Absent: the default. */
  readonly confinement?: Confinement;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  /** Groups beside those of the user, names of the root's /etc/group or numbers. */
  readonly groups?: readonly string[];
  /** Keep the empty mount-point directories (/proc, /sys, /dev) that had to be made. Default: removed afterwards. */
  readonly keepMountpoints?: boolean;
  /** No writes to the root, but to mounts in it. */
  readonly readOnly?: boolean;
  /** What the command leaves in the root is thrown away: processes elsewhere may still write to it. */
  readonly discarded?: boolean;
  /** Process 1 is one of ours, which reaps and hands signals on to the command. */
  readonly init?: boolean;
  /** Wanted with the result, of a command that ended well: its layer, when that is an archive of at most so many bytes. */
  readonly layer?: { readonly limit: number; readonly clampTime?: number };
  /** Joins the command to this process's own descriptors 0 to 2, whatever they are; there is no live output then. */
  readonly attach?: {
    readonly input: boolean;
    /** The command gets a terminal. With `input`, ours (if 0 is one) is raw while it runs. */
    readonly terminal: boolean;
  };
}

export interface RunOutput {
  /** Called with live output; must not block. */
  readonly onOutput: (stream: "stdout" | "stderr", data: Uint8Array) => void;
  /**
   * Called when an attached command is about to run. `send` hands on a signal by number; SIGWINCH makes a terminal as large as
   * ours.
   */
  readonly onStart?: (send: (signal: number) => void) => void;
  /** Called when the command has ended well and its layer is larger than was asked for: it can be read from now on. */
  readonly onLargeLayer?: () => void;
  readonly signal: AbortSignal;
}

export type RunResult =
  | {
      readonly kind: "exited";
      readonly code: number;
      readonly outOfMemory?: boolean;
      /** See RunRequest.layer; the bytes that `diff` would give. */
      readonly layer?: Uint8Array;
    }
  | { readonly kind: "signaled"; readonly signal: string; readonly outOfMemory?: boolean };

/** One finding of `tsbuild info`. `hint`: how to get what is missing. */
export interface ProbeItem {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly hint?: string;
}

/** Where the store keeps directories that only the helper touches. */
export type StorePlace = "snapshots" | "cache-mounts";

/** What something takes on the disk, as `du` counts it: allocated blocks, a file with several names once. */
export interface DiskUsage {
  readonly bytes: number;
  /** Directories and other entries count too. */
  readonly files: number;
}

export interface PlaceUsage {
  readonly dirs: ReadonlyMap<LayerDirId, DiskUsage>;
  /** Of the place itself, and of what is in it without being a directory of the store. Only for "all". */
  readonly rest: DiskUsage;
}

/** The door. One instance per store root; every method starts a helper process that ends with the call (or the session). */
export interface Sandbox {
  probe(signal: AbortSignal): Promise<readonly ProbeItem[]>;
  run(request: RunRequest, output: RunOutput): Promise<RunResult>;
  openTree(root: Root, signal: AbortSignal): Promise<TreeReader>;
  copy(request: CopyRequest, ops: Iterable<CopyOp>, signal: AbortSignal): Promise<void>;
  /**
   * What `copy` and then `diff` would give, at once, and without an upper without a file on a disk. With `output`, a program's input, the bytes go there and
   * not into the stream. SANDBOX_NO_FEATURE where the kernel cannot.
   */
  copyAsLayer(
    request: LayerCopyRequest,
    ops: Iterable<CopyOp>,
    signal: AbortSignal,
    output?: Writable,
  ): StreamResult;
  apply(
    request: ApplyRequest,
    entries: AsyncIterable<ApplyEntry>,
    signal: AbortSignal,
  ): Promise<ApplyResult>;
  /** Takes mode, owner, mtime and xattrs for directories of `dir` from the same paths in the lowers (nearest first); missing there: left alone. */
  inheritDirectories(
    dir: LayerDirId,
    lowers: readonly LayerDirId[],
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<void>;
  diff(request: DiffRequest, signal: AbortSignal, output?: Writable): StreamResult;
  /** Removes directories (by default layer directories) and everything in them, whoever owns it. Missing ones are fine. */
  remove(dirs: readonly LayerDirId[], signal: AbortSignal, place?: StorePlace): Promise<void>;
  /** What directories of a place take on the disk; missing ones are left out. "all": every one of the place. */
  usage(
    place: StorePlace,
    dirs: readonly LayerDirId[] | "all",
    signal: AbortSignal,
  ): Promise<PlaceUsage>;
  /** Makes what was written into the store so far survive a loss of power. As long as the disk needs; keeps no process alive. */
  sync(signal: AbortSignal): Promise<void>;
}
