// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import { compileExcludes } from "#src/context/index.js";
import type { TreeEntry } from "#src/sandbox/index.js";
import { stillAnswers } from "#src/steps/copy/remembered.js";
import { select, type SourceTree } from "#src/steps/copy/select.js";

const files = ["requirements.txt", "src/main.go", "src/secret.go"];

/** A tree of these files, listed one directory deep. */
function tree(rules?: SourceTree["rules"]): SourceTree {
  const entry = (path: string): TreeEntry =>
    ({ path, type: files.includes(path) ? "file" : "dir" }) as unknown as TreeEntry;
  const all = [...files, "src"];
  return {
    label: "the build context .",
    ...(rules === undefined ? {} : { rules }),
    reader: {
      stat: (path) => Promise.resolve(all.includes(path) ? entry(path) : undefined),
      list: (path) => {
        const below = all.filter((name) => posix.dirname(name) === (path === "" ? "." : path));
        const names = below.map((name) => ({ ...entry(name), path: posix.basename(name) }));
        const known = path === "" || all.includes(path);
        return Promise.resolve(known ? [entry(path), ...names] : undefined);
      },
    },
  };
}

const refusal = async (pattern: string, rules?: SourceTree["rules"]): Promise<string> => {
  let message = "";
  await assert.rejects(
    select(tree(rules), pattern, { exclude: [], parents: false }),
    (error: Error & { code?: string }) => {
      ({ message } = error);
      return error.code === "STEPS_SOURCE_NOT_FOUND";
    },
  );
  return message;
};

describe("a source that is not there", () => {
  it("is told with the name beside it that it may have meant", async () => {
    assert.match(await refusal("requirement.txt"), /\(did you mean requirements\.txt\?\)$/);
    assert.match(await refusal("./src/mian.go"), /\(did you mean main\.go\?\)$/);
    assert.match(await refusal("nowhere/main.go"), /not found in the build context \.$/);
  });

  it("may be the directory before a wildcard", async () => {
    assert.match(
      await refusal("scr/*.go"),
      /"\/scr\/\*\.go": not found .* \(did you mean src\?\)$/,
    );
    assert.match(await refusal("requirements.txt/*"), /not found/);
  });

  it("is not told of what is left out", async () => {
    const rules = compileExcludes(["src/secret.go"]);
    assert.match(await refusal("src/secre.go", rules), /not found in the build context \.$/);
  });
});

/** A whole tree of these files. Directories in `closed` may not be listed. */
function deepTree(
  paths: readonly string[],
  rules?: SourceTree["rules"],
  closed: readonly string[] = [],
): SourceTree {
  const all = new Map<string, TreeEntry>();
  const add = (path: string, type: string): void => {
    all.set(path, { path, type } as unknown as TreeEntry);
  };
  for (const path of paths) {
    for (let at = posix.dirname(path); at !== "."; at = posix.dirname(at)) add(at, "dir");
    add(path, "file");
  }
  add("", "dir");
  const sorted = [...all.keys()].sort();
  const list: SourceTree["reader"]["list"] = (path, { prune = [] } = {}) => {
    const start = path === "" ? "" : `${path}/`;
    const below = sorted
      .filter((name) => name !== "" && name.startsWith(start))
      .map((name) => name.slice(start.length));
    const shown = below.filter((name) => !prune.some((left) => name.startsWith(`${left}/`)));
    const shut = closed.find((name) => shown.some((at) => posix.dirname(`${start}${at}`) === name));
    if (shut !== undefined)
      return Promise.reject(
        new TsbuildError("SANDBOX_UNREADABLE", "cannot list", { details: { path: shut } }),
      );
    const entries = shown.map((name) => {
      const { type } = all.get(`${start}${name}`) ?? { type: "file" };
      return { path: name, type } as unknown as TreeEntry;
    });
    const entry = all.get(path);
    return Promise.resolve(entry === undefined ? undefined : [{ ...entry, path: "" }, ...entries]);
  };
  return {
    label: "the build context .",
    ...(rules === undefined ? {} : { rules }),
    reader: { stat: (path) => Promise.resolve(all.get(path)), list },
  };
}

