// SPDX-License-Identifier: Apache-2.0
// The request language of the native helper, as plain data: which fields a verb takes. generate.ts prints it for C and for
// the documentation; encode.ts checks requests against it. A field is `name=value`, ended by a NUL byte; values hold no NUL.

/** Goes up with every change of a field or an event. A helper of another version refuses. */
export const PROTOCOL_VERSION = 1;

/** Bytes that a whole request may have (SPEC_MAX_BYTES in native/spec.h). */
export const REQUEST_MAX: number = 16 << 20;

/** How C checks a value before use. `word`: one of `words`. `idmap`: `INSIDE OUTSIDE COUNT`. */
export type FieldType = "text" | "path" | "id" | "int" | "bool" | "hex" | "word" | "idmap";

export interface FieldRow {
  readonly name: string;
  readonly type: FieldType;
  readonly meaning: string;
  readonly repeatable?: boolean;
  /** Begins a group: the fields named `<name>-...` that follow belong to it. */
  readonly leader?: boolean;
  /** Bytes of one value; default 4096. */
  readonly max?: number;
  readonly words?: readonly string[];
}

export interface VerbRow {
  readonly verb: string;
  readonly summary: string;
  readonly fields: readonly FieldRow[];
}

const DEFAULT_MAX = 4096;
const MEBI = 1 << 20;

/** Bytes that one value of a field may have. */
export function fieldMax(row: FieldRow): number {
  return row.max ?? DEFAULT_MAX;
}

/** A root filesystem as four fields. */
function rootFields(prefix: string, meaning: string): FieldRow[] {
  return [
    { name: prefix, type: "word", words: ["stack", "directory"], meaning },
    {
      name: `${prefix}-lower`,
      type: "id",
      repeatable: true,
      meaning: "read-only layer directories, bottom first",
    },
    { name: `${prefix}-upper`, type: "id", meaning: "the layer directory that takes the writes" },
    { name: `${prefix}-path`, type: "path", meaning: "the directory, when the root is one" },
  ];
}

/** A leader and the fields of its group. */
function group(leader: FieldRow, fields: readonly FieldRow[]): FieldRow[] {
  return [{ ...leader, leader: true, repeatable: true }, ...fields];
}

const commonFields: readonly FieldRow[] = [
  { name: "version", type: "int", meaning: "the protocol's version; always the first field" },
  { name: "store", type: "path", meaning: "the store's root directory" },
  {
    name: "driver",
    type: "word",
    words: ["overlay", "fuse-overlayfs", "copy"],
    meaning: "how layers become one tree (default: overlay)",
  },
  { name: "driver-program", type: "path", meaning: "the program fuse-overlayfs" },
  { name: "uidmap", type: "idmap", repeatable: true, meaning: "user ids of the user namespace" },
  { name: "gidmap", type: "idmap", repeatable: true, meaning: "group ids of the user namespace" },
  { name: "newuidmap", type: "path", meaning: "program that may write several user ids" },
  { name: "newgidmap", type: "path", meaning: "program that may write several group ids" },
  { name: "own-maps", type: "bool", meaning: "we may write several ids ourselves" },
  {
    name: "user-namespace",
    type: "bool",
    meaning: "join the user namespace on descriptor 6 instead of making one",
  },
];

/** Of verbs that start no command. */
const fileFields: readonly FieldRow[] = [
  ...commonFields,
  {
    name: "no-namespaces",
    type: "bool",
    meaning: "work in the caller's own: none can be made here, and its ids are those of the files",
  },
];

const clampField: FieldRow = {
  name: "clamp-time",
  type: "int",
  meaning: "latest mtime written, in seconds",
};

const oneTimeField: FieldRow = {
  name: "one-time",
  type: "int",
  meaning: "the mtime of everything, in seconds",
};

const runMountFields: readonly FieldRow[] = [
  { name: "mount-target", type: "path", meaning: "where, inside the root" },
  ...rootFields(
    "mount-source",
    "bind: the root that the source is in; host: what takes the writes",
  ),
  { name: "mount-from", type: "text", meaning: "bind, cache: path inside the source" },
  { name: "mount-read-only", type: "bool", meaning: "no writes" },
  { name: "mount-cache", type: "id", meaning: "cache: its directory below cache-mounts/" },
  {
    name: "mount-seed",
    type: "id",
    meaning: "cache: layer directory that becomes its first content",
  },
  { name: "mount-mode", type: "int", meaning: "permission bits of what is made" },
  { name: "mount-uid", type: "int", meaning: "owner of what is made" },
  { name: "mount-gid", type: "int", meaning: "group of what is made" },
  { name: "mount-size", type: "int", meaning: "tmpfs: limit in bytes" },
  { name: "mount-bytes", type: "hex", max: 4 * MEBI, meaning: "file: its content" },
  { name: "mount-path", type: "path", meaning: "socket, host, device: where it is on the host" },
  { name: "mount-keep", type: "bool", meaning: "leave the mount point where it had to be made" },
];

const filterActions = ["allow", "errno", "kill-thread", "kill-process", "trap", "trace", "log"];

