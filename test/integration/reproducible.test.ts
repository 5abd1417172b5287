// SPDX-License-Identifier: Apache-2.0
// The same inputs give the same image: on every machine, for every user, whatever the surroundings.

import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { workspace, type Workspace } from "../support/runner.js";

const dockerfile = `
FROM scratch AS files
COPY --chmod=u=rw,go=r tree /tree
FROM scratch
WORKDIR /app/deep
COPY tree .
COPY --from=files --chown=12:34 /tree /owned/
COPY <<END /text
here
END
ENV A=1
LABEL z=1 a=2
ENTRYPOINT ["/app/deep/bin/tool"]
`;

const files: readonly (readonly [path: string, mode: number])[] = [
  ["tree/bin/tool", 0o755],
  ["tree/a", 0o644],
  ["tree/Z", 0o600],
  ["tree/ümlaut", 0o640],
  ["tree/sub/b", 0o444],
  ["tree/sub.txt", 0o664],
];

/** A context whose files are made in a given order. */
function makeContext(space: Workspace, order: (paths: typeof files) => typeof files): void {
  const context = join(space.directory, "context");
  const at = (path: string): string => join(context, path);
  for (const directory of ["tree/bin", "tree/sub"]) mkdirSync(at(directory), { recursive: true });
  writeFileSync(at("Dockerfile"), dockerfile);
  for (const [path, mode] of order(files)) {
    writeFileSync(at(path), `the content of ${path}\n`);
    chmodSync(at(path), mode);
    utimesSync(at(path), 1_600_000_000.75, 1_600_000_000.75);
  }
  symlinkSync("../a", at("tree/bin/link"));
  for (const directory of ["tree/bin", "tree/sub", "tree"]) {
    chmodSync(at(directory), 0o755);
    utimesSync(at(directory), 1_600_000_001, 1_600_000_001);
  }
  chmodSync(dirname(at("tree")), 0o755);
}

interface Built {
  readonly id: string;
  readonly archive: Buffer;
}

async function build(
  space: Workspace,
  env: Readonly<Record<string, string>>,
  ...flags: readonly string[]
): Promise<Built> {
  await space.succeed(
    [
      "--platform=linux/amd64",
      "--build-arg=SOURCE_DATE_EPOCH=1650000000",
      "--iidfile=iid",
      "--output=type=oci,dest=image.tar,rewrite-timestamp=true",
      ...flags,
      "context",
    ],
    { env },
  );
  return {
    id: readFileSync(join(space.directory, "iid"), "utf8").trim(),
    archive: readFileSync(join(space.directory, "image.tar")),
  };
}

// Changes when the bytes of configurations or layers change, which is to be said in the changelog.
const known = "sha256:f288dfbba824af0b82b23881ffe1a7e8dafffa0cc1d24ce91c596eacb03d9f02";

void describe("an image", () => {
  void it("has the digest that it has everywhere", async () => {
    await using space = workspace();
    makeContext(space, (paths) => paths);
    assert.equal((await build(space, {})).id, known);
  });

  void it("does not depend on time zone, locale, umask, order of directories, store or parallelism", async () => {
    await using one = workspace();
    makeContext(one, (paths) => paths);
    const first = await build(one, { TZ: "UTC", LANG: "C" });
    await using other = workspace();
    const before = process.umask(0o077);
    try {
      makeContext(other, (paths) => [...paths].reverse());
      const env = { TZ: "Asia/Kathmandu", LANG: "tr_TR.UTF-8", LC_ALL: "tr_TR.UTF-8" };
      const second = await build(other, env, "--jobs=1");
      assert.equal(second.id, first.id);
      assert.ok(second.archive.equals(first.archive), "the archives are the same bytes");
    } finally {
      process.umask(before);
    }
  });

  void it("that is a configuration on nothing has no time, and so is the same whenever it is made", async () => {
    await using space = workspace();
    await space.succeed(["-t", "label", "-"], { input: "FROM scratch\nLABEL a=b\n" });
    const image = JSON.parse((await space.succeed(["inspect", "label"])).stdout) as {
      readonly created?: string;
      readonly config: { readonly created?: string; readonly history: readonly object[] };
    };
    assert.equal(image.created, undefined);
    assert.equal(image.config.created, undefined);
    assert.deepEqual(image.config.history, [
      { comment: "buildkit.dockerfile.v0", created_by: "LABEL a=b", empty_layer: true },
    ]);
  });
});
