// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, it } from "node:test";
import { TsbuildError } from "#src/base/index.js";
import {
  createExporter,
  parseAnnotation,
  parseOutput,
  type ExportInput,
  type ExportResult,
} from "#src/export/index.js";
import {
  encodeIndex,
  encodeManifest,
  mediaTypes,
  parseManifest,
  parsePlatform,
  parseReference,
  type Descriptor,
  type Digest,
} from "#src/oci/index.js";
import { createRegistryClient } from "#src/registry/index.js";
import { openStore, type Store } from "#src/store/index.js";
import { makeImage, type MadeImage } from "../../support/image.js";
import { RegistryServer } from "../../support/registry-server.js";
import { validateImage } from "../../support/validate.js";

let cwd: string;
const warnings: string[] = [];
let store: Store;
let stdout: PassThrough;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "tsbuild-export-"));
  store = await openStore({
    root: join(cwd, "store"),
    // One test damages a blob, and the store says so.
    onWarning: (message) => {
      warnings.push(message);
    },
  });
  stdout = new PassThrough({ highWaterMark: 2 ** 24 });
});
afterEach(async () => {
  await store.close();
  await rm(cwd, { recursive: true });
});

const contents = [Buffer.from("hello"), randomBytes(100_000)];

/** Puts an image into the store and describes its manifest. */
async function stored(image: MadeImage): Promise<Descriptor> {
  for (const { bytes } of [image.manifest, image.config, ...image.layers])
    await store.blobs.writeBytes(bytes);
  return {
    mediaType: image.manifest.mediaType,
    digest: image.manifest.digest as Digest,
    size: image.manifest.bytes.length,
  };
}

async function run(
  output: string,
  input: Partial<ExportInput> = {},
  annotations: string[] = [],
): Promise<ExportResult> {
  const exporter = createExporter(parseOutput(output), {
    cwd,
    annotations: annotations.flatMap((text) => parseAnnotation(text)),
  });
  const image = input.image ?? { manifest: await stored(makeImage(contents)) };
  return await exporter.export(
    { names: [], store, image, ...input },
    { signal: new AbortController().signal, stdout },
  );
}

const names = (...texts: string[]) => texts.map((text) => parseReference(text));
const left = async (): Promise<string[]> =>
  (await readdir(cwd)).filter((name) => name !== "store").sort();

async function twoPlatforms(): Promise<ExportInput["image"]> {
  const arms = await stored(
    makeImage([Buffer.from("arm")], { os: "linux", architecture: "arm64" }),
  );
  const amd = await stored(makeImage([Buffer.from("amd")]));
  const index = encodeIndex({
    manifests: [
      { ...amd, platform: parsePlatform("linux/amd64") },
      { ...arms, platform: parsePlatform("linux/arm64") },
    ],
  });
  await store.blobs.writeBytes(index.bytes);
  return { manifest: amd, index: index.descriptor };
}

