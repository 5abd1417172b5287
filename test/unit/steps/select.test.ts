// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { posix } from "node:path";
import { describe, it } from "node:test";
import { compileExcludes } from "#src/context/index.js";
import type { TreeEntry } from "#src/sandbox/index.js";
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