/** A profile of system calls. A call takes its first rule that fits; one without conditions beats those with. */
const filterFields: readonly FieldRow[] = [
  {
    name: "filter-default",
    type: "word",
    words: filterActions,
    meaning: "profile: what happens to calls without a rule",
  },
  { name: "filter-default-data", type: "int", meaning: "errno: its number; trace: the message" },
  { name: "filter-compat", type: "bool", meaning: "profile: it holds for 32-bit programs, too" },
  { name: "filter-log", type: "bool", meaning: "profile: refusals are logged" },
  { name: "filter-spec-allow", type: "bool", meaning: "profile: no mitigation of speculation" },
  ...group(
    {
      name: "filter-rule",
      type: "word",
      words: filterActions,
      meaning: "profile: a rule, by what it does",
    },
    [
      { name: "filter-rule-data", type: "int", meaning: "errno: its number; trace: the message" },
      {
        name: "filter-rule-calls",
        type: "text",
        max: 64 << 10,
        meaning: "names of the calls, separated by spaces",
      },
      {
        name: "filter-rule-if",
        type: "text",
        max: 64,
        repeatable: true,
        meaning: "ARGUMENT ne|lt|le|eq|ge|gt|masked VALUE MASK: a condition; all must hold",
      },
    ],
  ),
];

const runFields: readonly FieldRow[] = [
  ...rootFields("root", "the root filesystem; must have an upper"),
  { name: "arg", type: "text", repeatable: true, max: 8 * MEBI, meaning: "the command" },
  { name: "env", type: "text", repeatable: true, max: 8 * MEBI, meaning: "NAME=value" },
  { name: "cwd", type: "path", meaning: "working directory, made when missing" },
  { name: "cwd-of-root", type: "bool", meaning: "when made, it is root's and not the user's" },
  { name: "user", type: "text", meaning: "user[:group], names or numbers" },
  { name: "group", type: "text", repeatable: true, meaning: "a further group, name or number" },
  { name: "hostname", type: "text", max: 64, meaning: "host name" },
  {
    name: "network",
    type: "word",
    words: ["none", "host", "held"],
    meaning: "held: the namespace on descriptor 5",
  },
  { name: "insecure", type: "bool", meaning: "all capabilities, nothing masked, no filter" },
  { name: "no-new-privileges", type: "bool", meaning: "set-uid programs gain nothing" },
  { name: "capability", type: "text", repeatable: true, max: 64, meaning: "granted, as CAP_X" },
  {
    name: "filter",
    type: "word",
    words: ["builtin", "unconfined", "profile"],
    meaning: "the system call filter; profile: the filter-... fields",
  },
  ...filterFields,
  {
    name: "apparmor",
    type: "text",
    max: 256,
    meaning: "AppArmor profile that the command runs under",
  },
  {
    name: "proc-option",
    type: "text",
    max: 64,
    repeatable: true,
    meaning: "a mount option of /proc",
  },
  { name: "mask", type: "path", repeatable: true, meaning: "hidden from the command" },
  { name: "read-only", type: "path", repeatable: true, meaning: "made read-only" },
  { name: "keep-mountpoints", type: "bool", meaning: "leave /proc, /sys and /dev where made" },
  { name: "shm-size", type: "int", meaning: "bytes of /dev/shm" },
  {
    name: "layer-limit",
    type: "int",
    meaning:
      "not attached: when the command ended well and its layer has at most so many bytes, it goes out as tar on descriptor 7, and the event `layer` says that it is whole; `large` says that it has more",
  },
  clampField,
  {
    name: "seal",
    type: "bool",
    meaning:
      "when the command has ended nobody can write to the root any more; it is an error when another process has a file of it open for that",
  },
  {
    name: "root-read-only",
    type: "bool",
    meaning: "no writes to the root; mounts in it may take some",
  },
  {
    name: "attach",
    type: "bool",
    meaning:
      "descriptors 1 and 2 may be anything, and stay as they are; descriptor 7 brings signals for the command, a byte each",
  },
  { name: "input", type: "bool", meaning: "attach: the command reads descriptor 0" },
  {
    name: "terminal",
    type: "bool",
    meaning: "attach: the command gets a terminal, joined to descriptors 0 and 1",
  },
  { name: "init", type: "bool", meaning: "process 1 is one that reaps and hands signals on" },
  ...group(
    {
      name: "mount",
      type: "word",
      words: ["bind", "cache", "tmpfs", "file", "socket", "host", "device"],
      meaning: "a mount, in order",
    },
    runMountFields,
  ),
  ...group({ name: "rlimit", type: "text", max: 32, meaning: "a resource limit, by name" }, [
    { name: "rlimit-soft", type: "int", meaning: "soft limit; -1 = none" },
    { name: "rlimit-hard", type: "int", meaning: "hard limit; -1 = none" },
  ]),
  {
    name: "cgroup",
    type: "path",
    repeatable: true,
    meaning: "a control group that the command joins (one, or one for each old hierarchy)",
  },
];