describe("type=oci", () => {
  it("writes an archive that is a valid layout, with one entry per name", async () => {
    const result = await run("type=oci,dest=out.tar", {
      names: names("app:v1", "quay.io/x/app:v2", "app:v1"),
    });
    const [image, ...more] = await validateImage(join(cwd, "out.tar"));
    assert.equal(more.length, 0);
    assert.deepEqual(image?.names, ["docker.io/library/app:v1", "quay.io/x/app:v2"]);
    assert.equal(result.descriptor?.digest, image.digest);
    assert.equal(result.configDigest, image.manifest.config.digest);
    assert.equal(result.path, join(cwd, "out.tar"));
    assert.deepEqual(await left(), ["out.tar"]);
  });

  it("writes the same bytes for the same image", async () => {
    await run("type=oci,dest=a.tar", { names: names("app") });
    await run("type=oci,dest=b.tar", { names: names("app") });
    assert.ok((await readFile(join(cwd, "a.tar"))).equals(await readFile(join(cwd, "b.tar"))));
    const listing = execFileSync("tar", ["-tvf", join(cwd, "a.tar"), "--utc"], {
      encoding: "utf8",
    });
    const lines = listing.trim().split("\n");
    assert.ok(
      lines.every((line) => / 0\/0 .* 1970-01-01 00:00 /.test(line)),
      listing,
    );
    const entries = lines.map((line) => line.split(" ").at(-1));
    assert.deepEqual(entries.slice(2), [...entries.slice(2)].sort());
  });

  it("writes to stdout", async () => {
    const result = await run("type=oci,dest=-");
    assert.equal(result.path, undefined);
    stdout.end();
    await writeFile(join(cwd, "piped.tar"), stdout);
    assert.equal((await validateImage(join(cwd, "piped.tar"))).length, 1);
  });

  it("writes a directory, and adds to one that is there", async () => {
    await run("type=oci,tar=false,dest=dir", { names: names("app:v1") });
    const other = { manifest: await stored(makeImage([Buffer.from("other")])) };
    await run("type=oci,tar=false,dest=dir", { names: names("app:v2"), image: other });
    await run("type=oci,tar=false,dest=dir", { names: names("app:v3") });
    const images = await validateImage(join(cwd, "dir"));
    assert.deepEqual(
      images.map((image) => image.names),
      [["docker.io/library/app:v1", "docker.io/library/app:v3"], ["docker.io/library/app:v2"]],
    );
    await run("type=oci,tar=false,dest=dir", { names: names("app:v1"), image: other });
    const index = JSON.parse(await readFile(join(cwd, "dir/index.json"), "utf8")) as {
      manifests: unknown[];
    };
    assert.equal(index.manifests.length, 3);
    assert.deepEqual((await readdir(join(cwd, "dir"))).sort(), [
      "blobs",
      "index.json",
      "oci-layout",
    ]);
  });

  it("tags an image without a name in a directory, and replaces it there", async () => {
    const other = { manifest: await stored(makeImage([Buffer.from("other")])) };
    await run("type=oci,tar=false,dest=dir", { image: other });
    await run("type=oci,tar=false,dest=dir");
    const images = await validateImage(join(cwd, "dir"));
    assert.deepEqual(
      images.map((image) => image.names),
      [["latest"]],
    );
  });

  it("fails where no directory can be made", async () => {
    for (const dest of ["/proc/nope/x", "/proc/nope/x/y"])
      await assert.rejects(run(`type=oci,tar=false,dest=${dest}`, {}), {
        code: "EXPORT_DESTINATION",
      });
  });

  it("does not write through symlinks that stand for its files", async () => {
    await mkdir(join(cwd, "dir"));
    for (const name of ["oci-layout", "index.json", "manifest.json"]) {
      await writeFile(join(cwd, name), "mine");
      await symlink(join("..", name), join(cwd, "dir", name));
    }
    await run("type=docker,tar=false,dest=dir", { names: names("app:v1") });
    assert.equal((await validateImage(join(cwd, "dir"))).length, 1);
    for (const name of ["oci-layout", "index.json", "manifest.json"])
      assert.equal(await readFile(join(cwd, name), "utf8"), "mine");
  });

  it("does not write into a directory that is something else", async () => {
    await mkdir(join(cwd, "dir"));
    await writeFile(join(cwd, "dir/letter"), "dear");
    await assert.rejects(run("type=oci,tar=false,dest=dir"), { code: "EXPORT_DESTINATION" });
    assert.deepEqual(await readdir(join(cwd, "dir")), ["letter"]);
    await assert.rejects(run("type=oci,dest=dir"), { code: "EXPORT_DESTINATION" });
  });

  it("replaces a file only when the new one is whole", async () => {
    await writeFile(join(cwd, "out.tar"), "old");
    const image = makeImage(contents);
    const manifest = await stored(image);
    const layer = image.layers[1]?.digest ?? "";
    await writeFile(
      join(cwd, "store/oci/blobs/sha256", layer.slice(7)),
      Buffer.alloc(image.layers[1]?.bytes.length ?? 0),
    );
    await assert.rejects(run("type=oci,dest=out.tar", { image: { manifest } }), {
      code: "STORE_CORRUPT",
    });
    assert.match(warnings.join(), /was damaged/);
    await stored(image);
    await store.blobs.remove(layer as Digest);
    await assert.rejects(run("type=oci,tar=false,dest=dir", { image: { manifest } }), {
      code: "STORE_NOT_FOUND",
    });
    assert.equal(await readFile(join(cwd, "out.tar"), "utf8"), "old");
    assert.deepEqual(await left(), ["out.tar"]);
  });

  it("replaces what a symlink points to, and makes missing parents", async () => {
    await symlink("real.tar", join(cwd, "link.tar"));
    await writeFile(join(cwd, "real.tar"), "old");
    await run("type=oci,dest=link.tar");
    assert.equal(await readlink(join(cwd, "link.tar")), "real.tar");
    assert.equal((await validateImage(join(cwd, "real.tar"))).length, 1);
    await run("type=oci,dest=a/b/out.tar");
    assert.equal((await validateImage(join(cwd, "a/b/out.tar"))).length, 1);
    await run("type=oci,dest=/dev/null");
  });

  it("stops at the signal and leaves nothing", async () => {
    const controller = new AbortController();
    const exporter = createExporter(parseOutput("type=oci,dest=out.tar"), { cwd });
    const image = { manifest: await stored(makeImage(contents)) };
    const onProgress = (): void => {
      controller.abort(new Error("enough"));
    };
    await assert.rejects(
      exporter.export(
        { names: [], store, image },
        { signal: controller.signal, stdout, onProgress },
      ),
      /enough/,
    );
    assert.deepEqual(await left(), []);
  });

  it("writes an index with all its platforms", async () => {
    const image = await twoPlatforms();
    const result = await run("type=oci,dest=out.tar", {
      ...(image && { image }),
      names: names("app"),
    });
    assert.equal(result.descriptor?.digest, image?.index?.digest);
    assert.equal((await validateImage(join(cwd, "out.tar"))).length, 2);
  });
});

