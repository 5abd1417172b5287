// SPDX-License-Identifier: Apache-2.0
// COPY: which paths sources mean, and what the destination is called.

import type { CaseGroup, ContextSpec } from "../case.js";

const tree: ContextSpec = {
  f: "f\n",
  g: { file: "g\n", mode: 0o600 },
  "sub/x/deep": "deep\n",
  "sub/y": "y\n",
  "sub/.hidden": "hidden\n",
  "dir/a.txt": "a\n",
  "dir/b.txt": "b\n",
  "dir/c.md": "c\n",
};

export const copyPaths: CaseGroup = {
  name: "copy-paths",
  cases: [
    { name: "a file to a new name", dockerfile: "FROM scratch\nCOPY f /a\n", context: tree },
    {
      name: "a file to a directory by trailing slash",
      dockerfile: "FROM scratch\nCOPY f /a/\n",
      context: tree,
    },
    {
      name: "a file to a directory that exists, without a slash",
      dockerfile: "FROM busybox\nRUN mkdir /a\nCOPY f /a\n",
      context: tree,
    },
    {
      name: "a file into missing parents",
      dockerfile: "FROM scratch\nCOPY f /a/b/c/d\n",
      context: tree,
    },
    {
      name: "a directory's contents, not the directory",
      dockerfile: "FROM scratch\nCOPY sub /d\n",
      context: tree,
    },
    {
      name: "a directory with a trailing slash is the same",
      dockerfile: "FROM scratch\nCOPY sub/ /d/\n",
      context: tree,
    },
    {
      name: "a directory written with a dot",
      dockerfile: "FROM scratch\nCOPY sub/. /d\n",
      context: tree,
    },
    {
      name: "the whole context to the root",
      dockerfile: "FROM scratch\nCOPY . /\n",
      context: tree,
    },
    {
      name: "the whole context written as a slash",
      dockerfile: "FROM scratch\nCOPY / /all/\n",
      context: tree,
    },
    {
      name: "wildcard matches of directories are flattened",
      dockerfile: "FROM scratch\nCOPY sub/* /d/\n",
      context: tree,
    },
    {
      name: "a star matches a leading dot",
      dockerfile: "FROM scratch\nCOPY sub/.* /d/\n",
      context: tree,
    },
    {
      name: "two wildcards",
      dockerfile: "FROM scratch\nCOPY dir/*.txt dir/?.md /d/\n",
      context: tree,
    },
    {
      name: "a class of characters",
      dockerfile: "FROM scratch\nCOPY dir/[ac].* /d/\n",
      context: tree,
    },
    {
      name: "a negated class of characters",
      dockerfile: "FROM scratch\nCOPY dir/[^a].* /d/\n",
      context: tree,
    },
    {
      name: "a double star is one directory deep",
      dockerfile: "FROM scratch\nCOPY **/*.txt /d/\n",
      context: { ...tree, "top.txt": "t", "dir/in/deep.txt": "deep" },
      differs: [
        {
          peer: "buildah",
          what: ["entries/d/*"],
          reason: "Buildah takes the double star for any depth",
        },
      ],
    },
    {
      name: "a wildcard in a directory's place",
      dockerfile: "FROM scratch\nCOPY */y /d/\n",
      context: tree,
    },
    {
      name: "escaped special characters",
      dockerfile: "FROM scratch\nCOPY arr[[]0].txt /d/\n",
      context: { "arr[0].txt": "x" },
    },
    {
      name: "a literal name with brackets that match nothing else",
      dockerfile: "FROM scratch\nCOPY [[]x] /d/\nCOPY a\\*b /e/\n",
      context: { "[x]": "x", "a*b": "star", aXb: "no" },
    },
    {
      name: "a missing source is an error",
      dockerfile: "FROM scratch\nCOPY nothing /d\n",
      context: tree,
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a wildcard without a match beside one with",
      dockerfile: "FROM scratch\nCOPY none* f /d/\n",
      context: tree,
    },
    {
      name: "a lone wildcard without a match copies nothing",
      dockerfile: "FROM scratch\nCOPY none* /d/\n",
      context: tree,
      differs: [
        { peer: "buildah", what: ["*"], reason: "an error in Buildah and the classic builder" },
      ],
    },
    {
      name: "a wildcard in a directory that is missing is an error",
      dockerfile: "FROM scratch\nCOPY nodir/* f /d/\n",
      context: tree,
      fails: "STEPS_SOURCE_NOT_FOUND",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah copies what the other sources name" },
      ],
    },
    {
      name: "dots in sources stay inside the context",
      dockerfile: "FROM scratch\nCOPY ../../f ./sub/../g /d/\n",
      context: tree,
    },
    {
      name: "a leading slash in sources is the context's root",
      dockerfile: "FROM scratch\nCOPY /sub/y /d/\n",
      context: tree,
    },
    {
      name: "a relative destination is below the working directory",
      dockerfile: "FROM scratch\nWORKDIR /w/o\nCOPY f r\nCOPY f ./s/\nCOPY f ../t\n",
      context: tree,
    },
    {
      name: "a dot as destination is the working directory",
      dockerfile: "FROM scratch\nWORKDIR /w\nCOPY f .\nCOPY sub .\n",
      context: tree,
    },
    {
      name: "an empty variable as destination is the working directory",
      dockerfile: "FROM scratch\nWORKDIR /w\nCOPY f $none\n",
      context: tree,
    },
    {
      name: "a destination with dots is cleaned",
      dockerfile: "FROM scratch\nCOPY f /x/../y/./z\nCOPY g /q/..\n",
      context: tree,
    },
    {
      name: "several sources to a directory",
      dockerfile: "FROM scratch\nCOPY f g sub /d/\n",
      context: tree,
    },
    {
      name: "several sources to a name without slash: the last wins",
      dockerfile: "FROM scratch\nCOPY f g /d\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah takes the destination of several sources for a directory",
        },
      ],
    },
    {
      name: "names with spaces in the JSON form",
      dockerfile: 'FROM scratch\nCOPY ["with space", "/to here/"]\n',
      context: { "with space": "s" },
    },
    {
      name: "quotes do not group words",
      dockerfile: 'FROM scratch\nCOPY "my file" /x/\n',
      context: { "my file": "s" },
      fails: "DOCKERFILE_EXPAND",
    },
    {
      name: "variables in sources and destination",
      dockerfile: "FROM scratch\nARG D=dir\nENV E=txt\nCOPY ${D}/a.$E /$D/${E%t}/\n",
      context: tree,
    },
    {
      name: "one word is too few",
      dockerfile: "FROM scratch\nCOPY f\n",
      context: tree,
      fails: "DOCKERFILE_ARGUMENTS",
    },
    {
      name: "a URL is refused",
      dockerfile: "FROM scratch\nCOPY http://127.0.0.1:1/x /x\n",
      fails: "PLAN_BAD_SOURCE",
    },
    {
      name: "the same file twice gives two layers",
      dockerfile: "FROM scratch\nCOPY f /f\nCOPY f /f\n",
      context: tree,
    },
    {
      name: "an empty directory",
      dockerfile: "FROM scratch\nCOPY e /e\nCOPY sub2 /s\n",
      context: { e: { dir: true, mode: 0o700 }, "sub2/e2": { dir: true, mode: 0o711 } },
    },
    {
      name: "a directory onto a file is an error",
      dockerfile: "FROM scratch\nCOPY f /x\nCOPY sub /x\n",
      context: tree,
      fails: "SANDBOX_COPY_CONFLICT",
    },
    {
      name: "a file onto a directory of the same final name",
      dockerfile: "FROM scratch\nCOPY sub /d/\nCOPY x /d/\n",
      context: { ...tree, x: "file\n" },
      fails: "SANDBOX_COPY_CONFLICT",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah replaces whatever is there" }],
    },
    {
      name: "a nested directory onto a file",
      dockerfile: "FROM scratch\nCOPY a /d/\nCOPY b /d/\n",
      context: { "a/x": "file", "b/x/y": "deep" },
      fails: "SANDBOX_COPY_CONFLICT",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah replaces whatever is there" }],
    },
    {
      name: "an existing file is replaced and others stay",
      dockerfile: "FROM scratch\nCOPY a /d/\nCOPY b /d/\n",
      context: {
        "a/x": { file: "old", mode: 0o600 },
        "a/y": "stays",
        "b/x": { file: "new", mode: 0o755 },
      },
    },
    {
      name: "existing nested directories take the source's mode, the top keeps its own",
      dockerfile: "FROM busybox\nRUN mkdir -p -m 700 /d/n && chmod 700 /d/n /d\nCOPY src /d\n",
      context: {
        src: { dir: true, mode: 0o777 },
        "src/n": { dir: true, mode: 0o755 },
        "src/n/f": "x",
      },
    },
    {
      name: "merging into directories of the base keeps what is there",
      dockerfile: "FROM busybox\nCOPY root /\n",
      context: { "root/etc/new": "n", "root/tmp/t": "t" },
    },
    {
      name: "a lower-case and an upper-case name are two",
      dockerfile: "FROM scratch\nCOPY A a /d/\n",
      context: { A: "upper", a: "lower" },
    },
    {
      name: "names that are not ASCII",
      dockerfile: "FROM scratch\nCOPY ünïcode/ /d/\nCOPY ünïcode/ä\u00a0b /e/ö\n",
      context: { "ünïcode/ä\u00a0b": "x", "ünïcode/日本": "y" },
    },
    {
      name: "a long path",
      dockerfile: "FROM scratch\nCOPY long /d/\n",
      context: {
        [`long/${"a".repeat(120)}/${"b".repeat(150)}/${"c".repeat(99)}`]: "x",
        [`long/l`]: { symlink: "t".repeat(150) },
      },
    },
    {
      name: "a file named like a whiteout cannot be represented",
      dockerfile: "FROM scratch\nCOPY d /d/\n",
      context: { "d/.wh.x": "x" },
      fails: "SANDBOX_WHITEOUT_NAME",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason: "such a file would mean a deletion in the layer, and BuildKit loses it",
        },
        {
          peer: "buildah",
          what: ["*"],
          reason: "such a file would mean a deletion in the layer, and Buildah loses it",
        },
      ],
    },
  ],
};
