// SPDX-License-Identifier: Apache-2.0
// Caches outside the store: what one machine built, another takes over. A machine is a store of its own here.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { RegistryServer } from "../support/registry-server.js";
import { cacheBuilds, cachedSteps, forgeLayers, ran } from "../support/cache-builds.js";
import { baseContexts, workspace } from "../support/runner.js";
import type { RawEntry } from "../support/tar-builder.js";
import { validateImage } from "../support/validate.js";

const space = workspace();
const { machine, build, digestOf } = cacheBuilds(space);
let server: RegistryServer;
before(async () => {
  server = await RegistryServer.start();
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await space[Symbol.asyncDispose]();
});

const sha256 = (bytes: Buffer): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

describe("a cache in a directory", () => {
  it("gives another machine the image, to the byte, without running anything", async () => {
    const first = await build(machine(), [
      "-o",
      "type=oci,dest=a.tar",
      "--cache-to",
      "type=local,dest=cache",
    ]);
    assert.equal(ran(first).length, 5, first.stderr);
    const second = await build(machine(), [
      "-o",
      "type=oci,dest=b.tar",
      "--cache-from",
      "type=local,src=cache",
    ]);
    assert.deepEqual(ran(second), []);
    assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
  });
  it("gives files to steps that are new", async () => {
    const result = await build(
      machine(),
      ["-o", "type=local,dest=tree", "--cache-from", "type=local,src=cache"],
      `${cachedSteps}RUN cat /file /tool > /both\n`,
    );
    assert.equal(ran(result).length, 1, result.stderr);
    assert.equal(readFileSync(join(space.directory, "tree/both"), "utf8"), "content\ntool\n");
  });
  it("has the steps of the image only, and with mode=max all others", async () => {
    const changed = cachedSteps.replace(
      "COPY --from=tool /tool",
      "COPY --from=tool --chmod=600 /tool",
    );
    const least = await build(machine(), ["--cache-from", "type=local,src=cache"], changed);
    assert.ok(
      ran(least).some((name) => name.includes("RUN echo tool")),
      least.stderr,
    );
    await build(machine(), ["--cache-to", "type=local,dest=max,mode=max"]);
    const most = await build(machine(), ["--cache-from", "type=local,src=max"], changed);
    assert.equal(ran(most).length, 2, most.stderr);
  });
  it("is whole when the build that writes it ran nothing itself", async () => {
    const store = machine();
    await build(store, []);
    await build(store, ["--cache-to", "type=local,dest=late,mode=max"]);
    const other = await build(machine(), ["--cache-from", "type=local,src=late"]);
    assert.deepEqual(ran(other), []);
    // And from a cache into a cache, without files in between.
    const third = machine();
    await build(third, [
      "--cache-from",
      "type=local,src=late",
      "--cache-to",
      "type=local,dest=copied,mode=max",
    ]);
    assert.deepEqual(ran(await build(machine(), ["--cache-from", "type=local,src=copied"])), []);
  });
  it("is kept by tag, beside others", async () => {
    await build(
      machine(),
      ["--cache-to", "type=local,dest=tags,tag=one"],
      "FROM busybox\nRUN echo 1 > /x\n",
    );
    await build(
      machine(),
      ["--cache-to", "type=local,dest=tags,tag=two,compression=zstd"],
      "FROM busybox\nRUN echo 2 > /x\n",
    );
    const text = "FROM busybox\nRUN echo 1 > /x\n";
    assert.deepEqual(
      ran(await build(machine(), ["--cache-from", "type=local,src=tags,tag=one"], text)),
      [],
    );
    const wrong = await build(machine(), ["--cache-from", "type=local,src=tags,tag=two"], text);
    assert.equal(ran(wrong).length, 1);
    const none = await build(machine(), ["--cache-from", "type=local,src=tags"], text);
    assert.match(none.stderr, /WARNING: the cache .* is not used: .* no tag latest/);
  });
  it("loses what none of its tags needs, if that is asked for", async () => {
    const outside = join(space.directory, "outside");
    const blobs = join(space.directory, "reset/blobs");
    const of = (text: string): string => `FROM busybox\nRUN echo ${text} > /x\n`;
    const to = (more: string): string[] => ["--cache-to", `type=local,dest=reset${more}`];
    const count = (): number => readdirSync(join(blobs, "sha256")).length;
    await build(machine(), to(",tag=other"), of("0"));
    await build(machine(), to(""), of("1"));
    const before = count();
    const victim = "a".repeat(64);
    mkdirSync(outside);
    writeFileSync(join(outside, victim), "");
    symlinkSync(outside, join(blobs, "sha512"));
    await build(machine(), to(""), of("2"));
    assert.ok(count() > before);
    await build(machine(), to(",reset=true"), of("2"));
    assert.equal(count(), before);
    assert.deepEqual(readdirSync(outside), [victim]);
    for (const [tag, text] of [
      ["other", "0"],
      ["latest", "2"],
    ] as const) {
      const from = ["--cache-from", `type=local,src=reset,tag=${tag}`];
      assert.deepEqual(ran(await build(machine(), from, of(text))), []);
    }
    // What cannot be read may need everything.
    const kept = count();
    const index = join(space.directory, "reset/index.json");
    const text = readFileSync(index, "utf8");
    writeFileSync(
      index,
      text.replace(/"digest":"sha256:....../, `"digest":"sha256:${"0".repeat(6)}`),
    );
    const { stderr } = await build(machine(), to(",reset=true"), of("3"));
    assert.match(stderr, /WARNING: what .*reset no longer needs was not removed/);
    assert.ok(count() > kept);
  });
  it("is an index of blobs with Docker's media types, if that is asked for", async () => {
    await build(machine(), ["--cache-to", "type=local,dest=docker,oci-mediatypes=false,mode=max"]);
    const read = (path: string): { manifests: { mediaType: string; digest: string }[] } =>
      JSON.parse(readFileSync(join(space.directory, "docker", path), "utf8")) as never;
    const [top] = read("index.json").manifests;
    assert.equal(top?.mediaType, "application/vnd.docker.distribution.manifest.list.v2+json");
    const types = read(join("blobs", top.digest.replace(":", "/"))).manifests.map(
      ({ mediaType }) => mediaType,
    );
    assert.deepEqual([...new Set(types)].sort(), [
      "application/vnd.buildkit.cacheconfig.v0",
      "application/vnd.docker.image.rootfs.diff.tar.gzip",
    ]);
    const other = await build(machine(), ["--cache-from", "type=local,src=docker"]);
    assert.deepEqual(ran(other), []);
  });
  it("is not asked for what the store has, nor for what --no-cache runs", async () => {
    const store = machine();
    await build(store, []);
    const quiet = await build(store, ["--cache-from", "type=local,src=cache"]);
    assert.doesNotMatch(quiet.stderr, /importing/);
    const anew = await build(machine(), ["--no-cache", "--cache-from", "type=local,src=cache"]);
    assert.equal(ran(anew).length, 5);
  });
  it("gives nothing that was made longer ago than --cache-ttl", async () => {
    const from = ["--cache-from", "type=local,src=cache"];
    assert.deepEqual(ran(await build(machine(), [...from, "--cache-ttl=1h"])), []);
    const store = machine();
    // Even when it was imported a moment ago.
    await build(store, from);
    const age = Math.floor(Date.now() - statSync(join(space.directory, "cache")).mtimeMs);
    assert.ok(age > 0);
    for (const root of [machine(), store])
      assert.equal(ran(await build(root, [...from, `--cache-ttl=${age}ms`])).length, 5);
  });
  it("does not make a changed file's copy a hit", async () => {
    writeFileSync(join(space.directory, "context/file"), "changed\n");
    try {
      const result = await build(machine(), [
        "-o",
        "type=local,dest=changed",
        "--cache-from",
        "type=local,src=cache",
      ]);
      assert.equal(readFileSync(join(space.directory, "changed/file"), "utf8"), "changed\n");
      assert.ok(ran(result).length >= 2, result.stderr);
    } finally {
      writeFileSync(join(space.directory, "context/file"), "content\n");
    }
  });
  it("is for every platform of a build", async () => {
    const text = `FROM --platform=$BUILDPLATFORM busybox AS b
ARG TARGETARCH
RUN echo $TARGETARCH > /arch
FROM scratch
COPY --from=b /arch /
`;
    const platforms = "--platform=linux/amd64,linux/arm64";
    await build(machine(), [platforms, "--cache-to", "type=local,dest=multi,mode=max"], text);
    const other = await build(
      machine(),
      [platforms, "-o", "type=local,dest=multi-out", "--cache-from", "type=local,src=multi"],
      text,
    );
    assert.deepEqual(ran(other), []);
    assert.equal(
      readFileSync(join(space.directory, "multi-out/linux_arm64/arch"), "utf8"),
      "arm64\n",
    );
  });
});

describe("a cache that is not what it says", () => {
  /** Blobs of the cache that are archives. */
  const blobs = (directory: string): string[] =>
    readdirSync(join(space.directory, directory, "blobs/sha256"))
      .map((name) => join(space.directory, directory, "blobs/sha256", name))
      .filter((path) =>
        readFileSync(path)
          .subarray(0, 2)
          .equals(Buffer.from([0x1f, 0x8b])),
      );

  it("costs time, and nothing else: damaged layers", async () => {
    cpSync(join(space.directory, "cache"), join(space.directory, "bad"), { recursive: true });
    for (const path of blobs("bad")) {
      const bytes = readFileSync(path);
      bytes.writeUInt8(bytes.readUInt8(20) ^ 1, 20);
      writeFileSync(path, bytes);
    }
    const store = machine();
    const result = await build(store, [
      "-o",
      "type=local,dest=good",
      "--cache-from",
      "type=local,src=bad",
    ]);
    assert.match(result.stderr, /WARNING: a cached step is run/);
    assert.equal(readFileSync(join(space.directory, "good/file"), "utf8"), "content\n");
    assert.equal(ran(result).length, 5, result.stderr);
    await space.succeed(["prune", "--all", "--force"], { env: { TSBUILD_ROOT: store } });
  });
  it("costs time, and nothing else: layers that are missing, and no cache at all", async () => {
    cpSync(join(space.directory, "cache"), join(space.directory, "gone"), { recursive: true });
    for (const path of blobs("gone")) rmSync(path);
    for (const from of [
      "type=local,src=gone",
      "type=local,src=nowhere",
      "type=local,src=context",
    ]) {
      const result = await build(machine(), ["--cache-from", from]);
      assert.match(result.stderr, /WARNING/);
      assert.equal(ran(result).length, 5, result.stderr);
    }
  });
  it("costs time, and nothing else: archives that cannot be unpacked", async () => {
    const text = "FROM busybox\nRUN echo a > /a\nRUN cat /a > /b && echo NEW\n";
    const archives: Readonly<Record<string, RawEntry>> = {
      "known at once": { name: "../x", content: "" },
      "known when they are needed": { name: "a", type: "1", link: "nowhere" },
    };
    for (const [name, entry] of Object.entries(archives)) {
      const cache = join(space.directory, name);
      const to = ["--cache-to", `type=local,dest=${cache},mode=max`];
      await build(machine(), to, text.replace(" && echo NEW", ""));
      forgeLayers(cache, entry);
      const store = machine();
      // Not from standard input, which could not be read again.
      writeFileSync(join(space.directory, "context/Dockerfile"), text);
      const from = ["--network=none", "--cache-from", `type=local,src=${cache}`];
      const { stderr } = await space.succeed(
        [...baseContexts("busybox"), ...from, "-o", "made", "context"],
        {
          env: { TSBUILD_ROOT: store },
        },
      );
      assert.match(stderr, /WARNING: a cached step is run/);
      assert.equal(readFileSync(join(space.directory, "made/b"), "utf8"), "a\n");
      assert.equal(ran(await build(store, [], text)).length, 0);
    }
  });
  it("cannot give a layer that unpacks to something else", async () => {
    // The layers of two steps exchanged, with digests that are right: the diffIDs are not.
    cpSync(join(space.directory, "cache"), join(space.directory, "swapped"), { recursive: true });
    const index = join(space.directory, "swapped/index.json");
    const blob = (digest: string): string =>
      join(space.directory, "swapped/blobs/sha256", digest.slice(7));
    const put = (value: unknown): { digest: string; size: number } => {
      const bytes = Buffer.from(JSON.stringify(value));
      const digest = sha256(bytes);
      writeFileSync(blob(digest), bytes);
      return { digest, size: bytes.length };
    };
    type Part = { digest: string; size: number };
    const top = JSON.parse(readFileSync(index, "utf8")) as { manifests: Part[] };
    const [entry] = top.manifests;
    assert.ok(entry !== undefined);
    const manifest = JSON.parse(readFileSync(blob(entry.digest), "utf8")) as { config: Part };
    const document = JSON.parse(readFileSync(blob(manifest.config.digest), "utf8")) as {
      layers: { blob: string; annotations: object }[];
    };
    const [last, before_] = [document.layers.at(-1), document.layers.at(-2)];
    assert.ok(last !== undefined && before_ !== undefined);
    [last.blob, before_.blob] = [before_.blob, last.blob];
    Object.assign(manifest.config, put(document));
    Object.assign(entry, put(manifest));
    writeFileSync(index, JSON.stringify(top));
    const result = await build(machine(), [
      "-o",
      "type=oci,dest=swap.tar",
      "--cache-from",
      "type=local,src=swapped",
    ]);
    assert.match(result.stderr, /WARNING: a cached step is run, .* diffID/);
    await validateImage(join(space.directory, "swap.tar"));
  });
});

describe("a cache at a registry", () => {
  it("is an image of its own, or an index of blobs", async () => {
    for (const form of ["", ",image-manifest=false", ",oci-mediatypes=false"]) {
      const ref = `${server.host}/caches/app:c${form.length}`;
      await build(machine(), [
        "-o",
        "type=oci,dest=a.tar",
        "--cache-to",
        `type=registry,ref=${ref},mode=max${form}`,
      ]);
      const other = await build(machine(), ["-o", "type=oci,dest=b.tar", "--cache-from", ref]);
      assert.deepEqual(ran(other), [], other.stderr);
      assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
    }
  });
  it("may be missing, or the registry", async () => {
    for (const from of [`${server.host}/caches/none`, "127.0.0.1:1/x"]) {
      const result = await build(machine(), ["--cache-from", from]);
      assert.match(result.stderr, /WARNING: the cache .* is not used/);
      assert.equal(ran(result).length, 5);
    }
  });
  it("that cannot be written fails the build, unless that is to be ignored", async () => {
    const args = ["build", ...baseContexts("busybox"), "--network=none", "-f", "-", "context"];
    const to = "type=registry,ref=127.0.0.1:1/x";
    const options = { input: "FROM busybox\nRUN echo 1 > /x\n" };
    const { stderr } = await space.fail(1, [...args, "--cache-to", to], options);
    assert.match(stderr, /127\.0\.0\.1:1/);
    const ignored = await space.succeed(
      [...args, "--cache-to", `${to},ignore-error=true`],
      options,
    );
    assert.match(ignored.stderr, /WARNING: the cache .* was not written/);
  });
  it("can be in the image itself, which a child does not inherit", async () => {
    const ref = `${server.host}/app:v1`;
    await build(machine(), [
      "-t",
      ref,
      "--push",
      "--cache-to",
      "type=inline",
      "-o",
      "type=oci,dest=a.tar",
    ]);
    const other = await build(machine(), [
      "-o",
      "type=oci,dest=b.tar",
      "--cache-from",
      ref,
      "--build-arg=BUILDKIT_INLINE_CACHE=1",
    ]);
    const steps = ran(other);
    assert.deepEqual(steps, [], other.stderr);
    assert.equal(await digestOf("b.tar"), await digestOf("a.tar"));
    const child = await build(
      machine(),
      ["-o", "type=oci,dest=child.tar"],
      `FROM ${ref}\nLABEL a=1\n`,
    );
    assert.equal(child.code, 0);
    const [image] = await validateImage(join(space.directory, "child.tar"));
    assert.equal(image?.config["moby.buildkit.cache.v0"], undefined);
    const [own] = await validateImage(join(space.directory, "a.tar"));
    assert.equal(typeof own?.config["moby.buildkit.cache.v0"], "string");
  });
  it("is no cache when the image has none", async () => {
    const ref = `${server.host}/plain:v1`;
    await build(machine(), ["-t", ref, "--push"], "FROM busybox\nRUN echo 1 > /x\n");
    const { stderr } = await build(machine(), ["--cache-from", ref]);
    assert.match(stderr, /WARNING: .* an image without a cache/);
  });
});

describe("flags of caches", () => {
  it("are checked before anything is built", async () => {
    const wrong = [
      ["--cache-to", "type=nothing"],
      ["--cache-to", "type=local"],
      ["--cache-to", "type=local,dest=x,mode=some"],
      ["--cache-to", "type=local,dest=x,comperssion=gzip"],
      ["--cache-to", "type=local,dest=x,reset=maybe"],
      ["--cache-to", "type=local,dest=x,oci-mediatypes=false,image-manifest=true"],
      ["--cache-to", "type=inline,mode=some"],
      ["--cache-from", "type=inline"],
      ["--cache-from", "type=registry"],
      ["--cache-from", "type=local,src=x,digest=y"],
      ["--cache-from", "dest=x"],
      ["--cache-from", "type=s3,region=x"],
      ["--cache-to", "type=s3,region=x,bucket=b,prefix=../x"],
      ["--cache-to", "type=s3,region=x,bucket=b,upload_parallelism=0"],
      ["--cache-to", "type=azblob,container=x"],
      ["--cache-to", "type=azblob,account_url=https://a.blob.core.windows.net,secret_access_key=?"],
    ];
    for (const flags of wrong)
      await space.fail(1, ["build", ...flags, "-"], { input: "FROM scratch\nLABEL a=1\n" });
  });

  it("may ask an inline cache for all steps, and are told that it has none but the image's", async () => {
    const { stderr } = await space.succeed(["build", "--cache-to", "type=inline,mode=max", "-"], {
      input: "FROM scratch\nLABEL a=1\n",
    });
    assert.match(stderr, /WARNING: an inline cache has the layers of the image only/);
  });
});