/** Who owns what is made. */
const ownerFields: readonly FieldRow[] = [
  { name: "owner", type: "word", words: ["keep", "ids", "spec"], meaning: "who owns what is made" },
  { name: "owner-uid", type: "int", meaning: "ids: user" },
  { name: "owner-gid", type: "int", meaning: "ids: group" },
  { name: "owner-spec", type: "text", meaning: "spec: user[:group], looked up in the root" },
  {
    name: "made-time",
    type: "int",
    meaning: "mtime of directories that had to be made, in seconds",
  },
];

/** Directories of the store. */
const placeFields: readonly FieldRow[] = [
  {
    name: "place",
    type: "word",
    words: ["snapshots", "cache-mounts"],
    meaning: "where the directories are (default: snapshots)",
  },
  { name: "id", type: "id", repeatable: true, meaning: "a directory" },
];

/** All verbs. Order is the order of the documentation. */
export const verbs: readonly VerbRow[] = [
  {
    verb: "probe",
    summary: "Says what this machine offers.",
    fields: commonFields,
  },
  {
    verb: "serve",
    summary:
      "Starts helpers for the verb `run`, as ordered on descriptor 0 in frames (native/wire.h): `s` ID NETWORK USER REQUEST starts one, `k` ID SIGNAL sends it a signal. Frames on descriptor 1, each with the helper's ID, bring what it writes: `o` and `x` (descriptors 1 and 2), `e` (events), `l` (its layer), `s` when all of that has ended, and `c` with its wait status. NETWORK and USER are numbers of descriptors of the caller; 0: none.",
    fields: commonFields,
  },
  {
    verb: "hold",
    summary:
      "Keeps a user namespace, and a connected network namespace if asked for one, for others to join. Says `ready` with its pid.",
    fields: [
      ...commonFields,
      {
        name: "network-program",
        type: "path",
        meaning: "makes a network namespace that this program connects: pasta or slirp4netns",
      },
    ],
  },
  {
    verb: "run",
    summary: "Runs a command in a root, isolated, and tells how it ended.",
    fields: [...commonFields, ...runFields],
  },
  {
    verb: "digest",
    summary:
      "A session that answers questions about a tree. Questions come on descriptor 0, answers go out on 1, in order.",
    fields: [...fileFields, ...rootFields("root", "the tree")],
  },
  {
    verb: "copy",
    summary: "Carries out copy orders, which come on descriptor 0.",
    fields: [
      ...fileFields,
      ...rootFields("source", "where entries come from"),
      ...rootFields("root", "where they go"),
      ...ownerFields,
      { name: "unprivileged", type: "bool", meaning: "owners and device nodes are not recreated" },
      { name: "replace", type: "bool", meaning: "an entry takes the place of one of another type" },
      {
        name: "layer",
        type: "bool",
        meaning: "change nothing; write what would be changed as tar on descriptor 1",
      },
      clampField,
      oneTimeField,
    ],
  },
  {
    verb: "apply",
    summary: "Makes the entries of an archive, which come on descriptor 0.",
    fields: [
      ...fileFields,
      ...rootFields("root", "where they go"),
      ...rootFields("source", "layer: the layers below, for hard links into them"),
      { name: "path", type: "text", meaning: "directory below the root, made when missing" },
      { name: "mode", type: "word", words: ["layer", "archive"], meaning: "what whiteouts mean" },
      ...ownerFields,
    ],
  },
  {
    verb: "diff",
    summary: "Writes what a layer directory changes, or a whole tree, as tar on descriptor 1.",
    fields: [
      ...fileFields,
      ...rootFields("root", "the tree"),
      ...rootFields("source", "changes: the tree that it is compared with; none: all is new"),
      {
        name: "mode",
        type: "word",
        words: ["layer", "changes", "tree"],
        meaning:
          "what the upper directory changes, what makes another tree of this one, or everything",
      },
      { name: "directory", type: "text", meaning: "tree: the archive's directory for everything" },
      clampField,
      oneTimeField,
    ],
  },
  {
    verb: "inherit",
    summary: "Gives directories, named on descriptor 0, the metadata of those that they cover.",
    fields: [
      ...fileFields,
      ...rootFields("root", "the layer directory"),
      ...rootFields("source", "the layers below"),
    ],
  },
  {
    verb: "remove",
    summary: "Removes directories of the store with everything in them.",
    fields: [...fileFields, ...placeFields],
  },
  {
    verb: "usage",
    summary:
      "Says what directories of the store take on the disk, as du counts it: an event `usage` for each that is there and, for `all`, one `rest`.",
    fields: [
      ...fileFields,
      ...placeFields,
      { name: "all", type: "bool", meaning: "every directory of the place" },
    ],
  },
  {
    verb: "sync",
    summary: "Makes everything written into the store so far survive a loss of power.",
    fields: fileFields,
  },
];

/** The row of a verb; a verb that does not exist is a bug in the caller. */
export function verbRow(verb: string): VerbRow {
  const row = verbs.find((candidate) => candidate.verb === verb);
  if (row === undefined) throw new TypeError(`no such verb: ${verb}`);
  return row;
}

/** What the rows of every verb are made of. */
export { commonFields, group, rootFields };
