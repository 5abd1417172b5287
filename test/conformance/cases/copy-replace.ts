// SPDX-License-Identifier: Apache-2.0
// COPY and ADD onto something of another type: every pair of file, directory, link to a file, link to a directory, at the top and
// one directory down.

import type { CaseGroup, ConformanceCase, ContextSpec } from "../case.js";

const kinds: Readonly<Record<string, ContextSpec>> = {
  file: { x: "new file\n" },
  dir: { "x/new": "new\n" },
  "link to a file": { x: { symlink: "target" } },
  "link to a directory": { x: { symlink: "target-dir" } },
};
const before: Readonly<Record<string, string>> = {
  file: "echo old > x",
  dir: "mkdir x; echo old > x/old",
  "link to a file": "ln -s target x",
  "link to a directory": "ln -s target-dir x",
};

function replacing(from: string, to: string, below: string): ConformanceCase {
  const spec = kinds[to] ?? {};
  const where = below === "" ? "at the top" : "one directory down";
  return {
    name: `${to} over ${from} ${where}`,
    dockerfile: `FROM busybox\nRUN mkdir -p /t/${below}target-dir; cd /t/${below}; echo t > target; ${before[from] ?? ""}\nCOPY src /t\n`,
    context: Object.fromEntries(
      Object.entries(spec).map(([name, node]) => [`src/${below}${name}`, node]),
    ),
    ...outcome(from, to),
  };
}

/** Docker's rule: a directory is never replaced, and a directory replaces nothing. */
const conflict: Partial<ConformanceCase> = {
  fails: "SANDBOX_COPY_CONFLICT",
  differs: [{ peer: "buildah", what: ["*"], reason: "Buildah replaces whatever is there" }],
};

function outcome(from: string, to: string): Partial<ConformanceCase> {
  return (from === "dir") !== (to === "dir") ? conflict : {};
}

const pairs = Object.keys(before).flatMap((from) =>
  Object.keys(kinds).map((to) => [from, to] as const),
);

export const copyReplace: CaseGroup = {
  name: "copy-replace",
  cases: [
    ...pairs.map(([from, to]) => replacing(from, to, "")),
    ...pairs.filter(([from, to]) => from !== to).map(([from, to]) => replacing(from, to, "sub/")),
  ],
};