describe("type=docker", () => {
  it("adds the manifest.json that docker load reads", async () => {
    // Names of the build take the place of the output's own.
    await run("type=docker,dest=out.tar,name=app:v2", { names: names("app:v1", "quay.io/x/y") });
    const [image] = await validateImage(join(cwd, "out.tar"));
    const text = execFileSync("tar", ["-xOf", join(cwd, "out.tar"), "manifest.json"], {
      encoding: "utf8",
    });
    const [entry] = JSON.parse(text) as { Config: string; RepoTags: string[]; Layers: string[] }[];
    assert.deepEqual(entry?.RepoTags, ["app:v1", "quay.io/x/y:latest"]);
    assert.equal(entry.Config, `blobs/sha256/${image?.manifest.config.digest.slice(7) ?? ""}`);
    assert.deepEqual(
      entry.Layers,
      image?.manifest.layers.map(({ digest }) => `blobs/sha256/${digest.slice(7)}`),
    );
  });

  it("can have Docker's media types, but not several platforms", async () => {
    await run("type=docker,dest=out.tar,oci-mediatypes=false");
    const [image] = await validateImage(join(cwd, "out.tar"));
    assert.equal(image?.manifest.config.mediaType, mediaTypes.dockerConfig);
    const both = await twoPlatforms();
    await assert.rejects(run("type=docker,dest=x.tar", { ...(both && { image: both }) }), {
      code: "EXPORT_UNSUPPORTED",
    });
  });
});

describe("layers of a base that may not be distributed", () => {
  const urls = ["https://elsewhere.example/layer"];
  const { ociForeignLayerGzip, ociLayerGzip, ociLayerZstd, dockerLayerZstd } = mediaTypes;

  /** The image's first layer is such a one, and its second one of zstd by its type. */
  async function withForeign(): Promise<ExportInput["image"]> {
    const made = makeImage(contents);
    await stored(made);
    const manifest = parseManifest(made.manifest.bytes);
    const [first, second] = manifest.layers;
    if (first === undefined || second === undefined) assert.fail("two contents give two layers");
    const encoded = encodeManifest({
      ...manifest,
      layers: [
        { ...first, mediaType: ociForeignLayerGzip, urls },
        { ...second, mediaType: ociLayerZstd },
      ],
    });
    await store.blobs.writeBytes(encoded.bytes);
    return { manifest: encoded.descriptor };
  }
  const layersOf = async (output: string): Promise<Descriptor[]> => {
    const image = await withForeign();
    const { descriptor } = await run(`type=oci,tar=false,dest=dir,${output}`, {
      ...(image && { image }),
    });
    if (descriptor === undefined) assert.fail("an image is written");
    return [...parseManifest(await store.blobs.read(descriptor, 10_000)).layers];
  };

  it("become the image's own, whose bytes are where the others' are", async () => {
    const [first] = await layersOf("name=a:1");
    assert.equal(first?.mediaType, ociLayerGzip);
    assert.equal(first.urls, undefined);
  });

  it("stay so if that is asked for", async () => {
    const [first] = await layersOf("prefer-nondist-layers=true");
    assert.equal(first?.mediaType, ociForeignLayerGzip);
    assert.deepEqual(first.urls, urls);
  });

  it("have a type among Docker's, as those of zstd have", async () => {
    const [first, second] = await layersOf("oci-mediatypes=false");
    assert.equal(first?.mediaType, mediaTypes.dockerLayerGzip);
    assert.equal(second?.mediaType, dockerLayerZstd);
  });
});

