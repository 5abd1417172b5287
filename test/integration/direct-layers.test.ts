// SPDX-License-Identifier: Apache-2.0
// A COPY whose files nothing reads is written as a layer straight from its sources. That layer must be, to the byte, the one
// that copying and comparing gives, and a later build that needs the files must get them.

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  lutimesSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { SMALL_LAYER } from "#src/layer/index.js";
import { baseContexts, workspace, type Workspace } from "../support/runner.js";
import { makeTree } from "../support/tree.js";

function contextIn(space: Workspace, dockerfile: string): string {
  const context = join(space.directory, "context");
  makeTree(context, {
    Dockerfile: dockerfile,
    "tree/a/one": "one",
    "tree/a/two": "two",
    "tree/b/empty": "",
    "tree/ümlaut/x": "x",
    "base/dir/keep": "keep",
    "base/file": "file",
    "clash/file/x": "file",
    "clash/file/and": "and",
    "clash/other/x": "another file",
    "clash/directory/x/y": "y",
    large: "",
  });
  const at = (path: string): string => join(context, path);
  chmodSync(at("tree/a/one"), 0o4755);
  linkSync(at("tree/a/two"), at("tree/b/same"));
  symlinkSync("../a/one", at("tree/b/link"));
  symlinkSync("/nowhere", at("tree/dangling"));
  symlinkSync("/dir", at("base/to-dir"));
  symlinkSync("/dir/later", at("base/to-nothing"));
  symlinkSync("tree/a", at("short"));
  truncateSync(at("large"), 3_000_000);
  writeFileSync(at("large"), "the end", { flag: "a" });
  for (const path of ["base/to-dir", "base/to-nothing", "tree/dangling", "tree/b/link"])
    lutimesSync(at(path), 1_000_000, 1_000_000);
  return context;
}

/** The image's id and the number of layer directories that are in the store then. */
async function build(
  space: Workspace,
  outputs: readonly string[],
  store: string = space.store,
): Promise<{ readonly id: string; readonly directories: number }> {
  await space.succeed(
    [
      ...baseContexts("busybox"),
      "--build-arg=SOURCE_DATE_EPOCH=1700000000",
      "--iidfile=iid",
      ...outputs.map((output) => `--output=${output}`),
      "context",
    ],
    { env: { TSBUILD_ROOT: store } },
  );
  const snapshots = join(store, "snapshots");
  return {
    id: readFileSync(join(space.directory, "iid"), "utf8").trim(),
    directories: existsSync(snapshots) ? readdirSync(snapshots).length : 0,
  };
}

const cases: Readonly<Record<string, string>> = {
  "onto nothing": "FROM scratch\nCOPY tree /",
  "of everything into a new directory": "FROM scratch\nCOPY . /all/of/it/",
  "of one large file": "FROM scratch\nCOPY large /",
  "through a link of the source": "FROM scratch\nCOPY short /a\nCOPY short/one /b",
  "onto a file, a directory and through links":
    "FROM busybox\nCOPY base /\nCOPY tree/a/one large /to-dir/",
  "to where a dangling link points": "FROM busybox\nCOPY base /\nCOPY large /to-nothing",
  "of what is there already": "FROM busybox\nCOPY base /\nCOPY base /",
  "with owner and mode": "FROM busybox\nCOPY --chown=12:34 --chmod=u+w,go-rwx tree /x/",
  "with an owner by name": "FROM busybox\nCOPY --chown=root:root tree /x/",
  "of parents without some": "FROM busybox\nCOPY --parents --exclude=**/two tree/*/* /x",
  "onto nothing with --link": "FROM busybox\nCOPY --link tree /etc/tree",
  "of here-documents and files":
    "FROM busybox\nCOPY --chmod=700 <<one <<two tree/b /x/\n1\none\n2\ntwo",
  "of nothing": "FROM busybox\nCOPY tree/nothing* /x/",
  "from a stage":
    "FROM busybox AS from\nCOPY tree /tree\nFROM busybox\nCOPY --from=from /tree /etc /x/",
  "by ADD of a directory": "FROM busybox\nADD tree /x",
  "of files of one name into a new directory":
    "FROM busybox\nCOPY clash/file clash/other clash/file/and /new/dir/",
  "of a here-document over a file":
    "FROM busybox\nCOPY clash/file <<x clash/other/x <<and /new/\n1\nx\n2\nand",
  "of a file over a name of another, and back":
    "FROM scratch\nCOPY tree/a clash/file tree/b tree/a/two clash/file/x /new/",
  "into a new directory through links":
    "FROM busybox\nCOPY base /\nCOPY clash/file clash/other /to-nothing/new/",
  "with an owner into several directories":
    "FROM busybox\nCOPY --chown=7:8 --parents clash/*/x clash/./file tree/./a/* /new/",
};

/** A directory in which a name of one letter makes a path that is too long for the kernel to tell, though not to open. */
const longest = "d".repeat(200).concat("/").repeat(20).concat("d".repeat(73));

