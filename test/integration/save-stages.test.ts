// SPDX-License-Identifier: Apache-2.0
// `--save-stages` and `--stage-labels`: which stages stay as images, what they say of themselves, and what can be done with
// images without a name.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { baseContexts, workspace, type RunResult, type Workspace } from "../support/runner.js";
import { validateImage } from "../support/validate.js";

interface Summary {
  readonly name?: string;
  readonly id: string;
  readonly platform: string;
}

interface Image extends Summary {
  readonly config: {
    readonly config: { readonly Labels?: Readonly<Record<string, string>> };
    readonly history?: readonly { readonly created_by?: string }[];
    readonly rootfs: { readonly diff_ids: readonly string[] };
  };
}

/** A chain, an alias, a stage of its own, one that nothing needs, and a target on a stage. */
const dockerfile = `
ARG BASE=busybox
FROM \${BASE} AS Parent
RUN echo parent > /parent
FROM parent AS alias
FROM alias AS child
RUN echo child > /child
FROM busybox
RUN echo apart > /apart
FROM busybox AS unused
RUN exit 1
FROM child
COPY --from=3 /apart /
CMD ["cat", "/apart"]
`;

function build(
  space: Workspace,
  args: readonly string[],
  text: string = dockerfile,
): Promise<RunResult> {
  return space.succeed(
    ["build", ...baseContexts("busybox"), "--network=none", "--progress=plain", ...args, "-"],
    { input: text },
  );
}

async function images(space: Workspace, ...filters: readonly string[]): Promise<Summary[]> {
  const args = filters.map((filter) => `--filter=${filter}`);
  const { stdout } = await space.succeed(["images", "--format=json", ...args]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Summary);
}

const unnamed = (space: Workspace, ...filters: readonly string[]): Promise<Summary[]> =>
  images(space, "dangling=true", ...filters);

async function inspect(space: Workspace, image: string): Promise<Image> {
  return JSON.parse((await space.succeed(["inspect", image])).stdout) as Image;
}

async function labelsOf(space: Workspace, image: string): Promise<readonly (string | undefined)[]> {
  const { Labels = {} } = (await inspect(space, image)).config.config;
  return ["io.buildah.stage.name", "io.buildah.stage.base"].map((name) => Labels[name]);
}

async function idOfStage(space: Workspace, name: string): Promise<string> {
  const [found, ...others] = await unnamed(space, `label=io.buildah.stage.name=${name}`);
  assert.ok(found !== undefined && others.length === 0, name);
  return found.id;
}

const hex = (id: string): string => id.replace("sha256:", "");

