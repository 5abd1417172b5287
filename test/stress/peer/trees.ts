// SPDX-License-Identifier: Apache-2.0
// Contexts with a bit of everything, and names of what may be in them.

import type { ArchiveMember, ContextNode, ContextSpec } from "../../conformance/case.js";
import type { Random } from "../../support/random.js";

/** What every context has, in part. The order matters: hard links name a path before them. */
const nodes: Readonly<Record<string, ContextNode>> = {
  a: "a\n",
  b: { file: "b\n", mode: 0o755 },
  "c.txt": { file: "c\n", mode: 0o4755 },
  ".hid": "hidden\n",
  "we ird": "weird\n",
  "[x]": "brackets\n",
  "st*r": "star\n",
  ü: "umlaut\n",
  "back\\slash": "bs\n",
  d: { dir: true, mode: 0o750 },
  "d/a": "d/a\n",
  "d/b.txt": { file: "", mode: 0o600 },
  "d/.h": "d/.h\n",
  "d/s": { dir: true, mode: 0o1777 },
  "d/s/a": "d/s/a\n",
  "d/s/t/u": "deep\n",
  "d/e": { dir: true },
  "d/up": { symlink: "../a" },
  "d/abs": { symlink: "/b" },
  "d/dirlink": { symlink: "s" },
  "e/a": "e/a\n",
  "e/s": "a file where d has a directory\n",
  "f/s/x": "f/s/x\n",
  "f/a": { symlink: "s" },
  empty: { dir: true, mode: 0o2775 },
  la: { symlink: "a" },
  ld: { symlink: "d" },
  labs: { symlink: "/d/s" },
  lup: { symlink: "../../d" },
  "g/dangling": { symlink: "nowhere" },
  "g/loop": { symlink: "loop" },
  chain: { symlink: "ld/dirlink" },
  hard: { hardlink: "a" },
  "d/hard": { hardlink: "d/a" },
  "x.tar": {
    archive: [
      { name: "tx", file: "tx\n", mode: 0o640, uid: 5, gid: 6 },
      { name: "td/", dir: true, mode: 0o700 },
      { name: "td/y", file: "y\n" },
    ],
  },
};

/** A context; `.dockerignore` is the caller's. */
export function randomContext(random: Random, all = random.chance(50)): ContextSpec {
  const chosen = Object.entries(nodes).filter(
    ([name]) => all || /^(?:a|b|d|d\/a|d\/s|d\/s\/a)$/.test(name) || random.chance(70),
  );
  const names = new Set(chosen.map(([name]) => name));
  const spec = Object.fromEntries(
    chosen
      .filter(
        ([, node]) => !(typeof node === "object" && "hardlink" in node) || names.has(node.hardlink),
      )
      .map(([name, node], i) => [name, sized(node, i)]),
  );
  return random.chance(25)
    ? { ...spec, "y.tgz": archive(random, "gzip"), "z.txz": archive(random, "xz") }
    : spec;
}

/** Content of a size of its own: BuildKit takes files of one size and time for the same. */
function sized(node: ContextNode, i: number): ContextNode {
  const padding = "x".repeat(i);
  if (typeof node === "string") return node + padding;
  return "file" in node && typeof node.file === "string"
    ? { ...node, file: node.file + padding }
    : node;
}

const memberNames = [
  "f",
  "d/",
  "d/x",
  "./",
  "./g",
  "d//y",
  "l",
  "l/z",
  "./d/./w",
  "h",
  "s",
  "e/f/g",
  "f/",
  "..x",
  "d",
] as const;

function archive(random: Random, compress: "gzip" | "xz"): ContextNode {
  const members: ArchiveMember[] = [{ name: "f", file: "first\n" }];
  for (let i = random.below(6); i > 0; i--) members.push(member(random, i));
  return { archive: members, compress };
}