describe("annotations of an output", () => {
  it("say when the image was made, if they want to", async () => {
    const created = "org.opencontainers.image.created";
    await run(
      `type=oci,tar=false,dest=dir,annotation-manifest-descriptor.${created}=2022-01-23T12:34:56Z`,
    );
    const index = await readFile(join(cwd, "dir/index.json"), "utf8");
    assert.match(index, /"2022-01-23T12:34:56Z"/);
    assert.doesNotMatch(index, /"2024-01-02T03:04:05Z"/);
  });

  it("reach the manifest, its descriptor, and nothing else", async () => {
    const result = await run(
      "type=oci,tar=false,dest=dir,annotation.a=1,annotation-manifest-descriptor.b=2",
      {},
      ["c=3"],
    );
    const [image] = await validateImage(join(cwd, "dir"));
    assert.deepEqual(image?.manifest.annotations, { c: "3", a: "1" });
    assert.equal(result.descriptor?.annotations?.["b"], "2");
    assert.notEqual(result.descriptor.digest, makeImage(contents).manifest.digest);
  });

  it("reach the platforms that they name", async () => {
    const image = await twoPlatforms();
    await run("type=oci,tar=false,dest=dir,annotation-index.i=1,annotation[linux/arm64].p=2", {
      ...(image && { image }),
    });
    const images = await validateImage(join(cwd, "dir"));
    assert.deepEqual(
      images.map(({ manifest }) => manifest.annotations),
      [undefined, { p: "2" }],
    );
  });

  it("without a place are errors", async () => {
    for (const output of [
      "annotation-index.a=1",
      "annotation-index-descriptor.a=1",
      "annotation[linux/s390x].a=1",
    ])
      await assert.rejects(run(`type=oci,dest=x.tar,${output}`), { code: "EXPORT_ANNOTATION" });
    assert.deepEqual(await left(), []);
  });
});

describe("type=image and type=registry", () => {
  it("name the image in the store", async () => {
    const result = await run("type=image", { names: names("a:1") });
    await run("type=image,name=b:2", { names: [] });
    assert.deepEqual(
      (await store.images.list()).map(({ name }) => name),
      ["docker.io/library/a:1", "docker.io/library/b:2"],
    );
    assert.equal(
      (await store.images.get("docker.io/library/a:1"))?.digest,
      result.descriptor?.digest,
    );
    assert.equal((await validateImage(store.layoutDir)).length, 1);
  });

  it("push to the registry that the name says", async () => {
    await using server = await RegistryServer.start();
    const env = { HOME: cwd };
    await using client = await createRegistryClient({ env });
    const registry = () => Promise.resolve(client);
    const both = await twoPlatforms();
    await run("type=registry", {
      names: names(`${server.host}/team/app:v1`),
      registry,
      ...(both && { image: both }),
    });
    assert.equal(server.manifest("team/app", "v1")?.mediaType, mediaTypes.ociIndex);
    assert.deepEqual(await store.images.list(), []);
    await run("type=image,push-by-digest=true", {
      names: names(`${server.host}/team/other`),
      registry,
    });
    assert.equal(server.manifest("team/other", "latest"), undefined);
    assert.equal(server.requests(/PUT .*team\/other\/manifests\/sha256/).length, 1);
  });

  it("push by digest, and tell the name as it was given", async () => {
    await using server = await RegistryServer.start();
    await using client = await createRegistryClient({ env: { HOME: cwd } });
    const repository = `${server.host}/team/app`;
    // As documentation has it for platforms that several machines build.
    const { names: told, descriptor } = await run(
      "type=image,push-by-digest=true,name-canonical=true,push=true",
      { names: names(repository), registry: () => Promise.resolve(client) },
    );
    assert.deepEqual(told, [repository, `${repository}@${descriptor?.digest ?? ""}`]);
    assert.deepEqual(await store.images.list(), []);
  });

  it("name the image by its digest where that is asked for", async () => {
    const keptBy = async (output: string, ...given: string[]): Promise<readonly string[]> => {
      await store.images.remove((await store.images.list()).map(({ name }) => name));
      const { names: told, descriptor } = await run(output, { names: names(...given) });
      const short = (name: string): string => name.replace(descriptor?.digest ?? "", "DIGEST");
      const kept = (await store.images.list()).map(({ name }) => short(name)).sort();
      assert.deepEqual(told.map(short).sort(), output.includes("store=false") ? told : kept);
      return kept;
    };
    const full = "docker.io/library";
    const app = `${full}/app:v1`;
    for (const [output, given, expected] of [
      ["type=image,store=true,compatibility-version=30", ["app:v1"], [app]],
      ["type=image,store=false", ["app:v1"], []],
      ["type=image,name-canonical=true", ["app:v1"], [app, `${app}@DIGEST`]],
      ["type=image,dangling-name-prefix=", [], []],
      ["type=image,dangling-name-prefix=none", [], [`${full}/none@DIGEST`]],
      ["type=image,dangling-name-prefix=none", ["app:v1"], [app, `${full}/none@DIGEST`]],
      ["type=image,dangling-name-prefix=none,danging-name-empty-only=true", ["app:v1"], [app]],
    ] as const)
      assert.deepEqual(await keptBy(output, ...given), expected, output);
  });
});