describe("--save-stages", () => {
  it("keeps the stages that the target needs, and labels say which ones they are", async () => {
    await using space = workspace();
    const { stderr } = await build(space, ["--save-stages", "--stage-labels", "-t", "app"]);
    const kept = await unnamed(space);
    // Not `alias`, which is the same image as the stage before it.
    assert.equal(kept.length, 3);
    const [parent, child, apart] = [
      await idOfStage(space, "Parent"),
      await idOfStage(space, "child"),
      await idOfStage(space, "3"),
    ];
    assert.match(stderr, new RegExp(`^stage child ${child}$`, "m"));
    assert.deepEqual(await labelsOf(space, parent), ["Parent", "busybox"]);
    assert.deepEqual(await labelsOf(space, child), ["child", hex(parent)]);
    assert.deepEqual(await labelsOf(space, apart), ["3", "busybox"]);
    assert.deepEqual(await labelsOf(space, "app"), ["5", hex(child)]);
    const lines = (await inspect(space, "app")).config.history?.map(({ created_by }) => created_by);
    assert.deepEqual(
      lines?.filter((line) => /^(?:LABEL|RUN|COPY|CMD)/.test(line ?? "")),
      [
        "LABEL io.buildah.stage.name=Parent io.buildah.stage.base=busybox",
        "RUN /bin/sh -c echo parent > /parent # buildkit",
        `LABEL io.buildah.stage.name=child io.buildah.stage.base=${hex(parent)}`,
        "RUN /bin/sh -c echo child > /child # buildkit",
        `LABEL io.buildah.stage.name=5 io.buildah.stage.base=${hex(child)}`,
        "COPY /apart / # buildkit",
        'CMD ["cat" "/apart"]',
      ],
    );
    await validateImage(join(space.store, "oci"));
  });

  it("keeps each once, however often it is built, and labels change no key", async () => {
    await using space = workspace();
    await build(space, ["--save-stages", "-t", "one"]);
    assert.equal((await unnamed(space)).length, 3);
    assert.deepEqual(await labelsOf(space, "one"), [undefined, undefined]);
    const plain = await inspect(space, "one");
    const again = await build(space, ["--save-stages", "--stage-labels", "-t", "two"]);
    assert.doesNotMatch(again.stderr, /^#\d+ DONE[^]*\[/m);
    assert.match(again.stderr, /RUN echo child > \/child\n#\d+ CACHED/);
    const labelled = await inspect(space, "two");
    assert.deepEqual(labelled.config.rootfs, plain.config.rootfs);
    assert.equal((await unnamed(space)).length, 6);
    await build(space, ["--save-stages", "--stage-labels", "-t", "two"]);
    assert.equal((await inspect(space, "two")).id, labelled.id);
    assert.equal((await unnamed(space)).length, 6);
    // Without the flags nothing is kept, and the image is the same.
    await build(space, ["--save-stages=false", "-t", "three"]);
    assert.equal((await inspect(space, "three")).id, plain.id);
  });

  it("goes up to the target, for each platform, in the form of the output", async () => {
    await using space = workspace();
    await build(space, ["--save-stages", "--stage-labels", "--target=child", "-t", "child"]);
    assert.equal((await unnamed(space)).length, 1);
    assert.deepEqual(await labelsOf(space, "child"), [
      "child",
      hex(await idOfStage(space, "Parent")),
    ]);

    const text = `FROM scratch AS p
ARG TARGETARCH
COPY <<EOF /$TARGETARCH
EOF
FROM --platform=$BUILDPLATFORM busybox AS tool
RUN echo tool > /tool
FROM p
COPY --from=tool /tool /
`;
    const platforms = ["--platform=linux/amd64,linux/arm64", "--save-stages", "--stage-labels"];
    await build(space, [...platforms, "-o", "type=oci,dest=image.tar,compression=zstd"], text);
    const of = async (name: string): Promise<string[]> =>
      (await unnamed(space, `label=io.buildah.stage.name=${name}`)).map(({ platform }) => platform);
    assert.deepEqual((await of("p")).sort(), ["linux/amd64", "linux/arm64"]);
    // The same for both.
    assert.equal((await of("tool")).length, 1);
    await validateImage(join(space.store, "oci"));
  });

  it("squashes each, and what a stage says of itself counts", async () => {
    await using space = workspace();
    const flags = ["--squash", "--save-stages", "--stage-labels", "-t", "app"];
    await build(space, [...flags, "--unsetlabel=io.buildah.stage.base"]);
    for (const id of [await idOfStage(space, "Parent"), await idOfStage(space, "child"), "app"])
      assert.equal((await inspect(space, id)).config.rootfs.diff_ids.length, 1);
    assert.deepEqual(await labelsOf(space, "app"), ["5", undefined]);
    const text = "FROM app AS x\nLABEL io.buildah.stage.name=own\nRUN true\nFROM x\nRUN true\n";
    await build(space, ["--save-stages", "--stage-labels", "-t", "next"], text);
    const own = await idOfStage(space, "own");
    assert.deepEqual(await labelsOf(space, own), ["own", "app"]);
    assert.deepEqual(await labelsOf(space, "next"), ["1", hex(own)]);
    await validateImage(join(space.store, "oci"));
  });

  it("leaves what was done when a later stage fails", async () => {
    await using space = workspace();
    const text = "FROM busybox AS done\nRUN echo done > /done\nFROM done\nRUN false\n";
    const args = ["build", ...baseContexts("busybox"), "--network=none", "--save-stages"];
    await space.fail(1, [...args, "-t", "app", "-"], { input: text });
    const [done, ...others] = await images(space);
    assert.ok(done !== undefined && done.name === undefined && others.length === 0);
    assert.equal((await space.succeed(["run", done.id, "cat", "/done"])).stdout, "done\n");
  });

  it("needs to be there for --stage-labels", async () => {
    await using space = workspace();
    const { stderr } = await space.fail(2, ["build", "--stage-labels", "-"], {
      input: "FROM scratch\n",
    });
    assert.match(stderr, /--stage-labels requires --save-stages/);
  });
});

describe("an image without a name", () => {
  it("is named, run, and built on by its id, and goes when that is asked for", async () => {
    await using space = workspace();
    await build(space, ["--save-stages", "--stage-labels"]);
    // The image itself, too, since nothing else would keep it.
    assert.equal((await unnamed(space)).length, 4);
    const child = await idOfStage(space, "child");
    await space.succeed(["tag", child, "named"]);
    assert.equal((await unnamed(space)).length, 3);
    await space.succeed(["untag", "named"]);
    await space.succeed(["prune", "--force"]);
    await space.succeed(["prune", "--force", "--unnamed", "--keep-duration=1h"]);
    assert.equal((await unnamed(space)).length, 4);
    const short = hex(child).slice(0, 12);
    assert.equal((await space.succeed(["run", short, "cat", "/child"])).stdout, "child\n");
    await build(space, ["-t", "on"], `FROM ${child}\nRUN cat /parent /child > /both\n`);
    assert.equal((await space.succeed(["run", "on", "cat", "/both"])).stdout, "parent\nchild\n");
    const nameless = await space.fail(1, ["push", child]);
    assert.match(nameless.stderr, /has no name to be pushed under/);

    // What another tool lists, and the store does not have.
    const file = join(space.store, "oci/index.json");
    const index = JSON.parse(readFileSync(file, "utf8")) as { manifests: { digest: string }[] };
    const [entry] = index.manifests;
    const foreign = { ...entry, annotations: {}, digest: `sha256:${"0".repeat(64)}` };
    writeFileSync(file, JSON.stringify({ ...index, manifests: [...index.manifests, foreign] }));
    assert.equal((await unnamed(space)).length, 4);
    writeFileSync(file, JSON.stringify(index));

    await space.succeed(["untag", short]);
    assert.equal((await unnamed(space)).length, 3);
    // Its blobs are still there, but nothing keeps them.
    await space.fail(1, ["untag", short]);
    await space.succeed(["prune", "--force", "--unnamed"]);
    assert.deepEqual(
      (await images(space)).map(({ name }) => name),
      ["docker.io/library/on:latest"],
    );
    assert.equal((await space.succeed(["run", "on", "cat", "/both"])).stdout, "parent\nchild\n");
    await space.fail(1, ["inspect", child]);
    await space.fail(2, ["images", "--filter=size=1"]);
    await validateImage(join(space.store, "oci"));
  });
});