/** The files that a selection has. */
async function filesOf(
  tree: SourceTree,
  pattern: string,
  exclude: readonly string[],
  parents: boolean,
): Promise<string[]> {
  const { matches } = await select(tree, pattern, { exclude, parents });
  const paths = matches.flatMap(({ path, entry, children }) =>
    [{ ...entry, path: "" }, ...children]
      .filter(({ type }) => type === "file")
      .map((child) => posix.join(path, child.path)),
  );
  return paths.sort();
}

describe("--exclude with --parents", () => {
  const tree = deepTree(["a/p.json", "a/mods/x/p.json", "a/mods/y", "mods/p.json", "p.json"]);
  const left = async (pattern: string, ...exclude: string[]): Promise<string[]> =>
    filesOf(tree, pattern, exclude, true);

  it("is about whole paths, whatever the source matched of them", async () => {
    assert.deepEqual(await left("**/p.json", "**/mods"), ["a/p.json", "p.json"]);
    assert.deepEqual(await left("**/p.json", "mods"), ["a/mods/x/p.json", "a/p.json", "p.json"]);
    assert.deepEqual(await left("a", "a/mods"), ["a/p.json"]);
    assert.deepEqual(await left("a", "mods"), ["a/mods/x/p.json", "a/mods/y", "a/p.json"]);
    assert.deepEqual(await left("a/p.json", "*.json"), ["a/p.json"]);
  });

  it("is about paths from the pivot on", async () => {
    assert.deepEqual(await left("a/./mods", "mods/x"), ["a/mods/y"]);
    assert.deepEqual(await left("*/./mods", "a/mods"), ["a/mods/x/p.json", "a/mods/y"]);
    assert.deepEqual(await left("a/./**/p.json", "mods"), ["a/p.json"]);
  });

  it("leaves nothing of a directory that it names, but for what an exception takes back", async () => {
    const { matches } = await select(tree, "a/mods", { exclude: ["a/mods"], parents: true });
    assert.deepEqual(matches, []);
    assert.deepEqual(await left("a/mods", "a/mods", "!a/mods/y"), ["a/mods/y"]);
  });

  it("is about names in each source without", async () => {
    assert.deepEqual(await filesOf(tree, "a", ["mods"], false), ["a/p.json"]);
    assert.deepEqual(await filesOf(tree, "a/p*", ["*.json"], false), []);
  });
});

describe("a directory that may not be read", () => {
  const paths = ["data/db/rows", "data/keep", "src/main.go"];
  const closed = ["data/db"];
  const files = async (
    pattern: string,
    lines: readonly string[],
    parents = false,
  ): Promise<string[]> =>
    filesOf(deepTree(paths, compileExcludes(lines), closed), pattern, [], parents);

  it("is no obstacle where a pattern leaves it out", async () => {
    assert.deepEqual(await files(".", ["**/db"]), ["data/keep", "src/main.go"]);
    assert.deepEqual(await files("data", ["*/d*"]), ["data/keep"]);
    assert.deepEqual(await files("**/*.go", ["**/db"], true), ["src/main.go"]);
    assert.deepEqual(await files(".", ["*", "!**/*.go"]), ["src/main.go"]);
    assert.deepEqual(await files("data/*", ["**/db", "!**/*.go"]), ["data/keep"]);
  });

  it("is no obstacle where it was not there when the tree was looked at last", async () => {
    const refused = new TsbuildError("SANDBOX_UNREADABLE", "cannot list");
    const reader = {
      stat: () => Promise.resolve(undefined),
      fingerprint: () => Promise.reject(refused),
    };
    const listed = { ask: "list", path: "", options: {}, print: "1234" } as const;
    assert.equal(await stillAnswers([listed], reader), false);
  });

  it("is one where nothing does, or an exception takes it back", async () => {
    for (const lines of [[], ["**/keep"], ["**/db", "!data/db"]])
      await assert.rejects(files(".", lines), { code: "SANDBOX_UNREADABLE" });
  });
});
