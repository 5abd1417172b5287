// SPDX-License-Identifier: Apache-2.0
// COPY: owners, modes, times, attributes and special files.

import type { CaseGroup, ContextSpec } from "../case.js";

const tree: ContextSpec = {
  f: { file: "f\n", mode: 0o640, uid: 1000, gid: 1000 },
  "d/g": { file: "g\n", mode: 0o755, uid: 1000, gid: 1001 },
  "d/s/h": "h\n",
  x: { file: "x\n", mode: 0o4755 },
};
const onlyRoot = "only root can give the context's files other owners or attributes";

export const copyMetadata: CaseGroup = {
  name: "copy-metadata",
  cases: [
    {
      name: "files of a context belong to root",
      dockerfile: "FROM scratch\nCOPY . /\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah clears the bits that give privileges from what a context brings",
        },
      ],
    },
    {
      name: "USER does not own what COPY writes",
      dockerfile: "FROM busybox\nUSER daemon\nCOPY f /n/f\n",
      context: tree,
    },
    {
      name: "modes and times come along",
      dockerfile: "FROM scratch\nCOPY m /m/\n",
      context: {
        "m/a": { file: "a", mode: 0o400, mtime: 1_111_111_111 },
        "m/b": { file: "b", mode: 0o777, mtime: 315_532_801 },
        "m/c": { dir: true, mode: 0o750, mtime: 1_222_222_222 },
      },
    },
    {
      name: "setuid, setgid and sticky bits come along",
      dockerfile: "FROM scratch\nCOPY m /m/\n",
      context: {
        "m/u": { file: "", mode: 0o4755 },
        "m/g": { file: "", mode: 0o2755 },
        "m/t": { dir: true, mode: 0o1777 },
        "m/sg": { dir: true, mode: 0o2775 },
      },
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah clears the bits that give privileges from what a context brings",
        },
      ],
    },
    {
      name: "a mode without any permission",
      dockerfile: "FROM scratch\nCOPY z /z\n",
      context: { z: { file: "z", mode: 0 } },
      rootOnly: "an ordinary user cannot read such a file",
    },
    {
      name: "chown by numbers",
      dockerfile: "FROM scratch\nCOPY --chown=11:22 f d /o/\n",
      context: tree,
    },
    {
      name: "chown by the largest numbers",
      dockerfile:
        "FROM busybox\nCOPY --chown=4294967294:2147483648 f /f\nCOPY --chown=3000000000:mail f /g\n",
      context: tree,
      rootOnly: "an ordinary user has no such ids",
    },
    {
      name: "chown and chmod of a variable without a value",
      dockerfile:
        "FROM scratch AS s\nCOPY --chown=11:22 f /f\nFROM scratch\nARG o\nCOPY --chown=$o --chmod=$o f /a\nCOPY --from=s --chown=$o --chmod=$o /f /b\n",
      context: tree,
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah refuses a flag whose value is blank" },
      ],
    },
    {
      name: "chown by one number gives the group the same",
      dockerfile: "FROM scratch\nCOPY --chown=11 f /o/\n",
      context: tree,
    },
    {
      name: "chown by names of the image",
      dockerfile:
        "FROM made-users\nCOPY --chown=app:extra f /o/\nCOPY --chown=app f /p/\nCOPY --chown=other:wheel d /q/\n",
      images: ["made-users"],
      context: tree,
    },
    {
      name: "chown by a name and a number",
      dockerfile: "FROM made-users\nCOPY --chown=app:77 f /o/\nCOPY --chown=55:app f /p/\n",
      images: ["made-users"],
      context: tree,
    },
    {
      name: "chown with a group that is blank",
      dockerfile:
        "FROM made-users\nARG G\nCOPY --chown=app:$G f /o/\nCOPY --chown=55:$G f /p/\nCOPY --chown=: f /q/\n",
      images: ["made-users"],
      context: tree,
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah refuses an owner that is blank" }],
    },
    {
      name: "chown of a group alone",
      dockerfile: "FROM made-users\nCOPY --chown=:app f /o/\n",
      images: ["made-users"],
      context: tree,
    },
    {
      name: "chown by an unknown name is an error",
      dockerfile: "FROM busybox\nCOPY --chown=nosuch f /o\n",
      context: tree,
      fails: "SANDBOX_USER",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit silently takes root for a name that it does not find, against its documentation",
        },
      ],
    },
    {
      name: "chown by an unknown group is an error",
      dockerfile: "FROM busybox\nCOPY --chown=root:nosuch f /o\n",
      context: tree,
      fails: "SANDBOX_USER",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit silently takes root for a name that it does not find, against its documentation",
        },
      ],
    },
    {
      name: "chown of names without a passwd file",
      dockerfile: "FROM scratch\nCOPY --chown=app f /o\n",
      context: tree,
      fails: "SANDBOX_USER",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit silently takes root for a name that it does not find, against its documentation",
        },
      ],
    },
    {
      name: "chown of root without a passwd file",
      dockerfile: "FROM scratch\nCOPY --chown=root:root f /o\n",
      context: tree,
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah needs a user database for any name" },
      ],
    },
    {
      name: "chown with variables",
      dockerfile: "FROM scratch\nARG U=5\nENV G=6\nCOPY --chown=$U:${G} f /o/\n",
      context: tree,
    },
    {
      name: "chown owns parents that it makes, not those that are there",
      dockerfile: "FROM busybox\nCOPY --chown=3:4 f /etc/n/m/f\n",
      context: tree,
    },
    {
      name: "chown leaves an existing destination directory alone",
      dockerfile: "FROM busybox\nRUN mkdir -p /d/s && chown 9:9 /d /d/s\nCOPY --chown=3:4 d /d\n",
      context: tree,
    },
    {
      name: "chmod in octal",
      dockerfile:
        "FROM scratch\nCOPY --chmod=640 f d /o/\nCOPY --chmod=0755 f /p\nCOPY --chmod=4711 f /q\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "chmod with set-uid and sticky bits, which directories on the way do not get",
      dockerfile:
        "FROM scratch\nCOPY --chmod=4755 f /n/m/\nCOPY --chmod=1755 d /o/m\nCOPY --chmod=2755 f d /p/q/\n",
      context: tree,
    },
    {
      name: "chmod of nothing at all",
      dockerfile: "FROM scratch\nCOPY --chmod=0 f /o\nCOPY --chmod=000 d /p/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "chmod by symbols",
      dockerfile:
        "FROM scratch\nCOPY --chmod=u=rwX,go=rX f d /o/\nCOPY --chmod=a+x f /p\nCOPY --chmod=g=u,o-r f /q\nCOPY --chmod=+x f /r\n",
      context: tree,
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah knows no symbolic modes" }],
    },
    {
      name: "chmod by special symbols",
      dockerfile:
        "FROM scratch\nCOPY --chmod=u+s,g+s f /p\nCOPY --chmod=+t d /q/\nCOPY --chmod=u-s x /x\nCOPY --chmod=u=rw,g=,o= f /y\n",
      context: tree,
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah knows no symbolic modes" }],
    },
    {
      name: "chmod makes parents of the same mode",
      dockerfile: "FROM scratch\nCOPY --chmod=700 f /a/b/f\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "chmod with a variable",
      dockerfile: "FROM scratch\nARG M=750\nCOPY --chmod=$M f /o\n",
      context: tree,
    },
    {
      name: "chmod of a tree with a link",
      dockerfile: "FROM scratch\nCOPY --chmod=700 l /l/\n",
      context: { "l/f": "f", "l/s": { symlink: "f" } },
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "chmod that is too large is an error",
      dockerfile: "FROM scratch\nCOPY --chmod=10000 f /o\n",
      context: tree,
      fails: "DOCKERFILE_VALUE",
    },
    {
      name: "chmod that is no number is an error",
      dockerfile: "FROM scratch\nCOPY --chmod=64a f /o\n",
      context: tree,
      fails: "DOCKERFILE_VALUE",
    },
    {
      name: "chown and chmod together",
      dockerfile: "FROM scratch\nCOPY --chown=1:2 --chmod=601 d /o/n/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason:
            "Buildah gives the mode of --chmod to files only, not to the directories that it makes",
        },
      ],
    },
    {
      name: "owners of a stage are kept, the top directory's are not",
      dockerfile: "FROM made-tree AS s\nFROM scratch\nCOPY --from=s /d /to\n",
      images: ["made-tree"],
    },
    {
      name: "a single file of a stage keeps its owner",
      dockerfile:
        "FROM made-tree AS s\nFROM scratch\nCOPY --from=s /owned /to/\nCOPY --from=s /d/one /one\n",
      images: ["made-tree"],
    },
    {
      name: "chown over the owners of a stage",
      dockerfile: "FROM made-tree AS s\nFROM scratch\nCOPY --from=s --chown=1:1 /d /to\n",
      images: ["made-tree"],
    },
    {
      name: "special bits and files of a stage",
      dockerfile:
        "FROM made-tree AS s\nFROM scratch\nCOPY --from=s /suid /sgid /sticky /a/\nCOPY --from=s /fifo /a/fifo\n",
      images: ["made-tree"],
      differs: [
        {
          peer: "buildah",
          what: ["entries/a/fifo*"],
          reason: "Buildah takes the destination of a special file for a directory",
        },
      ],
    },
    {
      name: "directories with special bits inside a copied tree",
      dockerfile:
        "FROM made-tree AS s\nRUN mkdir /all && cp -a /sgid /sticky /suid /fifo /all/\nFROM scratch\nCOPY --from=s /all /all\n",
      images: ["made-tree"],
    },
    {
      name: "hard links stay one file",
      dockerfile: "FROM scratch\nCOPY h /h/\n",
      context: { "h/a": "one", "h/b": { hardlink: "h/a" }, "h/c/d": { hardlink: "h/a" } },
    },
    {
      name: "hard links of a stage stay one file",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /h && echo x > /h/a && ln /h/a /h/b && ln /h/a /outside\nFROM scratch\nCOPY --from=s /h /h\nCOPY --from=s /outside /o\n",
    },
    {
      name: "a fifo in the context",
      dockerfile: "FROM scratch\nCOPY p /p/\n",
      context: { "p/fifo": { fifo: true, mode: 0o620 }, "p/f": "f" },
    },
    {
      name: "user attributes are kept",
      dockerfile: "FROM scratch\nCOPY a /a/\n",
      context: { "a/f": { file: "f", xattrs: { "user.note": "hello" } } },
      differs: [
        {
          peer: "buildkit",
          what: ["entries/a/f"],
          reason: "BuildKit keeps only file capabilities",
        },
      ],
    },
    {
      name: "file capabilities are kept",
      dockerfile: "FROM scratch\nCOPY c /c/\n",
      context: {
        "c/ping": {
          file: "p",
          mode: 0o755,
          xattrs: { "security.capability": "0x0100000200200000000000000000000000000000" },
        },
      },
      rootOnly: onlyRoot,
      differs: [
        {
          peer: "buildkit",
          what: ["entries/c/ping"],
          reason: "BuildKit loses them on the way from the client",
        },
      ],
    },
    {
      name: "file capabilities made in a stage are kept",
      dockerfile: "FROM scratch AS s\nADD caps.tar /\nFROM scratch\nCOPY --from=s /ping /ping\n",
      context: {
        "caps.tar": {
          archive: [
            {
              name: "ping",
              file: "p",
              mode: 0o755,
              pax: {
                "SCHILY.xattr.security.capability":
                  "\u0001\0\0\u0002\0 \0\0\0\0\0\0\0\0\0\0\0\0\0\0",
              },
            },
          ],
        },
      },
    },
    {
      name: "many owners in one image",
      dockerfile:
        "FROM busybox\nRUN touch /a /b /c && chown 1:2 /a && chown 65534:65534 /b && chown daemon:mail /c && mkdir -p /o/p && chown 33 /o/p\n",
    },
    {
      name: "an empty file and a larger one",
      dockerfile: "FROM scratch\nCOPY e big /d/\n",
      context: { e: "", big: "0123456789abcdef".repeat(20_000) },
    },
  ],
};
