// SPDX-License-Identifier: Apache-2.0
// ADD: archives that are unpacked, and files that only look like archives.

import type { ArchiveMember, CaseGroup, ConformanceCase } from "../case.js";

const members: readonly ArchiveMember[] = [
  { name: "a/", dir: true, mode: 0o750, uid: 5, gid: 6, mtime: 1_050_000_000 },
  { name: "a/f", file: "f\n", mode: 0o600, uid: 7, gid: 8, mtime: 1_060_000_000 },
  { name: "a/s", symlink: "f" },
  { name: "a/h", link: "a/f", mode: 0o600, uid: 7, gid: 8, mtime: 1_060_000_000 },
  { name: "top", file: "top\n" },
];

const linkReason =
  "a hard link is one more name here; the peers give the file what the link says of itself";

function compressed(compress: "gzip" | "bzip2" | "xz" | "zstd"): ConformanceCase {
  return {
    name: `${compress} is recognised by its content`,
    dockerfile: "FROM scratch\nADD data /x/\n",
    context: { data: { archive: members, compress } },
  };
}

/** An archive over what a RUN made. */
function onto(
  name: string,
  made: string,
  archive: readonly ArchiveMember[],
  rest: Partial<ConformanceCase> = {},
): ConformanceCase {
  return {
    name,
    dockerfile: `FROM busybox\nRUN mkdir /t && cd /t && ${made}\nADD a.tar /t\n`,
    context: { "a.tar": { archive } },
    ...rest,
  };
}