describe("type=local and type=tar", () => {
  const endMark = Buffer.alloc(1024);
  const tree = (text: string) => ({
    tar: (_signal: AbortSignal, directory?: string) => {
      const bytes = Buffer.from(directory === undefined ? text : `${directory}/${text}`);
      // In pieces, so that the end mark is in several.
      return Promise.resolve(
        Readable.from([bytes, endMark.subarray(1000), endMark.subarray(0, 1000)]),
      );
    },
    list: () =>
      Promise.resolve([
        { path: "copied", isDirectory: false },
        { path: "d", isDirectory: true },
        { path: "d/kept", isDirectory: false },
      ]),
    copyTo: async (directory: string) => {
      await writeFile(join(directory, "copied"), text);
    },
  });
  const amd = { platform: parsePlatform("linux/amd64"), tree: tree("amd") };
  const arm = { platform: parsePlatform("linux/arm/v7"), tree: tree("arm") };

  it("write the tree of one platform as it is", async () => {
    await run("out", { trees: [amd] });
    assert.equal(await readFile(join(cwd, "out/copied"), "utf8"), "amd");
    await run("type=tar,dest=out.tar", { trees: [amd] });
    assert.deepEqual(
      await readFile(join(cwd, "out.tar")),
      Buffer.concat([Buffer.from("amd"), endMark]),
    );
    await run("type=local,dest=split,platform-split=true", { trees: [amd] });
    assert.equal(await readFile(join(cwd, "split/linux_amd64/copied"), "utf8"), "amd");
  });

  it("tell which directory it is that something could not be written in", async () => {
    const full = new TsbuildError("SANDBOX_SYSTEM", "cannot make a file: bin/sh", {
      hint: "free some",
    });
    const failing = { ...amd, tree: { ...amd.tree, copyTo: () => Promise.reject(full) } };
    await assert.rejects(run("type=local,dest=out", { trees: [failing] }), {
      code: "SANDBOX_SYSTEM",
      message: `cannot write ${join(cwd, "out")}: cannot make a file: bin/sh`,
      hint: "free some",
    });
  });

  it("write a directory for each of several platforms", async () => {
    await run("out", { trees: [amd, arm] });
    assert.equal(await readFile(join(cwd, "out/linux_amd64/copied"), "utf8"), "amd");
    assert.equal(await readFile(join(cwd, "out/linux_arm_v7/copied"), "utf8"), "arm");
    await run("type=tar,dest=both.tar", { trees: [amd, arm] });
    assert.deepEqual(
      await readFile(join(cwd, "both.tar")),
      Buffer.concat([Buffer.from("linux_amd64/amdlinux_arm_v7/arm"), endMark]),
    );
    await run("type=tar,dest=one.tar", { trees: [amd], multiPlatform: true });
    assert.match(await readFile(join(cwd, "one.tar"), "utf8"), /^linux_amd64\/amd/);
  });

  it("refuse to let a platform's file take the place of another's", async () => {
    for (const output of ["type=local,dest=one", "type=tar,dest=one.tar"])
      await assert.rejects(run(`${output},platform-split=false`, { trees: [amd, arm] }), {
        code: "EXPORT_UNSUPPORTED",
        message: /^copied of linux\/arm\/v7 would overwrite /,
      });
    const list = () => Promise.resolve([{ path: "d", isDirectory: true }]);
    const other = { ...arm, tree: { ...arm.tree, list } };
    await run("type=local,dest=one,platform-split=false", { trees: [amd, other] });
  });

  it("delete what the tree has not, if that is asked for, and follow no symlink", async () => {
    const outside = join(cwd, "outside");
    await mkdir(join(cwd, "out/d/old"), { recursive: true });
    await mkdir(join(cwd, "out/copied"));
    await mkdir(outside);
    for (const path of ["out/d/old/x", "out/d/kept", "out/copied/y", "outside/z"])
      await writeFile(join(cwd, path), "");
    await symlink(outside, join(cwd, "out/link"));
    await symlink(outside, join(cwd, "out/d/link"));
    await run("type=local,dest=out,mode=delete", { trees: [amd] });
    assert.deepEqual((await readdir(join(cwd, "out"))).sort(), ["copied", "d"]);
    assert.deepEqual(await readdir(join(cwd, "out/d")), ["kept"]);
    assert.deepEqual(await readdir(outside), ["z"]);
    await run("type=local,dest=out,mode=delete", { trees: [amd, arm] });
    assert.deepEqual((await readdir(join(cwd, "out"))).sort(), ["linux_amd64", "linux_arm_v7"]);
  });

  it("follow no symlink that stands in the place of a platform's directory", async () => {
    await mkdir(join(cwd, "outside"));
    await mkdir(join(cwd, "out"));
    await symlink("../outside", join(cwd, "out/linux_amd64"));
    await writeFile(join(cwd, "outside/kept"), "");
    for (const split of ["type=local,dest=out,platform-split=true", "out"]) {
      await rm(join(cwd, "out/linux_amd64"), { recursive: true });
      await symlink("../outside", join(cwd, "out/linux_amd64"));
      await run(split, { trees: split === "out" ? [arm, amd] : [amd] });
      assert.deepEqual(await readdir(join(cwd, "outside")), ["kept"]);
      assert.equal(await readFile(join(cwd, "out/linux_amd64/copied"), "utf8"), "amd");
    }
  });

  it("fail where no directory can be made", async () => {
    for (const output of ["type=local,dest=/proc/nope/x", "type=tar,dest=/proc/nope/x/y"])
      await assert.rejects(run(output, { trees: [amd] }), { code: "EXPORT_DESTINATION" });
  });

  it("write their attestations in the place of whatever has the name", async () => {
    await mkdir(join(cwd, "out/said.json/old"), { recursive: true });
    const attest = () => Promise.resolve([{ name: "said.json", text: "new" }]);
    await run("out", { trees: [{ ...amd, attest }] });
    assert.equal(await readFile(join(cwd, "out/said.json"), "utf8"), "new");
  });

  it("delete behind a symlink only where that is permitted", async () => {
    await mkdir(join(cwd, "work"));
    await mkdir(join(cwd, "elsewhere"));
    await symlink("../elsewhere", join(cwd, "work/out"));
    const create = (dest: string): unknown =>
      createExporter(parseOutput(`type=local,dest=${dest},mode=delete`), {
        cwd: join(cwd, "work"),
      });
    for (const dest of ["out", "out/new/directory"])
      assert.throws(() => create(dest), { code: "EXPORT_OPTION" }, dest);
    await symlink("..", join(cwd, "elsewhere/up"));
    create("out/up/work/below");
  });

  it("leave no archive when reading the tree fails", async () => {
    const broken = {
      ...amd.tree,
      tar: () =>
        Promise.resolve(
          Readable.from(
            (async function* () {
              yield await Promise.resolve(Buffer.from("x"));
              throw Object.assign(new Error("gone"), { code: "EIO" });
            })(),
          ),
        ),
    };
    await assert.rejects(run("type=tar,dest=out.tar", { trees: [{ ...amd, tree: broken }] }), {
      code: "EXPORT_DESTINATION",
    });
    assert.deepEqual(await left(), []);
  });
});
