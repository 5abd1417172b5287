// SPDX-License-Identifier: Apache-2.0
// Images of one layer, or of one layer more than their base, and images that are added to an index of the store.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { baseContexts, workspace } from "../support/runner.js";

const space = workspace();
before(async () => {
  await space.succeed(["build", ...baseContexts("busybox"), "--network=none", "-t", "base", "-"], {
    input: `FROM busybox
RUN mkdir /kept /emptied /gone && touch /kept/a /kept/b /emptied/x /gone/y && echo same > /file
RUN echo one > /linked && ln /linked /twin && ln -s file /symlink
`,
  });
});
after(async () => space[Symbol.asyncDispose]());

interface Image {
  readonly id: string;
  readonly platform: string;
  readonly manifest: { readonly layers: readonly { readonly digest: string }[] };
  readonly index?: { readonly manifests: readonly { readonly digest: string }[] };
  readonly config: {
    readonly architecture: string;
    readonly rootfs: { readonly diff_ids: readonly string[] };
    readonly history: readonly { readonly created_by: string; readonly empty_layer?: true }[];
  };
}

async function inspect(name: string): Promise<Image> {
  return JSON.parse((await space.succeed(["inspect", name])).stdout) as Image;
}

const dockerfile = `FROM base
RUN rm /kept/a && rm -r /gone && rm -r /emptied && mkdir /emptied && touch /emptied/new && echo first > /changed
RUN echo second > /changed && touch /short-lived
COPY <<EOF /short-lived
EOF
RUN rm /short-lived && ln /changed /changed-too
ENV A=b
`;

async function build(name: string, ...flags: string[]): Promise<Image> {
  await space.succeed(["build", "--network=none", "-t", name, ...flags, "-"], {
    input: dockerfile,
  });
  return inspect(name);
}

/** What a shell in the image says of its files. */
async function filesOf(name: string): Promise<string> {
  const look =
    "cd / && find bin etc kept emptied gone file linked twin symlink changed changed-too short-lived 2>/dev/null | sort > /tmp/names; xargs stat -c '%n %a %F %s' < /tmp/names; cd /bin && stat -c '%n %h' * /linked /changed; cat /changed; md5sum busybox";
  return (await space.succeed(["run", "--network=none", name, "sh", "-c", look])).stdout;
}

describe("an image", () => {
  it("has one layer more than its base with --layers=false, and the same files", async () => {
    const base = await inspect("base");
    const plain = await build("plain");
    const one = await build("one", "--layers=false");
    const { rootfs, history } = one.config;
    assert.deepEqual(rootfs.diff_ids.slice(0, -1), base.config.rootfs.diff_ids);
    assert.equal(
      history.filter((entry) => entry.empty_layer !== true).length,
      rootfs.diff_ids.length,
    );
    assert.deepEqual(
      history.map((entry) => entry.created_by),
      plain.config.history.map((entry) => entry.created_by),
    );
    assert.equal(await filesOf("one"), await filesOf("plain"));
    assert.equal((await build("again", "--layers=false")).id, one.id);
  });
  it("has that layer for what is new, and nothing else", async () => {
    const output = join(space.directory, "new");
    await space.succeed(
      ["build", "--network=none", "--layers=false", "-o", `type=oci,tar=false,dest=${output}`, "-"],
      { input: dockerfile },
    );
    const { manifest } = await inspect("one");
    const blob = join(output, "blobs", (manifest.layers.at(-1)?.digest ?? "").replace(":", "/"));
    const names = execFileSync("tar", ["tzf", blob], { encoding: "utf8" }).trim().split("\n");
    assert.deepEqual(names.toSorted(), [
      ".wh.gone",
      "changed",
      "changed-too",
      "emptied/",
      "emptied/.wh.x",
      "emptied/new",
      "kept/",
      "kept/.wh.a",
    ]);
  });
  it("has one layer and no history of its base with --squash", async () => {
    const { config } = await build("squashed", "--squash");
    assert.equal(config.rootfs.diff_ids.length, 1);
    assert.equal(config.history.length, 5);
    assert.equal(config.history.filter((entry) => entry.empty_layer !== true).length, 1);
    assert.equal(await filesOf("squashed"), await filesOf("plain"));
    await space.succeed(["build", "--squash", "-t", "only", "-"], { input: "FROM base\n" });
    assert.equal((await inspect("only")).config.rootfs.diff_ids.length, 1);
  });
  it("can be squashed to nothing", async () => {
    await space.succeed(["build", "--squash", "-t", "none", "-"], {
      input: "FROM scratch\nLABEL a=b\n",
    });
    assert.deepEqual((await inspect("none")).config.rootfs.diff_ids, []);
  });
});

