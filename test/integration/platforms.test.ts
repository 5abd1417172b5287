// SPDX-License-Identifier: Apache-2.0
// Builds for several platforms at once. The stand-ins for foreign base images hold this machine's programs, so that RUN
// works without an emulator; what is looked at is who gets what.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { hostPlatform, formatPlatform, type Platform } from "#src/oci/index.js";
import { baseContexts, workspace } from "../support/runner.js";
import { validateImage } from "../support/validate.js";

const space = workspace();
const host = formatPlatform(hostPlatform());
/** This machine's and two others. */
const platforms = [
  host,
  ...["linux/arm64", "linux/riscv64", "linux/s390x"].filter((p) => p !== host),
].slice(0, 3);
const all = `--platform=${platforms.join(",")}`;
const base = join(space.directory, "base");

before(async () => {
  await space.succeed(
    ["build", ...baseContexts("busybox"), all, "-o", `type=oci,tar=false,dest=${base}`, "-"],
    {
      input:
        "FROM --platform=$BUILDPLATFORM busybox AS tools\nFROM scratch\nCOPY --from=tools / /\nENV PATH=/bin:/usr/bin\n",
    },
  );
});
after(async () => space[Symbol.asyncDispose]());

async function build(args: readonly string[], dockerfile: string): Promise<string> {
  const contexts = ["--build-context", `base=oci-layout://${base}`];
  const { stderr } = await space.succeed(
    ["build", ...contexts, "--network=none", "--progress=plain", all, ...args, "-"],
    { input: dockerfile },
  );
  return stderr;
}

/** The first platform's path in an export that is split. */
const directory = (platform: string): string => platform.replaceAll("/", "_");

