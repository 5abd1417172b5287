// SPDX-License-Identifier: Apache-2.0
// COPY --link, --parents, --exclude, --from.

import type { CaseGroup, ContextSpec } from "../case.js";

const tree: ContextSpec = {
  "app/main.js": "main\n",
  "app/README.md": "app readme\n",
  "app/storage/views/v": "v\n",
  "app/storage/keep": "k\n",
  "app/node_modules/m/i.js": "i\n",
  "other/app/x": "x\n",
  "README.md": "readme\n",
  "notes.md": "notes\n",
  "home.txt": "h\n",
  "hom.txt": "h\n",
};
const noParents = "COPY --parents needs the labs channel of this BuildKit";

export const copyFlags: CaseGroup = {
  name: "copy-flags",
  cases: [
    {
      name: "link: a file and a directory",
      dockerfile: "FROM busybox\nCOPY --link app /a\nCOPY --link README.md /r/\n",
      context: tree,
    },
    {
      name: "link: relative to the working directory",
      dockerfile: "FROM busybox\nWORKDIR /w/x\nCOPY --link app sub/\nCOPY --link README.md ../up\n",
      context: tree,
    },
    {
      name: "link: an existing directory takes new owner and mode",
      dockerfile: "FROM busybox\nRUN mkdir -m 700 /a && chown 5:5 /a\nCOPY --link README.md /a/\n",
      context: tree,
    },
    {
      name: "link: a destination link is replaced, not followed",
      dockerfile: "FROM made-tree\nCOPY --link README.md /link-dir/\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "link: chown by numbers",
      dockerfile: "FROM busybox\nCOPY --link --chown=7:8 app /a/\n",
      context: tree,
    },
    {
      name: "link: chown by names of the image",
      dockerfile: "FROM busybox\nCOPY --link --chown=daemon:mail README.md /a/\n",
      context: tree,
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason: "BuildKit cannot look names up for a layer of its own",
        },
      ],
    },
    {
      name: "link: from another stage",
      dockerfile: "FROM made-tree AS s\nFROM busybox\nCOPY --link --from=s /d /e\n",
      images: ["made-tree"],
    },
    {
      name: "link: with chmod, directories of the image stay as they are",
      dockerfile:
        "FROM busybox\nCOPY --link --chmod=644 README.md /etc/app.conf\nCOPY --link --chmod=600 README.md /tmp/\nCOPY --link --chmod=640 <<F /etc/here\nx\nF\n",
      context: tree,
    },
    {
      name: "link: with chmod",
      dockerfile: "FROM busybox\nCOPY --link --chmod=600 README.md /a/b\n",
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
      name: "link: switched off",
      dockerfile: "FROM made-tree\nCOPY --link=false README.md /link-dir/\n",
      images: ["made-tree"],
      context: tree,
    },
    {
      name: "link: ADD of an archive",
      dockerfile: "FROM busybox\nADD --link a.tar /x/\n",
      context: { "a.tar": { archive: [{ name: "in/f", file: "f", uid: 3, gid: 4 }] } },
    },
    {
      name: "parents: files keep their directories",
      dockerfile: "FROM scratch\nCOPY --parents app/main.js other/app/x /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: a directory keeps its name",
      dockerfile: "FROM scratch\nCOPY --parents app/storage /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: a pivot cuts what is before it",
      dockerfile: "FROM scratch\nCOPY --parents app/./storage/keep ./other/./app/x /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: wildcards at any depth",
      dockerfile: "FROM scratch\nCOPY --parents **/*.md /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: a double star in the middle",
      dockerfile: "FROM scratch\nCOPY --parents app/**/i.js /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: modes of parents come along",
      dockerfile: "FROM scratch\nCOPY --parents p/q/r /d/\n",
      context: {
        p: { dir: true, mode: 0o711 },
        "p/q": { dir: true, mode: 0o770 },
        "p/q/r": { file: "r", mode: 0o600 },
      },
      without: { buildkit: noParents },
    },
    {
      name: "parents: owner and mode are for parents too",
      dockerfile:
        "FROM busybox\nCOPY --parents --chmod=700 --chown=3:4 p/q/r /d/\nCOPY --parents --chmod=750 p/q/r /e/\n",
      context: { "p/q": { dir: true, mode: 0o770 }, "p/q/r": { file: "r", mode: 0o600 } },
      without: { buildkit: noParents },
      differs: [
        {
          peer: "buildah",
          what: ["entries/d", "entries/e"],
          reason: "Buildah makes destinations with 0755",
        },
      ],
    },
    {
      name: "parents: links that a wildcard finds stay links",
      dockerfile: "FROM scratch\nCOPY --parents l/* /d/\n",
      context: {
        "l/to-file": { symlink: "../app/i.js" },
        "l/to-dir": { symlink: "../app" },
        "l/to-nothing": { symlink: "nothing" },
        "app/i.js": "i",
      },
      without: { buildkit: noParents },
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah follows links; BuildKit picks from the tree",
        },
      ],
    },
    {
      name: "parents: a missing literal is an error",
      dockerfile: "FROM scratch\nCOPY --parents no/such /d/\n",
      context: tree,
      without: { buildkit: noParents },
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "parents: a wildcard without a match copies nothing",
      dockerfile: "FROM scratch\nCOPY --parents no*/such README.md /d/\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: the destination is made even when nothing matches",
      dockerfile: "FROM scratch\nCOPY --parents app/./no* /d/e\n",
      context: tree,
      without: { buildkit: noParents },
    },
    {
      name: "parents: wildcards on both sides of the pivot",
      dockerfile: "FROM scratch\nCOPY --parents */app/./x a*/./**/m/i.js /d/\n",
      context: tree,
      without: { buildkit: noParents },
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah cuts nothing before a pivot behind wildcards",
        },
      ],
    },
    {
      name: "parents: from a stage",
      dockerfile: "FROM made-tree AS s\nFROM scratch\nCOPY --parents --from=s /d/sub/two /d/\n",
      images: ["made-tree"],
      without: { buildkit: noParents },
    },
    {
      name: "exclude: by name and by wildcard",
      dockerfile: "FROM scratch\nCOPY --exclude=*.md --exclude=node_modules app /d/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah matches --exclude against the path from the root of the context",
        },
      ],
    },
    {
      name: "exclude: relative to each source directory",
      dockerfile: "FROM scratch\nCOPY --exclude=storage/views app/ /d/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah matches --exclude against the path from the root of the context",
        },
      ],
    },
    {
      name: "exclude: at any depth",
      dockerfile: "FROM scratch\nCOPY --exclude=**/*.js . /d/\n",
      context: tree,
    },
    {
      name: "exclude: an exception",
      dockerfile: "FROM scratch\nCOPY --exclude=storage --exclude=!storage/keep app /d/\n",
      context: tree,
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah matches --exclude against the path from the root of the context",
        },
      ],
    },
    {
      name: "exclude: of single files by wildcard",
      dockerfile: "FROM scratch\nCOPY --exclude=hom.* hom* /d/\n",
      context: tree,
      differs: [
        {
          peer: "buildkit",
          what: ["entries/d/hom.txt"],
          reason:
            "BuildKit filters only what is in directories, although its documentation shows this very example",
        },
      ],
    },
    {
      name: "exclude: everything",
      dockerfile: "FROM scratch\nCOPY --exclude=* app /d/\n",
      context: tree,
      differs: [{ peer: "buildah", what: ["*"], reason: "an error in Buildah" }],
    },
    {
      name: "exclude: a dollar sign begins no variable",
      dockerfile:
        "FROM scratch\nENV py= x=x\nCOPY --exclude=*$py.class --exclude=${x} --exclude='$x' d /d/\n",
      context: { "d/a$py.class": "a", "d/b.class": "b", "d/x": "x", "d/$x": "dollar" },
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah matches --exclude against the path from the root of the context",
        },
      ],
    },
    {
      name: "exclude: from a stage",
      dockerfile: "FROM made-tree AS s\nFROM scratch\nCOPY --from=s --exclude=sub /d /to/\n",
      images: ["made-tree"],
      differs: [
        {
          peer: "buildah",
          what: ["entries/*"],
          reason: "Buildah matches --exclude against the path from the root of the context",
        },
      ],
    },
    {
      name: "from: a stage by name in another case",
      dockerfile: "FROM busybox AS Build\nRUN echo x > /x\nFROM scratch\nCOPY --from=BUILD /x /x\n",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah minds case" }],
    },
    {
      name: "from: a stage by number",
      dockerfile:
        "FROM busybox\nRUN echo zero > /x\nFROM busybox\nRUN echo one > /x\nFROM scratch\nCOPY --from=1 /x /one\nCOPY --from=0 /x /zero\n",
    },
    {
      name: "from: a number out of range",
      dockerfile: "FROM busybox\nCOPY --from=7 /x /x\n",
      fails: "PLAN_UNKNOWN_STAGE",
    },
    {
      name: "from: a stage that comes later",
      dockerfile: "FROM scratch\nCOPY --from=later /x /x\nFROM busybox AS later\n",
      args: ["--target=0"],
      fails: "PLAN_FORWARD_REFERENCE",
    },
    {
      name: "from: itself",
      dockerfile: "FROM busybox AS me\nCOPY --from=me /x /x\n",
      fails: "PLAN_CIRCULAR",
    },
    {
      name: "from: an image that is no stage",
      dockerfile: "FROM scratch\nCOPY --from=made-tree /d/one /one\n",
      images: ["made-tree"],
    },
    {
      name: "from: a stage's name is before an image's",
      dockerfile:
        "FROM busybox AS made-alone\nRUN echo stage > /only\nFROM scratch\nCOPY --from=made-alone /only /only\n",
    },
    {
      name: "from: the root of the stage, not its working directory",
      dockerfile:
        "FROM busybox AS s\nWORKDIR /w\nRUN echo w > f && echo r > /f\nFROM scratch\nCOPY --from=s f /f\n",
    },
    {
      name: "from: a named directory",
      dockerfile: "FROM scratch\nCOPY --from=extra a/b /x/\n",
      beside: { "extra/a/b": { file: "b\n", mode: 0o600 } },
      args: ["--build-context=extra=extra"],
    },
    {
      name: "from: a named directory has its own ignore file",
      dockerfile: "FROM scratch\nCOPY --from=extra . /x/\n",
      beside: { "extra/a": "a", "extra/b": "b", "extra/.dockerignore": "a\n" },
      args: ["--build-context=extra=extra"],
    },
    {
      name: "from: variables are not expanded",
      dockerfile: "FROM busybox AS a\nFROM scratch\nARG S=a\nCOPY --from=$S /x /x\n",
      fails: "DOCKERFILE_FLAG",
    },
    {
      name: "from: the ignore file does not apply",
      dockerfile:
        "FROM busybox AS s\nRUN mkdir /s && echo > /s/a\nFROM scratch\nCOPY --from=s /s /s\n",
      context: { ".dockerignore": "**/a\n" },
    },
    {
      name: "an unknown flag",
      dockerfile: "FROM scratch\nCOPY --chmud=1 f /f\n",
      context: { f: "f" },
      fails: "DOCKERFILE_FLAG",
    },
    {
      name: "a repeated flag",
      dockerfile: "FROM scratch\nCOPY --chown=1 --chown=2 f /f\n",
      context: { f: "f" },
      fails: "DOCKERFILE_FLAG",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes the last one" }],
    },
  ],
};