describe("--manifest", () => {
  const add = (platform: string, label: string): Promise<unknown> =>
    space.succeed(
      ["build", `--platform=${platform}`, `--label=l=${label}`, "--manifest", "list", "-"],
      { input: "FROM scratch\n" },
    );
  it("adds images to an index, begins it, and replaces one of the same platform", async () => {
    await Promise.all([add("linux/amd64", "1"), add("linux/arm64", "1")]);
    const { platform, index } = await inspect("list");
    assert.deepEqual(platform.split(",").toSorted(), ["linux/amd64", "linux/arm64"]);
    await add("linux/amd64,linux/s390x", "2");
    const later = await inspect("list");
    assert.equal(later.platform, "linux/arm64,linux/amd64,linux/s390x");
    assert.ok(index?.manifests.some(({ digest }) => digest === later.index?.manifests[0]?.digest));
  });
  it("takes no image's name", async () => {
    const { stderr } = await space.fail(1, ["build", "--debug", "--manifest", "base", "-"], {
      input: "FROM scratch\nLABEL a=b\n",
    });
    assert.match(stderr, /BUILD_NOT_AN_INDEX/);
    await space.fail(1, ["build", "--manifest", "list", "-o", "out", "-"], {
      input: "FROM scratch\n",
    });
  });
});

describe("--all-platforms", () => {
  it("builds for what all base images are for", async () => {
    for (const [name, platforms] of [
      ["three", "linux/amd64,linux/arm64,linux/s390x"],
      ["two", "linux/s390x,linux/arm64"],
    ] as const)
      await space.succeed(["build", `--platform=${platforms}`, "-t", name, "-"], {
        input: "FROM scratch\nCOPY <<EOF /file\ntext\nEOF\n",
      });
    await space.succeed(["build", "--all-platforms", "-t", "all", "-"], {
      input: "FROM three AS a\nFROM two\nCOPY --from=a /file /copied\n",
    });
    assert.equal((await inspect("all")).platform, "linux/arm64,linux/s390x");
    // Layouts and other names that stand for images count as much.
    await space.succeed(
      ["build", "--platform=linux/amd64,linux/s390x", "-o", "type=oci,dest=pair,tar=false", "-"],
      { input: "FROM scratch\nLABEL a=b\n" },
    );
    const contexts = ["pair=oci-layout://pair", "other=docker-image://three"];
    await space.succeed(
      [
        ...["build", "--all-platforms", "-t", "layouts", "-"],
        ...contexts.map((context) => `--build-context=${context}`),
      ],
      { input: "FROM other AS a\nFROM pair\nCOPY --from=a /file /copied\n" },
    );
    assert.equal((await inspect("layouts")).platform, "linux/amd64,linux/s390x");
    const { stderr } = await space.fail(1, ["build", "--debug", "--all-platforms", "-"], {
      input: "FROM scratch\n",
    });
    assert.match(stderr, /BUILD_NO_PLATFORMS/);
  });
});

describe("--platform", () => {
  it("says what the image is for, whatever it was built from", async () => {
    await space.succeed(
      ["build", ...baseContexts("busybox"), "--platform=linux/riscv64", "-t", "made", "-"],
      { input: "FROM --platform=$BUILDPLATFORM busybox\n" },
    );
    assert.equal((await inspect("made")).config.architecture, "riscv64");
  });
});
