// SPDX-License-Identifier: Apache-2.0
// Images between the store and registries, by the program: pull, push, tag, login.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { digestOf, mediaTypes } from "#src/oci/index.js";
import { makeImage } from "../support/image.js";
import { RegistryServer } from "../support/registry-server.js";
import { workspace, type RunResult } from "../support/runner.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
const ours = makeImage([Buffer.from("one"), Buffer.from("two")], { os: "linux", architecture });
const theirs = makeImage([Buffer.from("three")], { os: "linux", architecture: "riscv64" });
const entries = [ours, theirs].map(({ manifest }, i) => ({
  mediaType: manifest.mediaType,
  digest: manifest.digest,
  size: manifest.bytes.length,
  platform: { os: "linux", architecture: i === 0 ? architecture : "riscv64" },
}));
const index = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: entries }));

async function serve(auth?: { username: string; password: string }): Promise<RegistryServer> {
  const server = await RegistryServer.start(
    auth === undefined ? {} : { auth: { kind: "basic", ...auth } },
  );
  for (const image of [ours, theirs]) {
    const { config, layers, manifest } = image;
    for (const { bytes } of [config, ...layers]) server.putBlob("app", bytes);
    server.putManifest("app", manifest.digest, manifest.mediaType, manifest.bytes);
  }
  server.putManifest("app", "several", mediaTypes.ociIndex, index);
  return server;
}

/** The program with a store and a file of credentials of its own. */
function fresh(name: string): (args: readonly string[], input?: string) => Promise<RunResult> {
  const env = {
    TSBUILD_ROOT: join(space.directory, name),
    DOCKER_CONFIG: join(space.directory, `${name}-config`),
  };
  return (args, input) =>
    space.tsbuild(args, { env, ...(input === undefined ? {} : { input }), timeout: 60_000 });
}

async function good(running: Promise<RunResult>): Promise<string> {
  const { code, stdout, stderr } = await running;
  assert.equal(code, 0, stderr);
  return stdout;
}

const digest = ours.manifest.digest;