function member(random: Random, i: number): ArchiveMember {
  const name = random.pick(memberNames);
  const owner = random.chance(50) ? { uid: random.below(3), gid: random.below(3) * 50 } : {};
  const mode = random.chance(50)
    ? { mode: random.pick([0o600, 0o755, 0o4711, 0o1777, 0o444]) }
    : {};
  if (name.endsWith("/")) return { name, dir: true, ...owner, ...mode };
  if (name === "l")
    return { name, symlink: random.pick(["d", "/d", "../a", "nowhere", "f"]), ...owner };
  // Builders disagree on whose owner and mode a link has.
  if (name === "h") return { name, link: "f" };
  return { name, file: `${name} ${"y".repeat(50 + i)}\n`, ...owner, ...mode };
}

const sources = [
  "a",
  "b",
  "d",
  "d/",
  "d/a",
  "d/s",
  "d/s/",
  "d/s/a",
  ".",
  "./",
  "e",
  "f",
  "empty",
  "ld",
  "ld/",
  "ld/a",
  "labs",
  "lup",
  "lup/a",
  "la",
  "chain",
  "chain/a",
  "hard",
  ".hid",
  "*",
  "[ab]",
  "d/*",
  "*/a",
  "*/s",
  "d/s/*",
  "*.txt",
  "?",
  "nope*",
  "d/../a",
  "../a",
  "/a",
  "/d",
  "//d//a",
  "./d/.",
  "d/s/..",
  "[^a-d]*",
  "l*",
  "\\[x\\]",
  "[[]x]",
  "st\\*r",
  "ü",
  "d/b.txt",
  "d/e",
  "d/up",
  "d/abs",
  "d/dirlink",
  "d/dirlink/a",
  "d/hard",
  "**/a",
  "**",
  "d/**",
  "*d",
  "e/s",
  "f/a",
  "d/?",
  "$D",
  "${D}/a",
  "x.tar",
  "d/s/../..",
  "..",
  "*/",
  "d/*/",
  "[!a]",
] as const;
const missing = [
  "g/dangling",
  "g/loop",
  "[a",
  "none",
  ".dockerignore",
  "a/",
  "a/x",
  "g/dangling/x",
] as const;

export function source(random: Random): string {
  return random.pick(random.chance(3) ? missing : sources);
}

export const ignorePatterns = [
  "a",
  "d",
  "d/",
  "/d",
  "d/s",
  "*",
  "**",
  "*/a",
  "**/a",
  "d/*",
  "d/**",
  "!a",
  "!d/a",
  "!d",
  "!**/a",
  "!d/s/**",
  "!*/a",
  "*.txt",
  "!*.txt",
  "**/*.txt",
  "!d/s",
  "# comment",
  " a ",
  "",
  "./b",
  "d/../b",
  "?",
  "!?",
  ".*",
  "!.hid",
  "l*",
  "[ab]",
  "[^a]",
  "we ird",
  "d/s/../a",
  "!d/s/t/u",
  "**/s",
  "**/s/**",
  "!**/s/t",
  "s",
  "**d",
  "d**",
  "ü",
  "\\[x\\]",
  "st\\*r",
  "/",
  ".",
  "Dockerfile",
  ".dockerignore",
  "!",
  "! a",
  "!./d",
  "e/s",
  "*/s/*",
  "d/*/t",
  "!e",
  "**/",
  "!/d/a",
  "d/./a",
  "//d",
  "*/*/a",
  "d/s/t/",
  "\\!x",
  "[a-",
  "a/b/",
  "!**",
  "d/a/x",
  "D",
  "!d/**/u",
  "..",
  "../a",
  "*/.h",
  "**/.*",
] as const;

export function ignoreFile(random: Random): string {
  const count = 1 + random.below(5);
  const lines = Array.from({ length: count }, () => random.pick(ignorePatterns));
  const end = random.pick(["\n", "\n", "\n", "\r\n"]);
  return lines.map((line) => `${line}${end}`).join("");
}