export const addArchives: CaseGroup = {
  name: "add-archives",
  cases: [
    {
      name: "a plain archive",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: { "a.tar": { archive: members } },
    },
    compressed("gzip"),
    compressed("bzip2"),
    compressed("xz"),
    compressed("zstd"),
    {
      name: "the destination is a directory even without slash",
      dockerfile: "FROM scratch\nADD a.tar /new/dir\n",
      context: { "a.tar": { archive: members } },
    },
    {
      name: "a destination that is relative",
      dockerfile: "FROM scratch\nWORKDIR /w\nADD a.tar .\n",
      context: { "a.tar": { archive: members } },
    },
    {
      name: "chown is over the archive's owners",
      dockerfile: "FROM scratch\nADD --chown=1:2 a.tar /x/\n",
      context: { "a.tar": { archive: members } },
      differs: [
        { peer: "buildah", what: ["entries/*"], reason: "Buildah keeps the owners of the archive" },
      ],
    },
    {
      name: "chmod is not for what is unpacked",
      dockerfile: "FROM scratch\nADD --chmod=700 a.tar /x/\n",
      context: { "a.tar": { archive: members } },
    },
    {
      name: "wildcards unpack every match",
      dockerfile: "FROM scratch\nADD *.tar /x/\n",
      context: {
        "1.tar": { archive: [{ name: "one", file: "1" }] },
        "2.tar": { archive: [{ name: "two", file: "2" }] },
      },
    },
    {
      name: "an archive and a file together",
      dockerfile: "FROM scratch\nADD a.tar f /x/\n",
      context: { "a.tar": { archive: members }, f: "f" },
    },
    {
      name: "an archive in a directory stays an archive",
      dockerfile: "FROM scratch\nADD d /x/\n",
      context: { "d/a.tar": { archive: [{ name: "in", file: "in" }] } },
    },
    {
      name: "COPY leaves archives alone",
      dockerfile: "FROM scratch\nCOPY a.tar /x/\n",
      context: { "a.tar": { archive: members } },
    },
    {
      name: "unpack=false keeps the archive",
      dockerfile: "FROM scratch\nADD --unpack=false a.tar /x/\n",
      context: { "a.tar": { archive: members } },
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah does not have the flag" }],
    },
    {
      name: "an archive reached through a link",
      dockerfile: "FROM scratch\nADD l /x/\n",
      context: { "a.tar": { archive: members }, l: { symlink: "a.tar" } },
    },
    {
      name: "a file that is called an archive is copied",
      dockerfile: "FROM scratch\nADD a.tar b.tar.gz /x/\n",
      context: { "a.tar": "not an archive\n", "b.tar.gz": "neither\n" },
    },
    {
      name: "a compressed file that is no archive is copied",
      dockerfile: "FROM scratch\nADD t.gz /x/\n",
      context: {
        "t.gz": {
          file: Buffer.from(
            "1f8b0800000000000003cb48cdc9c95728cf2fca49e10200d16d61ce0c000000",
            "hex",
          ),
        },
      },
    },
    {
      name: "an empty file is copied",
      dockerfile: "FROM scratch\nADD e.tar /x/\n",
      context: { "e.tar": "" },
    },
    {
      name: "an archive that is cut off is an error or a file",
      dockerfile: "FROM scratch\nADD cut.gz /x/\n",
      context: { "cut.gz": { file: Buffer.from("1f8b08000000000000034b4c", "hex") } },
    },
    {
      name: "implied parents are made",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: { "a.tar": { archive: [{ name: "p/q/r", file: "r", uid: 9, gid: 9 }] } },
    },
    {
      name: "names with dots and slashes in front",
      dockerfile: "FROM scratch\nADD a.tar /x\n",
      context: {
        "a.tar": {
          archive: [
            { name: "./one", file: "1" },
            { name: "/two", file: "2" },
            { name: "././three/", dir: true },
          ],
        },
      },
    },
    {
      name: "the root of the archive does not change the destination's owner",
      dockerfile: "FROM busybox\nADD a.tar /etc\n",
      context: {
        "a.tar": {
          archive: [
            { name: "./", dir: true, mode: 0o700, uid: 9, gid: 9 },
            { name: "n", file: "n" },
          ],
        },
      },
      differs: [
        {
          peer: "buildah",
          what: ["entries/etc"],
          reason: "Buildah gives the destination what the archive says of its root",
        },
      ],
    },
    {
      name: "a member twice: the last one counts",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: {
        "a.tar": {
          archive: [
            { name: "f", file: "old", mode: 0o600 },
            { name: "f", file: "new", mode: 0o644 },
          ],
        },
      },
    },
    {
      name: "special bits and a fifo",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: {
        "a.tar": {
          archive: [
            { name: "u", file: "", mode: 0o4755 },
            { name: "g/", dir: true, mode: 0o2775, gid: 50 },
            { name: "p", fifo: true, mode: 0o600 },
          ],
        },
      },
    },
    {
      name: "long names",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: {
        "a.tar": {
          archive: [
            { name: `${"d".repeat(150)}/${"f".repeat(150)}`, file: "x" },
            { name: "l", symlink: "t".repeat(200) },
          ],
        },
      },
    },
    {
      name: "large owners",
      dockerfile: "FROM scratch\nADD a.tar /\n",
      context: { "a.tar": { archive: [{ name: "f", file: "x", uid: 60_000, gid: 50_000 }] } },
    },
    {
      name: "a hard link to a file of the image",
      ...over([{ name: "h", link: "etc/passwd", mtime: 1_704_067_200 }], "/"),
      differs: [
        {
          peer: "buildkit",
          what: ["entries/h"],
          reason:
            "a link across layers: BuildKit brings the file a second time, here both names stay one file",
        },
      ],
    },
    {
      name: "a hard link with another mode than its file",
      ...over(
        [
          { name: "x/f", file: "f", mode: 0o600 },
          { name: "x/h", link: "x/f", mode: 0o755, uid: 9 },
        ],
        "/",
      ),
      differs: [
        { peer: "buildkit", what: ["entries/x/*"], reason: linkReason },
        { peer: "buildah", what: ["entries/x/*"], reason: linkReason },
      ],
    },
    {
      name: "entries through an absolute link of the image stay inside",
      dockerfile: "FROM busybox\nRUN mkdir /run && ln -s /run /var/run\nADD a.tar /\n",
      context: {
        "a.tar": {
          archive: [
            { name: "var/run/x/f", file: "f" },
            { name: "var/run/h", link: "var/run/x/f" },
          ],
        },
      },
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah mounts something below /run while a step runs",
        },
      ],
    },
    {
      name: "entries through a link of the archive stay inside",
      dockerfile: "FROM busybox\nADD a.tar /\n",
      context: {
        "a.tar": {
          archive: [
            { name: "l", symlink: "/etc" },
            { name: "l/new", file: "n" },
          ],
        },
      },
    },
    {
      name: "an absolute link of the archive means the destination's root",
      dockerfile: "FROM busybox\nADD a.tar /x/\n",
      context: {
        "a.tar": {
          archive: [
            { name: "l", symlink: "/etc" },
            { name: "l/new", file: "n" },
          ],
        },
      },
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah makes no directory that a link of the archive names",
        },
      ],
    },
    {
      name: "a link of the archive upwards does not leave the destination",
      dockerfile: "FROM busybox\nADD a.tar /x/\n",
      context: {
        "a.tar": {
          archive: [
            { name: "l", symlink: "../.." },
            { name: "l/etc/new", file: "n" },
          ],
        },
      },
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit refuses such an archive; Docker's older builder unpacks it as it is here",
        },
      ],
    },
    onto("a directory over a file", "echo f > x", [
      { name: "x/", dir: true },
      { name: "x/n", file: "n" },
    ]),
    onto("a directory that is implied over a file", "echo f > x", [{ name: "x/n", file: "n" }], {
      fails: "SANDBOX_SYSTEM",
    }),
    onto("a file over a directory", "mkdir x && echo o > x/o", [{ name: "x", file: "n" }]),
    onto("a file over an empty directory", "mkdir x", [{ name: "x", file: "n" }]),
    onto("a directory over a link to a directory", "mkdir r && ln -s r x", [
      { name: "x/", dir: true },
      { name: "x/n", file: "n" },
    ]),
    onto("a link over a directory with files", "mkdir x && echo o > x/o", [
      { name: "x", symlink: "r" },
    ]),
    onto(
      "a directory over a directory takes owner and mode of the archive",
      "mkdir -m 700 x && echo o > x/o",
      [
        { name: "x/", dir: true, mode: 0o755, uid: 3, gid: 4 },
        { name: "x/n", file: "n" },
      ],
    ),
    onto("a file over a link does not write through it", "echo t > t && ln -s t x", [
      { name: "x", file: "n" },
    ]),
    onto("a file over a file", "echo o > x && chmod 600 x", [
      { name: "x", file: "n", mode: 0o644 },
    ]),
    {
      name: "a name that leaves the destination is refused",
      dockerfile: "FROM busybox\nADD a.tar /x/\n",
      context: { "a.tar": { archive: [{ name: "../../evil", file: "e" }] } },
      fails: "LAYER_ENTRY",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit puts it inside the destination; such an archive is an attack or a mistake",
        },
        {
          peer: "buildah",
          what: ["*"],
          reason:
            "Buildah puts it inside the destination; such an archive is an attack or a mistake",
        },
      ],
    },
  ],
};

function over(
  archive: readonly ArchiveMember[],
  destination: string,
): Omit<ConformanceCase, "name"> {
  return {
    dockerfile: `FROM busybox\nADD a.tar ${destination}\n`,
    context: { "a.tar": { archive } },
  };
}