describe("an image", () => {
  it("is pulled, named, pushed and pulled again, the same to the byte", async () => {
    await using server = await serve();
    await using other = await RegistryServer.start();
    const tsbuild = fresh("first");
    const name = `${server.host}/app:several`;
    assert.equal(await good(tsbuild(["pull", name])), `${name}@${digest}\n`);
    await good(tsbuild(["tag", name, "mine:1", `${other.host}/named`]));
    const images = await good(tsbuild(["images"]));
    assert.match(images, /^docker\.io\/library\/mine:1 /m);
    const pushed = await good(tsbuild(["push", "mine:1", `${other.host}/renamed:2`]));
    assert.equal(pushed, `${other.host}/renamed:2@${digest}\n`);
    await good(tsbuild(["push", "-q", "--tls-verify=false", `${other.host}/named`]));

    const again = fresh("second");
    await good(again(["pull", `${other.host}/named@${digest}`]));
    await good(again(["pull", "-q", `${other.host}/renamed:2`]));
    const id = ours.config.digest.slice(7, 19);
    const { manifest } = JSON.parse(await good(again(["inspect", id]))) as {
      manifest: { layers: { digest: string }[] };
    };
    assert.deepEqual(
      manifest.layers.map((layer) => layer.digest),
      ours.layers.map((layer) => layer.digest),
    );
    const built = space.tsbuild(["build", "-o", "out", "-"], {
      input: `FROM ${other.host}/renamed:2\n`,
      env: { TSBUILD_ROOT: join(space.directory, "second") },
    });
    await good(built);
    assert.equal(readFileSync(join(space.directory, "out/file1"), "utf8"), "two");
  });

  it("that is built on another of its registry has that one's layers mounted, not uploaded", async () => {
    await using server = await serve();
    const dockerfile = `FROM ${server.host}/app:several AS other\nFROM ${server.host}/app:several\nCOPY --from=other /file1 /new\n`;
    const name = `${server.host}/other/derived:1`;
    await good(fresh("derived")(["build", "-t", name, "--push", "-"], dockerfile));
    const { layers } = JSON.parse(
      server.manifest("other/derived", "1")?.bytes.toString() ?? "",
    ) as typeof ours;
    assert.deepEqual(
      layers.slice(0, -1).map((layer) => layer.digest),
      ours.layers.map((layer) => layer.digest),
    );
    for (const layer of layers) assert.ok(server.blob("other/derived", layer.digest));
    const opened = server.requests(/^POST/).map(({ url }) => url);
    const mounts = opened.filter((url) => /mount=.*from=app$/.test(decodeURIComponent(url)));
    assert.equal(mounts.length, ours.layers.length);
    assert.equal(opened.length - mounts.length, 2, "the configuration and the layer that is new");
  });

  it("for several platforms is pulled and pushed as a whole, or the one that is asked for", async () => {
    await using server = await serve();
    await using other = await RegistryServer.start();
    const tsbuild = fresh("several");
    const name = `${server.host}/app:several`;
    const whole = await good(tsbuild(["pull", "--all-platforms", name]));
    assert.equal(whole, `${name}@${digestOf(index)}\n`);
    await good(tsbuild(["push", name, `${other.host}/whole`]));
    const riscv = await good(
      tsbuild(["pull", "--platform=linux/riscv64", `${other.host}/whole:latest`]),
    );
    assert.equal(riscv, `${other.host}/whole:latest@${theirs.manifest.digest}\n`);
    const { code, stderr } = await tsbuild(["pull", "--platform=linux/s390x", name]);
    assert.equal(code, 1);
    assert.match(stderr, /no image for linux\/s390x/);
  });

  it("has the size of its manifest, whatever the registry told before", async () => {
    await using server = await serve();
    await using other = await RegistryServer.start();
    const tsbuild = fresh("sizes");
    const { mediaType, bytes } = ours.manifest;
    server.putManifest("app", "one", mediaType, bytes);
    const headers = {
      "content-type": mediaType,
      "docker-content-digest": digest,
      "content-length": String(bytes.length + 100),
    };
    server.fault({ match: /^HEAD .*manifests/, status: 200, headers, times: 99 });
    const name = `${server.host}/app:one`;
    const env = { TSBUILD_ROOT: join(space.directory, "sizes") };
    for (const out of ["first", "second"])
      await good(space.tsbuild(["build", "-o", out, "-"], { input: `FROM ${name}\n`, env }));
    assert.equal(server.requests(/^GET .*manifests/).length, 1);
    for (const all of [[], ["--all-platforms"]]) await good(tsbuild(["pull", ...all, name]));
    await good(tsbuild(["imagetools", "create", "-t", `${other.host}/index`, name]));
    const made = JSON.parse(other.manifest("index", "latest")?.bytes.toString() ?? "") as {
      manifests: { size: number }[];
    };
    assert.equal(made.manifests[0]?.size, bytes.length);
  });

  it("that cannot be had leaves the name as it was", async () => {
    await using server = await serve();
    const tsbuild = fresh("broken");
    const name = `${server.host}/app:several`;
    const layer = new RegExp(`^GET .*${ours.layers[1]?.digest ?? ""}`);
    server.fault({ match: layer, corrupt: true, times: 99 });
    const { code, stderr } = await tsbuild(["pull", name]);
    assert.equal(code, 1);
    assert.match(stderr, /expected sha256:/);
    assert.equal((await good(tsbuild(["images", "-q"]))).trim(), "");
    const whole = JSON.parse(ours.manifest.bytes.toString()) as { config: { size: number } };
    const config = { ...whole.config, size: 10 ** 12 };
    const huge = Buffer.from(JSON.stringify({ ...whole, config }));
    server.putManifest("app", "huge", ours.manifest.mediaType, huge);
    const before = server.requests(/^GET .*blobs/).length;
    assert.match((await tsbuild(["pull", `${server.host}/app:huge`])).stderr, /the limit is/);
    assert.equal(server.requests(/^GET .*blobs/).length, before);
    const unknown = await tsbuild(["push", "nothing"]);
    assert.match(unknown.stderr, /no image docker\.io\/library\/nothing:latest in the store/);
  });
});

describe("a login", () => {
  it("is what pulls and pushes go by, until the logout", async () => {
    const joe = { username: "joe", password: "s3cret phrase" };
    await using server = await serve(joe);
    const tsbuild = fresh("login");
    const name = `${server.host}/app:several`;
    const anonymous = await tsbuild(["pull", name]);
    assert.equal(anonymous.code, 1);
    assert.match(anonymous.stderr, /tsbuild login/);
    const colon = await tsbuild(["login", "-u", "j:oe", "-p", "x", server.host]);
    assert.equal(colon.code, 2);
    assert.match(colon.stderr, /no colon/);
    const login = ["login", "--username", "joe", "--password-stdin", server.host];
    const refused = await tsbuild(login, "wrong\n");
    assert.equal(refused.code, 1);
    assert.doesNotMatch(refused.stderr, /wrong/);
    assert.equal((await tsbuild(["pull", name])).code, 1);
    const said = await good(tsbuild(login, `${joe.password}\n`));
    assert.doesNotMatch(said, /s3cret/);
    await good(tsbuild(["pull", name]));
    await good(tsbuild(["push", name, `${server.host}/app:pushed`]));
    assert.match(await good(tsbuild(["logout", server.host])), /^logged out/);
    const file = ["--authfile", join(space.directory, "new.json")];
    await good(tsbuild([...login, ...file], joe.password));
    await good(tsbuild(["pull", "-q", ...file, name]));
    assert.equal((await tsbuild(["pull", name])).code, 1);
  });
});
