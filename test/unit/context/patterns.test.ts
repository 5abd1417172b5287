// SPDX-License-Identifier: Apache-2.0
// The pattern matching of .dockerignore, --exclude and COPY sources, by tables in fixtures/ignore.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import {
  cleanTreePath,
  compileExcludes,
  compileSourcePattern,
  keepEverything,
  parseIgnoreFile,
} from "#src/context/index.js";

interface SingleTable {
  readonly cases: readonly (readonly [pattern: string, path: string, ignored: boolean | null])[];
  readonly bad: readonly string[];
}
interface OrderedTable {
  readonly cases: readonly {
    readonly lines: readonly string[];
    readonly ignored: readonly string[];
    readonly kept: readonly string[];
  }[];
}
const table = (name: string): unknown =>
  JSON.parse(readFileSync(`fixtures/ignore/${name}.json`, "utf8"));

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof TsbuildError, String(error));
    return error.code;
  }
  return "nothing was thrown";
}

describe("one ignore pattern", () => {
  const { cases, bad } = table("moby") as SingleTable;
  for (const [pattern, path, ignored] of cases)
    it(`${JSON.stringify(pattern)} ${ignored === true ? "ignores" : "keeps"} ${path}`, () => {
      assert.equal(parseIgnoreFile(pattern, "f").ignored(path), ignored === true);
      // A flag has no comments: there `#x` is a name.
      assert.equal(compileExcludes([pattern]).ignored(path), ignored ?? true);
    });
  for (const pattern of bad)
    it(`${JSON.stringify(pattern)} is a bad pattern`, () => {
      assert.equal(
        codeOf(() => parseIgnoreFile(pattern, "f")),
        "CONTEXT_BAD_PATTERN",
      );
    });

  it("says which line of which file is bad", () => {
    try {
      parseIgnoreFile("ok\n\n# c\n  a[\n", "x.dockerignore");
      assert.fail("nothing was thrown");
    } catch (error) {
      assert.ok(error instanceof TsbuildError);
      assert.equal(error.location?.file, "x.dockerignore");
      assert.equal(error.location.range.startLine, 4);
      assert.equal(error.details["pattern"], "a[");
    }
  });
});

describe("several ignore lines", () => {
  for (const { lines, ignored, kept } of (table("ordered") as OrderedTable).cases)
    it(lines.join(" | "), () => {
      const rules = parseIgnoreFile(lines.join("\n"), "f");
      for (const path of ignored) assert.equal(rules.ignored(path), true, `${path} is ignored`);
      for (const path of kept) assert.equal(rules.ignored(path), false, `${path} is kept`);
    });

  it("never ignores the root", () => {
    assert.equal(parseIgnoreFile("**\n*\n.", "f").ignored(""), false);
  });

  it("knows when there is nothing to ask", () => {
    assert.equal(keepEverything.empty, true);
    assert.equal(parseIgnoreFile("# only a comment\n\n", "f").empty, true);
    assert.equal(parseIgnoreFile("!a", "f").empty, true);
    assert.equal(parseIgnoreFile("!a", "f").hasExceptions, true);
    assert.equal(parseIgnoreFile("a", "f").hasExceptions, false);
  });
});

describe("pruning", () => {
  const prunes = (lines: string, directory: string): boolean =>
    parseIgnoreFile(lines, "f").canPrune(directory);

  it("enters no ignored directory without exceptions", () => {
    assert.equal(prunes("node_modules", "node_modules"), true);
    assert.equal(prunes("**/node_modules", "a/node_modules"), true);
    assert.equal(prunes("node_modules", "src"), false);
  });
  it("enters an ignored directory when a later exception may match below it", () => {
    assert.equal(prunes("docs\n!docs/README.md", "docs"), false);
    assert.equal(prunes("docs\n!docs/README.md", "docs/sub"), true);
    assert.equal(prunes("docs\n!**/README.md", "docs/sub"), false);
    assert.equal(prunes("docs\n!*/x/y", "docs/x"), false);
    assert.equal(prunes("docs\n!*/x/y", "docs/z"), true);
    assert.equal(prunes("a\n!b**", "a"), true);
    assert.equal(prunes("*\n!src*", "doc"), true);
  });
  it("does not mind an exception that a later line overrules", () => {
    assert.equal(prunes("!docs/README.md\ndocs", "docs"), true);
  });
  it("lists the literal directories that need not be entered", () => {
    assert.deepEqual(
      parseIgnoreFile("z/\n.git\nnode_modules\n*.o\ndocs\n!docs/x\n!q", "f").literalPrunes(),
      [".git", "node_modules", "z"],
    );
  });
  it("agrees with ignored() on every path of a small universe, whatever the lines", () => {
    const names = ["a", "b", "ab"];
    const paths: string[] = [];
    for (const x of names) {
      paths.push(x);
      for (const y of names) {
        paths.push(`${x}/${y}`);
        for (const z of names) paths.push(`${x}/${y}/${z}`);
      }
    }
    const pool = [
      "a",
      "*",
      "**",
      "a/b",
      "*/b",
      "**/b",
      "a**",
      "a/**",
      "?b",
      "a/*/ab",
      "[ab]",
      "**b",
    ];
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % below;
    };
    for (let round = 0; round < 500; round++) {
      const lines = Array.from(
        { length: 1 + random(4) },
        () => (random(2) === 0 ? "!" : "") + (pool[random(pool.length)] ?? ""),
      );
      const rules = parseIgnoreFile(lines.join("\n"), "f");
      for (const directory of paths.filter((path) => rules.canPrune(path)))
        for (const path of paths.filter((p) => p === directory || p.startsWith(`${directory}/`)))
          assert.equal(rules.ignored(path), true, `${lines.join(" | ")}: ${directory}, ${path}`);
    }
  });
});