describe("several platforms", () => {
  it("make an index with an image for each, in the order given", async () => {
    const file = join(space.directory, "out.tar");
    const metadata = join(space.directory, "metadata.json");
    const id = join(space.directory, "iid");
    await build(
      [
        "-t",
        "several",
        "-o",
        `type=oci,dest=${file}`,
        "--metadata-file",
        metadata,
        "--iidfile",
        id,
      ],
      "FROM base\nARG TARGETPLATFORM\nRUN echo $TARGETPLATFORM > /platform\n",
    );
    const images = await validateImage(file);
    assert.deepEqual(
      images.map(({ config }) => formatPlatform(config as unknown as Platform)),
      platforms,
    );
    assert.equal(new Set(images.map(({ digest }) => digest)).size, platforms.length);
    const told = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, unknown>;
    assert.equal(told["containerimage.digest"], readFileSync(id, "utf8"));
    assert.equal(told["containerimage.config.digest"], undefined);
    assert.equal(
      (told["containerimage.descriptor"] as { mediaType: string }).mediaType,
      "application/vnd.oci.image.index.v1+json",
    );
  });
  it("run a step once that is the same for all of them", async () => {
    const log = await build(
      ["-o", "type=local,dest=shared"],
      `FROM --platform=$BUILDPLATFORM base AS tool
ARG BUILDPLATFORM
RUN echo built on $BUILDPLATFORM | tee /made
FROM base AS own
ARG TARGETARCH
RUN echo own of $TARGETARCH | tee /own
FROM scratch
COPY --from=tool /made /
COPY --from=own /own /
`,
    );
    const lines = log.split("\n");
    assert.equal(lines.filter((line) => line.endsWith(` built on ${host}`)).length, 1, log);
    for (const platform of platforms) {
      const [, architecture = ""] = platform.split("/");
      assert.ok(
        lines.some((line) => line.includes(`[${platform} own 2/2] RUN echo own`)),
        log,
      );
      const at = join(space.directory, "shared", directory(platform));
      assert.equal(readFileSync(join(at, "made"), "utf8"), `built on ${host}\n`);
      assert.equal(readFileSync(join(at, "own"), "utf8"), `own of ${architecture}\n`);
    }
  });
  it("are directories of one archive, hard links within each", async () => {
    const file = join(space.directory, "trees.tar");
    await build(
      ["-o", `type=tar,dest=${file}`],
      "FROM base AS b\nARG TARGETARCH\nRUN mkdir /out && echo $TARGETARCH > /out/a && ln /out/a /out/b\nFROM scratch\nCOPY --from=b /out/ /\n",
    );
    const to = join(space.directory, "trees");
    execFileSync("sh", ["-c", 'mkdir "$1" && tar -xf "$0" -C "$1"', file, to]);
    assert.deepEqual(readdirSync(to).sort(), platforms.map(directory).sort());
    for (const platform of platforms) {
      const [, architecture = ""] = platform.split("/");
      assert.deepEqual(readdirSync(join(to, directory(platform))), ["a", "b"]);
      assert.equal(readFileSync(join(to, directory(platform), "b"), "utf8"), `${architecture}\n`);
      // No machine's clock is in it.
      assert.equal(statSync(join(to, directory(platform))).mtimeMs, 0);
    }
  });
  it("stay in the store under one name, from which each is taken", async () => {
    await build(["-t", "kept:1"], "FROM base\nARG TARGETPLATFORM\nENV FOR=$TARGETPLATFORM\n");
    const { stdout } = await space.succeed(["images", "--format", "json"]);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; platform: string });
    const kept = rows.find(({ name }) => name.endsWith("/kept:1"));
    assert.equal(kept?.platform, platforms.join(","));
    await space.succeed(["prune", "--all", "--force"]);
    for (const platform of platforms) {
      const out = join(space.directory, `child-${directory(platform)}.tar`);
      await space.succeed(["build", "--platform", platform, "-o", `type=oci,dest=${out}`, "-"], {
        input: "FROM kept:1\nLABEL child=1\n",
      });
      const [image] = await validateImage(out);
      assert.ok((image?.config["config"] as { Env: string[] }).Env.includes(`FOR=${platform}`));
    }
    assert.equal(
      (await space.succeed(["run", "--network=none", "kept:1", "sh", "-c", "echo $FOR"])).stdout,
      `${host}\n`,
    );
  });
  it("are all built, or nothing is written", async () => {
    const file = join(space.directory, "half.tar");
    const { stderr } = await space.fail(
      1,
      [
        "build",
        "--build-context",
        `base=oci-layout://${base}`,
        "--network=none",
        all,
        "-o",
        `type=oci,dest=${file}`,
        "-",
      ],
      { input: `FROM base\nARG TARGETPLATFORM\nRUN test $TARGETPLATFORM = ${host}\n` },
    );
    assert.match(stderr, /RUN test/);
    assert.ok(!readdirSync(space.directory).includes("half.tar"));
  });
  it("are no image for Docker's archive", async () => {
    const { stderr } = await space.fail(1, ["build", all, "-o", "type=docker,dest=x.tar", "-"], {
      input: "FROM scratch\nLABEL a=1\n",
    });
    assert.match(stderr, /one platform only/);
  });
  it("may differ in the version of the system alone", async () => {
    const both = "--platform=windows(1.2.3)/amd64,windows(1.1.0)/amd64";
    const file = join(space.directory, "versions.tar");
    const out = join(space.directory, "versions");
    await space.succeed(["build", both, "-o", `type=oci,dest=${file}`, "-o", out, "-"], {
      input: "FROM scratch\nARG TARGETPLATFORM\nCOPY <<a /p\n$TARGETPLATFORM\na\n",
    });
    for (const version of ["1.2.3", "1.1.0"]) {
      const name = `windows(${version})`;
      assert.equal(readFileSync(join(out, `${name}_amd64/p`), "utf8"), `${name}/amd64\n`);
    }
    const index = execFileSync("tar", ["-xOf", file, "index.json"], { encoding: "utf8" });
    assert.match(index, /image\.index/);
  });
  it("can be one: repeated, or asked for by BUILDKIT_MULTI_PLATFORM", async () => {
    const dockerfile = { input: "FROM scratch\nLABEL a=1\n" };
    const out = join(space.directory, "one.tar");
    const args = ["build", "--platform", "local", "--platform", host, "-o", `type=oci,dest=${out}`];
    const mediaType = async (): Promise<string | undefined> => {
      const text = execFileSync("tar", ["-xOf", out, "index.json"], { encoding: "utf8" });
      const { manifests } = JSON.parse(text) as { manifests: { mediaType: string }[] };
      await validateImage(out);
      return manifests[0]?.mediaType;
    };
    await space.succeed([...args, "-"], dockerfile);
    assert.equal(await mediaType(), "application/vnd.oci.image.manifest.v1+json");
    await space.succeed([...args, "--build-arg=BUILDKIT_MULTI_PLATFORM=1", "-"], dockerfile);
    assert.equal(await mediaType(), "application/vnd.oci.image.index.v1+json");
    await space.fail(1, [...args, "--build-arg=BUILDKIT_MULTI_PLATFORM=maybe", "-"], dockerfile);
  });
  it("get index annotations, and an identical index the second time", async () => {
    const digests: string[] = [];
    for (const name of ["first", "second"]) {
      const out = join(space.directory, `${name}.tar`);
      const metadata = join(space.directory, `${name}.json`);
      await build(
        ["--annotation=index:a=b", "-o", `type=oci,dest=${out}`, "--metadata-file", metadata],
        "FROM base\nRUN echo x > /x\n",
      );
      const told = JSON.parse(readFileSync(metadata, "utf8")) as Record<string, string>;
      const digest = told["containerimage.digest"] ?? "";
      const path = `blobs/sha256/${digest.slice(7)}`;
      const index = execFileSync("tar", ["-xOf", out, path], { encoding: "utf8" });
      assert.deepEqual((JSON.parse(index) as { annotations: unknown }).annotations, { a: "b" });
      digests.push(digest);
    }
    assert.equal(digests[0], digests[1]);
  });
});
