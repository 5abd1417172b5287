// SPDX-License-Identifier: Apache-2.0
// COPY: symbolic links among the sources, and on the way to the destination.

import type { CaseGroup, ContextSpec } from "../case.js";

const tree: ContextSpec = {
  "real/f": "f\n",
  "real/in/g": "g\n",
  file: "file\n",
  "to-file": { symlink: "file" },
  "to-dir": { symlink: "real" },
  "to-abs": { symlink: "/real" },
  "to-abs-file": { symlink: "/real/f" },
  dangling: { symlink: "nowhere" },
  escape: { symlink: "../../../../etc/hostname" },
  chain: { symlink: "chain2" },
  chain2: { symlink: "to-file" },
  loop: { symlink: "loop" },
  "tree/a": "a\n",
  "tree/rel": { symlink: "a" },
  "tree/abs": { symlink: "/tree/a" },
  "tree/dangling": { symlink: "no" },
  "tree/up": { symlink: "../../../x" },
  "tree/dir": { symlink: "../real" },
};

export const copySymlinks: CaseGroup = {
  name: "copy-symlinks",
  cases: [
    {
      name: "a named link to a file is followed",
      dockerfile: "FROM scratch\nCOPY to-file /x\nCOPY to-file /d/\n",
      context: tree,
    },
    {
      name: "a chain of links is followed",
      dockerfile: "FROM scratch\nCOPY chain /x\n",
      context: tree,
    },
    {
      name: "a named link to a directory gives its contents",
      dockerfile: "FROM scratch\nCOPY to-dir /d\n",
      context: tree,
    },
    {
      name: "an absolute link is taken inside the context",
      dockerfile: "FROM scratch\nCOPY to-abs /d\nCOPY to-abs-file /f\n",
      context: tree,
    },
    {
      name: "a link in the middle of a source",
      dockerfile: "FROM scratch\nCOPY to-dir/in/g to-abs/f /d/\n",
      context: tree,
    },
    {
      name: "links matched by a wildcard are followed",
      dockerfile: "FROM scratch\nCOPY to-f* /d/\n",
      context: tree,
    },
    {
      name: "a wildcard below a link",
      dockerfile: "FROM scratch\nCOPY to-dir/* /d/\n",
      context: tree,
    },
    {
      name: "links inside a copied tree stay links",
      dockerfile: "FROM scratch\nCOPY tree /t\n",
      context: tree,
    },
    {
      name: "a dangling source is not found",
      dockerfile: "FROM scratch\nCOPY dangling /x\n",
      context: tree,
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a dangling link that a wildcard finds is not found",
      dockerfile: "FROM scratch\nCOPY dangl* file /x/\n",
      context: tree,
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a link out of the context is clamped to it, and not found",
      dockerfile: "FROM scratch\nCOPY escape /x\n",
      context: tree,
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a link out of the context is clamped to it, and found there",
      dockerfile: "FROM scratch\nCOPY escape /x\n",
      context: { escape: { symlink: "../../../../etc/hostname" }, "etc/hostname": "inside\n" },
    },
    {
      name: "a link that loops is an error",
      dockerfile: "FROM scratch\nCOPY loop /x\n",
      context: tree,
      fails: "SANDBOX_SYSTEM",
    },
    {
      name: "a link to the parent of the context",
      dockerfile: "FROM scratch\nCOPY p/k /x\n",
      context: { p: { symlink: ".." }, k: "k" },
    },
    {
      name: "the destination's parent is an absolute link",
      dockerfile: "FROM made-tree\nCOPY file /link-dir/new\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "the destination is a link to a directory, with slash",
      dockerfile: "FROM made-tree\nCOPY file /link-dir/\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "the destination is a link to a directory, without slash",
      dockerfile: "FROM made-tree\nCOPY file /link-dir\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "a directory's contents through a relative link",
      dockerfile: "FROM made-tree\nCOPY real /link-rel\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "the destination is a link to a file: what it points to is replaced",
      dockerfile: "FROM made-tree\nCOPY file /link-file\n",
      images: ["made-tree"],
      context: tree,
      differs: [
        { peer: "buildah", what: ["entries/*"], reason: "Buildah replaces the link itself" },
      ],
    },
    {
      name: "a dangling destination with slash is made inside the root",
      dockerfile: "FROM made-tree\nCOPY file /dangling/\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "a dangling destination without slash",
      dockerfile: "FROM made-tree\nCOPY file /dangling\n",
      images: ["made-tree"],
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah makes a directory of the place that the link points to",
        },
      ],
    },
    {
      name: "a destination link with dots stays inside the root",
      dockerfile: "FROM made-tree\nCOPY file /out/x\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "a destination below a link, with parents to make",
      dockerfile: "FROM made-tree\nCOPY file /link-dir/p/q/r\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "dots after a link are cleaned before it is followed",
      dockerfile: "FROM made-tree\nCOPY file /link-rel/../x\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "an existing hard link is broken, not written through",
      dockerfile: "FROM made-tree\nCOPY file /hard-a\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "a nested directory on the name of a link to a directory",
      dockerfile: "FROM made-tree\nCOPY o /\n",
      images: ["made-tree"],
      context: { "o/link-dir/new": "n" },
      fails: "SANDBOX_COPY_CONFLICT",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah replaces whatever is there" }],
    },
    {
      name: "a chain of destination links",
      dockerfile:
        "FROM busybox\nRUN mkdir /real && ln -s /real /one && ln -s one /two\nCOPY file /two/x\n",
      context: tree,
    },
    {
      name: "a destination below the link /var/run of a distribution",
      dockerfile: "FROM busybox\nRUN mkdir /run && ln -s /run /var/run\nCOPY file /var/run/app/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah mounts something below /run while a step runs",
        },
      ],
    },
    {
      name: "a working directory that is a link",
      dockerfile: "FROM made-tree\nWORKDIR /link-dir\nCOPY file .\nRUN pwd > /pwd\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "a link loop in the destination is an error",
      dockerfile: "FROM busybox\nRUN ln -s loop /loop\nCOPY file /loop/x\n",
      context: tree,
      fails: "SANDBOX_SYSTEM",
    },
    {
      name: "links of a stage are followed inside that stage",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /q && echo q > /q/f && ln -s /q /l && ln -s /q/f /lf\nFROM scratch\nCOPY --from=s /l /d/\nCOPY --from=s /lf /f\nCOPY --from=s /l/f /g\n",
    },
    {
      name: "a link of a stage to a path of the host is not followed there",
      dockerfile:
        "FROM busybox AS s\nRUN ln -s /etc/machine-id /l\nFROM scratch\nCOPY --from=s /l /f\n",
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
  ],
};
