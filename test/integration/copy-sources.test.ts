// SPDX-License-Identifier: Apache-2.0
// Several sources of one COPY or ADD: what they are together.

import assert from "node:assert/strict";
import { linkSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SMALL_LAYER } from "#src/layer/index.js";
import { GitSite } from "../support/git-site.js";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { tarOf } from "../support/tar-builder.js";
import { makeTree, type TreeSpec } from "../support/tree.js";

/** Builds a Dockerfile with `context/` as an image, which may need no files, and then into `out/`. */
async function build(space: Workspace, dockerfile: string): Promise<void> {
  const flags = ["--network=none", ...baseContexts("busybox"), "-f", "-", "context"];
  for (const output of ["type=oci,dest=image.tar", "out"])
    await space.succeed(["build", `--output=${output}`, ...flags], { input: dockerfile });
}

function out(space: Workspace, name: string): string {
  return readFileSync(join(space.directory, "out", name), "utf8");
}

describe("an archive and a file of one wildcard", () => {
  const archive = tarOf({ name: "f", content: "of the archive" });
  for (const [first, tree] of Object.entries({
    archive: { "a.tar": { file: archive }, f: "of the file" },
    file: { f: "of the file", "z.tar": { file: archive } },
  } satisfies Record<string, TreeSpec>))
    it(`are taken in their order: the ${first} first`, async () => {
      await using space = workspace();
      makeTree(join(space.directory, "context"), tree);
      await build(space, "FROM scratch\nADD * /\n");
      assert.equal(out(space, "f"), first === "file" ? "of the archive" : "of the file");
    });
});

describe("two names of one file in two sources", () => {
  for (const size of [1, SMALL_LAYER + 1])
    it(`are names of one file in the image, too, beside ${size} bytes`, async () => {
      await using space = workspace();
      const context = join(space.directory, "context");
      makeTree(context, { "a/x": "x", "b/z": "z".repeat(size) });
      linkSync(join(context, "a/x"), join(context, "b/y"));
      // A later step reads the files: they are made, and not only written into a layer.
      await build(space, "FROM busybox\nCOPY a b /d/\nRUN [ /d/x -ef /d/y ]\n");
    });
});

describe("repositories and directories in one ADD", () => {
  for (const [sources, names] of Object.entries({
    "URL/a.git URL/b.git": ["a", "b"],
    "URL/a.git local": ["a", "l"],
    "local URL/b.git": ["l", "b"],
  }))
    for (const [read, after] of [
      ["packed", ""],
      ["read by a step", "RUN cat /d/*\n"],
    ] as const)
      it(`bring the files of each, ${read}: ${sources}`, async () => {
        await using space = workspace();
        await using site = await GitSite.start(join(space.directory, "web"));
        for (const name of ["a", "b"]) await site.publish(name, { [name]: name });
        makeTree(join(space.directory, "context"), { "local/l": "l" });
        const from = sources.replaceAll("URL", site.url);
        await build(space, `FROM busybox\nADD ${from} /d/\n${after}`);
        for (const name of names) assert.equal(out(space, `d/${name}`), name);
      });
});