/** COPYs of which no builder makes a layer. */
const conflicts: Readonly<Record<string, readonly [lines: string, message: RegExp]>> = {
  "a directory over a new file": [
    "COPY clash/file clash/directory /new/",
    /cannot copy to non-directory: new\/x/,
  ],
  "a directory over a new file, by the longest path": [
    `COPY clash/file clash/directory /${longest}/`,
    /cannot copy to non-directory: .*d\/x/,
  ],
  "a file over a new directory": [
    "COPY clash/directory clash/file /new/",
    /cannot replace to directory: new\/x/,
  ],
  "files below a new file": [
    "COPY --parents clash/file/./x clash/directory/./x/y /new/",
    /cannot copy to non-directory/,
  ],
};

void describe("a layer that is written straight from the sources", () => {
  for (const [name, dockerfile] of Object.entries(cases))
    void it(`is the same as the one of copied files: ${name}`, async () => {
      await using space = workspace();
      contextIn(space, dockerfile);
      const image = "type=oci,dest=image.tar";
      const quick = await build(space, [image]);
      // Layers of two kinds are packed beside the steps, from the files.
      const other = "type=oci,dest=other.tar,compression=uncompressed";
      const slow = await build(space, [image, other], join(space.directory, "other-store"));
      assert.equal(quick.id, slow.id);
      assert.equal(quick.directories, slow.directories - 1, "the last COPY made no directory");
    });

  for (const [name, [lines, message]] of Object.entries(conflicts))
    void it(`fails as copying does: ${name}`, async () => {
      await using space = workspace();
      contextIn(space, `FROM busybox\n${lines}`);
      for (const more of [
        "type=oci,dest=image.tar",
        "type=oci,dest=image.tar\ntype=local,dest=out",
      ]) {
        const outputs = more.split("\n").map((output) => `--output=${output}`);
        const result = await space.tsbuild([...baseContexts("busybox"), ...outputs, "context"]);
        assert.notEqual(result.code, 0);
        assert.match(result.stderr, message);
      }
    });

  void it("gives its files to a later build that needs them, without copying again", async () => {
    await using space = workspace();
    const context = contextIn(space, "FROM busybox\nCOPY tree /tree");
    const first = await build(space, ["type=oci,dest=image.tar"]);
    writeFileSync(
      join(context, "Dockerfile"),
      "FROM busybox\nCOPY tree /tree\nRUN [ -u /tree/a/one ] && [ $(cat /tree/b/same) = two ] && cat /tree/b/link",
    );
    const { stderr } = await space.succeed([
      ...baseContexts("busybox"),
      "--progress=plain",
      "--build-arg=SOURCE_DATE_EPOCH=1700000000",
      "context",
    ]);
    assert.match(stderr, /\[stage-0 2\/3\] COPY tree \/tree\n#\d+ CACHED/);
    assert.equal(readdirSync(join(space.store, "snapshots")).length, first.directories + 2);
  });

  void it("gives its files to an output that needs them", async () => {
    await using space = workspace();
    contextIn(space, "FROM scratch\nCOPY tree/a /");
    await build(space, ["type=oci,dest=image.tar"]);
    await build(space, ["type=local,dest=files", "type=image"]);
    assert.equal(readFileSync(join(space.directory, "files/one"), "utf8"), "one");
  });

  void it("is made anew in another compression", async () => {
    await using space = workspace();
    contextIn(space, "FROM scratch\nCOPY tree /");
    const first = await build(space, ["type=oci,dest=image.tar"]);
    const second = await build(space, ["type=oci,dest=image.tar,compression=uncompressed"]);
    assert.equal(second.id, first.id, "the configuration names layers by their uncompressed bytes");
  });

  void it("has the times of its files after a build that has written others", async () => {
    await using space = workspace();
    contextIn(space, "FROM scratch\nCOPY tree /");
    await build(space, ["type=oci,dest=image.tar,rewrite-timestamp=true"]);
    const second = await build(space, ["type=oci,dest=image.tar"]);
    const fresh = await build(
      space,
      ["type=oci,dest=image.tar"],
      join(space.directory, "other-store"),
    );
    assert.equal(second.id, fresh.id);
  });

  void it("is copied again when its blob is gone", async () => {
    await using space = workspace();
    contextIn(space, "FROM scratch\nCOPY tree /");
    const first = await build(space, ["type=oci,dest=image.tar"]);
    rmSync(join(space.store, "oci/blobs/sha256"), { recursive: true });
    assert.equal((await build(space, ["type=oci,dest=image.tar"])).id, first.id);
  });
});

/** Bytes of a file that alone in a layer makes the longest archive that is compressed in this process. */
const longestSmall = SMALL_LAYER - 3 * 512;

void describe("a layer that a command has just written", () => {
  for (const size of [longestSmall, longestSmall + 1, 3_000_000])
    void it(`is the one that its files give later: ${size} bytes`, async () => {
      await using space = workspace();
      makeTree(join(space.directory, "context"), {
        Dockerfile: `FROM busybox\nRUN head -c ${size} /dev/urandom > /file`,
      });
      const digest = async (): Promise<string | undefined> => {
        await build(space, ["type=oci,dest=image,tar=false"]);
        const index = readFileSync(join(space.directory, "image/index.json"), "utf8");
        return (JSON.parse(index) as { manifests: { digest: string }[] }).manifests[0]?.digest;
      };
      const first = await digest();
      rmSync(join(space.store, "oci/blobs/sha256"), { recursive: true });
      assert.equal(await digest(), first);
    });
});