describe("cost of matching", () => {
  it("does not blow up on patterns made to backtrack", () => {
    const name = "a".repeat(250);
    const path = `${"a/".repeat(400)}c`;
    for (const pattern of [
      `${"*a".repeat(60)}*b`,
      `${"**/a".repeat(60)}/b`,
      `${"a**".repeat(60)}b`,
      `${"**".repeat(40)}b`,
      `${"[a]*".repeat(60)}b`,
      `${"?*".repeat(60)}b`,
    ]) {
      const rules = compileExcludes([pattern]);
      const start = process.cpuUsage();
      assert.equal(rules.ignored(name), false);
      assert.equal(rules.ignored(path), false);
      assert.equal(compileSourcePattern(`${"*a".repeat(60)}*b`).matches(name), false);
      const spent = process.cpuUsage(start);
      // Backtracking would take longer than the age of the machine; a second is far above what is needed.
      assert.ok(spent.user < 1_000_000, `${pattern}: ${spent.user} microseconds`);
    }
  });
  it("keeps no memory of 100,000 paths", () => {
    const rules = parseIgnoreFile("**/*.o\n*.log\nnode_modules\n!**/keep.o\na/*/c", "f");
    let ignored = 0;
    for (let i = 0; i < 100_000; i++)
      if (rules.ignored(`d${i % 100}/e${i % 1000}/f${i}.${i % 2 === 0 ? "o" : "c"}`)) ignored++;
    assert.equal(ignored, 50_000);
  });
});

describe("COPY sources", () => {
  const rows: [pattern: string, path: string, matches: boolean][] = [
    ["a.txt", "a.txt", true],
    ["/a.txt", "a.txt", true],
    ["../../a.txt", "a.txt", true],
    ["dir/.", "dir", true],
    ["dir//x/", "dir/x", true],
    ["*.txt", "a.txt", true],
    ["*.txt", ".txt", true],
    ["*.txt", "d/a.txt", false],
    ["**/*.txt", "d/a.txt", true],
    ["**/*.txt", "a.txt", false],
    ["**/*.txt", "d/e/a.txt", false],
    ["d?r/[a-c]*", "dir/bcd", true],
    ["d?r/[^a-c]*", "dir/bcd", false],
    ["arr[[]0].txt", "arr[0].txt", true],
    ["arr[[]0].txt", "arr0.txt", false],
    ["a\\*b*", "a*bc", true],
    ["a\\*b*", "axbc", false],
    ["sub/*/c", "sub/b/c", true],
    ["sub/*/c", "other/b/c", false],
  ];
  for (const [pattern, path, matches] of rows)
    it(`${pattern} ${matches ? "takes" : "leaves"} ${path}`, () => {
      assert.equal(compileSourcePattern(pattern).matches(path), matches);
    });

  it("tells where to begin listing and how deep", () => {
    const pattern = compileSourcePattern("a/b/*/c?/d");
    assert.equal(pattern.literal, false);
    assert.equal(pattern.base, "a/b");
    assert.equal(pattern.depth, 3);
    assert.equal(pattern.canMatchBelow("a"), true);
    assert.equal(pattern.canMatchBelow("a/b/x"), true);
    assert.equal(pattern.canMatchBelow("a/b/x/cc"), true);
    assert.equal(pattern.canMatchBelow("a/b/x/dd"), false);
    assert.equal(pattern.canMatchBelow("a/c"), false);
  });
  it("takes a name without wildcards literally, backslash included", () => {
    const pattern = compileSourcePattern("a\\b");
    assert.deepEqual([pattern.literal, pattern.base, pattern.depth], [true, "a\\b", 0]);
    assert.equal(pattern.matches("a\\b"), true);
  });
  it("spans levels with ** where asked to", () => {
    const pattern = compileSourcePattern("src/**/*.c", { deep: true });
    assert.equal(pattern.depth, Infinity);
    assert.equal(pattern.matches("src/a.c"), true);
    assert.equal(pattern.matches("src/x/y/a.c"), true);
    assert.equal(pattern.matches("lib/a.c"), false);
    assert.equal(pattern.canMatchBelow("src/x"), true);
    assert.equal(pattern.canMatchBelow("lib"), false);
  });
  it("refuses what Go refuses", () => {
    assert.equal(
      codeOf(() => compileSourcePattern("a/[]x]")),
      "CONTEXT_BAD_PATTERN",
    );
  });
  it("cleans paths without ever leaving the root", () => {
    const cleaned = ["", "/", ".", "a/../..", "../../x/", "a/./b//c", "/a/../b"].map(cleanTreePath);
    assert.deepEqual(cleaned, ["", "", "", "", "x", "a/b/c", "b"]);
  });
});
