// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isTsbuildError } from "#src/base/index.js";
import { parseReference, type Descriptor, type Digest, type Reference } from "#src/oci/index.js";
import { createRegistryClient, readCapped, type RegistryClient } from "#src/registry/index.js";
import { makeImage } from "../../support/image.js";
import { RegistryServer, type RegistryServerOptions } from "../../support/registry-server.js";

const image = makeImage([Buffer.from("hello"), randomBytes(300_000)]);
const layer = image.layers[1] ?? assert.fail();
let home: string;
let env: Record<string, string>;
let warnings: string[];

before(async () => {
  home = await mkdtemp(join(tmpdir(), "tsbuild-registry-"));
});
after(async () => {
  await rm(home, { recursive: true });
});
beforeEach(() => {
  env = { HOME: join(home, "nobody"), PATH: process.env["PATH"] ?? "" };
  warnings = [];
});

async function client(options: { insecureHosts?: string[] } = {}): Promise<RegistryClient> {
  return await createRegistryClient({
    env,
    retry: { attempts: 3, baseDelay: 1 },
    timeouts: { answer: 400, idle: 400 },
    onWarning: (message) => warnings.push(message),
    ...options,
  });
}

async function serve(options: RegistryServerOptions = {}): Promise<RegistryServer> {
  const server = await RegistryServer.start(options);
  for (const blob of [image.config, ...image.layers]) server.putBlob("team/app", blob.bytes);
  server.putManifest("team/app", "v1", image.manifest.mediaType, image.manifest.bytes);
  return server;
}

const refOf = (server: RegistryServer, rest = ":v1"): Reference =>
  parseReference(`${server.host}/team/app${rest}`);
const blobOf = ({ bytes, digest }: { bytes: Buffer; digest: string }): Descriptor => ({
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  digest: digest as Digest,
  size: bytes.length,
});
const download = async (
  registry: RegistryClient,
  reference: Reference,
  blob: Descriptor,
): Promise<Buffer> => Buffer.concat((await registry.blob(reference, blob).toArray()) as Buffer[]);

/** A docker config.json in a directory of its own. */
async function dockerConfig(value: unknown): Promise<void> {
  const directory = await mkdtemp(join(home, "docker-"));
  await writeFile(join(directory, "config.json"), JSON.stringify(value));
  env["DOCKER_CONFIG"] = directory;
}
const basic = (user: string, password: string): { auth: string } => ({
  auth: Buffer.from(`${user}:${password}`).toString("base64"),
});

describe("pulling", () => {
  it("resolves a tag by one HEAD, and gets manifest and blobs", async () => {
    await using server = await serve();
    await using registry = await client();
    const found = await registry.resolve(refOf(server));
    assert.equal(found.digest, image.manifest.digest);
    assert.equal(found.size, image.manifest.bytes.length);
    assert.equal(server.log.length, 1);
    const manifest = await registry.manifest(refOf(server));
    assert.deepEqual(Buffer.from(manifest.bytes), image.manifest.bytes);
    assert.ok((await download(registry, refOf(server), blobOf(layer))).equals(layer.bytes));
  });

  it("resolves by GET where HEAD says too little, or is not allowed", async () => {
    await using server = await serve({ noDigestHeader: true });
    await using registry = await client();
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    server.fault({ match: /^HEAD/, status: 405 });
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
  });

  it("tells why it is refused, which HEAD cannot say", async () => {
    await using server = await serve();
    await using registry = await client();
    const body = '{"errors":[{"code":"DENIED","message":"the key is disabled"}]}';
    server.fault({ match: /^HEAD/, status: 403 });
    server.fault({ match: /^GET/, status: 403, body });
    await assert.rejects(registry.resolve(refOf(server)), (error) => {
      assert.ok(isTsbuildError(error, "REGISTRY_DENIED"));
      assert.match(error.message, /the key is disabled/);
      return true;
    });
    assert.equal(server.log.length, 2);
  });

  it("asks no host that a URL cannot name", async () => {
    await using registry = await client();
    for (const host of ["localhost:99999", "127.256.0.1:5000", "1.2.3.4.5", "xn--a.example"])
      await assert.rejects(registry.resolve(parseReference(`${host}/app`)), {
        code: "REGISTRY_UNREACHABLE",
        message: `no connection to ${host}: it is no host that a URL can name`,
      });
  });

  it("tells a missing image from a registry that is not there", async () => {
    await using server = await serve();
    await using registry = await client();
    await assert.rejects(registry.resolve(refOf(server, ":nope")), { code: "REGISTRY_NOT_FOUND" });
    const gone = refOf(server);
    await server[Symbol.asyncDispose]();
    await assert.rejects(registry.resolve(gone), { code: "REGISTRY_UNREACHABLE" });
  });

  it("refuses a manifest that is not of the digest asked for, or announced", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /^GET .*manifests/, corrupt: true, times: 2 });
    await assert.rejects(registry.manifest(refOf(server)), { code: "REGISTRY_DIGEST" });
    const byDigest = refOf(server, `@${image.manifest.digest}`);
    await assert.rejects(registry.manifest(byDigest), { code: "REGISTRY_DIGEST" });
    assert.equal((await registry.manifest(byDigest)).descriptor.digest, image.manifest.digest);
  });

  it("refuses a manifest beyond the limit without reading it to its end", async () => {
    await using server = await serve();
    server.putManifest("team/app", "huge", image.manifest.mediaType, Buffer.alloc(5_000_000, " "));
    await using registry = await client();
    await assert.rejects(registry.manifest(refOf(server, ":huge")), { code: "REGISTRY_LIMIT" });
  });

  it("fails a blob at its end when a byte is wrong", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /blobs/, corrupt: true });
    await assert.rejects(download(registry, refOf(server), blobOf(layer)), {
      code: "REGISTRY_DIGEST",
    });
  });

  it("refuses a blob that is longer than its descriptor says", async () => {
    await using server = await serve();
    await using registry = await client();
    const short = { ...blobOf(layer), size: 10 };
    await assert.rejects(download(registry, refOf(server), short), { code: "REGISTRY_DIGEST" });
  });

  for (const noRange of [false, true])
    it(`goes on where a transfer broke, ${noRange ? "though the server knows no ranges" : "by range"}`, async () => {
      await using server = await serve({ noRange });
      await using registry = await client();
      for (const truncateAt of [0, 1000, 5]) server.fault({ match: /^GET .*blobs/, truncateAt });
      assert.ok((await download(registry, refOf(server), blobOf(layer))).equals(layer.bytes));
      assert.ok(server.requests(/^GET .*blobs/).some(({ range }) => range?.startsWith("bytes=10")));
    });

  it("gives a transfer up that never goes on", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /blobs/, truncateAt: 0, times: 99 });
    await assert.rejects(
      download(registry, refOf(server), blobOf(layer)),
      (error) =>
        isTsbuildError(error, "REGISTRY_UNREACHABLE") || isTsbuildError(error, "REGISTRY_DIGEST"),
    );
  });

  it("repeats what fails for the moment, and not what fails for good", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /^HEAD/, status: 429, headers: { "retry-after": "0" } });
    server.fault({ match: /^HEAD/, status: 503 });
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    assert.equal(server.log.length, 3);
    server.fault({ match: /^HEAD/, reset: true, times: 2 });
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    server.fault({ match: /^HEAD/, status: 500, times: 99 });
    await assert.rejects(registry.resolve(refOf(server)), { code: "REGISTRY_SERVER" });
    await using limited = await serve();
    limited.fault({ match: /^HEAD/, status: 429, times: 99 });
    await assert.rejects(registry.resolve(refOf(limited)), { code: "REGISTRY_RATE_LIMIT" });
    assert.equal(limited.log.length, 3);
    limited.fault({ match: /^GET/, status: 403 });
    await assert.rejects(registry.manifest(refOf(limited)), { code: "REGISTRY_DENIED" });
    assert.equal(limited.requests(/^GET/).length, 1);
  });

  it("gives up on a server that keeps silent", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /./, delay: 1500, times: 99 });
    await assert.rejects(registry.resolve(refOf(server)), { code: "REGISTRY_UNREACHABLE" });
  });

  it("gives up on a server whose answer's head comes byte by byte", async () => {
    const dripping = createTcpServer((socket) => {
      socket.on("error", () => undefined);
      socket.write("HTTP/1.1 200 OK\r\nX: ");
      const drip = setInterval(() => socket.write("x"), 50);
      socket.on("close", () => {
        clearInterval(drip);
      });
    });
    await new Promise<void>((resolve) => dripping.listen(0, "127.0.0.1", resolve));
    const { port } = dripping.address() as AddressInfo;
    await using registry = await client();
    const reference = parseReference(`127.0.0.1:${port}/team/app`);
    await assert.rejects(registry.resolve(reference), { code: "REGISTRY_UNREACHABLE" });
    dripping.close();
  });

  it("gives up on a document that comes byte by byte", async () => {
    const body = Readable.from(
      (async function* () {
        for (;;) {
          yield Buffer.from(" ");
          await sleep(20);
        }
      })(),
    );
    await assert.rejects(readCapped(body, 1_000_000, 200), {
      code: "ETIMEDOUT",
    });
  });

  it("stops at the signal, with its reason", async () => {
    await using server = await serve();
    await using registry = await client();
    server.fault({ match: /./, delay: 300, times: 99 });
    const signal = AbortSignal.timeout(30);
    await assert.rejects(registry.resolve(refOf(server), { signal }), { name: "TimeoutError" });
    const aborted = registry.blob(refOf(server), blobOf(layer), {
      signal: AbortSignal.timeout(30),
    });
    await assert.rejects(aborted.toArray(), { name: "TimeoutError" });
  });
});

describe("redirects", () => {
  it("are followed without the registry's credentials", async () => {
    const auth = { kind: "basic", username: "u", password: "p" } as const;
    await using server = await serve({ auth });
    await using cdn = await serve();
    await dockerConfig({ auths: { [server.host]: basic("u", "p") } });
    await using registry = await client();
    await registry.resolve(refOf(server));
    const location = `http://${cdn.host}/v2/team/app/blobs/${layer.digest}`;
    server.fault({ match: /^GET .*blobs/, status: 307, headers: { location } });
    assert.ok((await download(registry, refOf(server), blobOf(layer))).equals(layer.bytes));
    assert.equal(server.requests(/^GET .*blobs/)[0]?.authorization, "Basic dTpw");
    assert.equal(cdn.log.length, 1);
    assert.equal(cdn.log[0]?.authorization, undefined);
  });

  it("to a place that asks for credentials get none", async () => {
    await using server = await serve();
    await using thief = await serve({ auth: { kind: "basic", username: "u", password: "p" } });
    await dockerConfig({ auths: { [server.host]: basic("u", "p") } });
    await using registry = await client();
    const location = `http://${thief.host}/v2/team/app/blobs/${layer.digest}`;
    server.fault({ match: /blobs/, status: 302, headers: { location } });
    await assert.rejects(download(registry, refOf(server), blobOf(layer)), {
      code: "REGISTRY_AUTH",
    });
    assert.ok(thief.log.every(({ authorization }) => authorization === undefined));
  });

  it("are told of in the error of the place that they lead to", async () => {
    await using server = await serve();
    await using cdn = await serve();
    await using registry = await client();
    const location = `http://${cdn.host}/v2/team/app/blobs/${layer.digest}?signature=s3cret`;
    server.fault({ match: /^GET .*blobs/, status: 307, headers: { location }, times: 99 });
    cdn.fault({ match: /./, status: 403, body: "<Error>AccessDenied</Error>" });
    const from = async (host: string, code: string): Promise<void> => {
      await assert.rejects(download(registry, refOf(server), blobOf(layer)), (error) => {
        assert.ok(isTsbuildError(error, code));
        assert.ok(error.message.includes(host));
        assert.doesNotMatch(JSON.stringify([error.message, error.details]), /s3cret/);
        return true;
      });
    };
    await from(`${cdn.host} answered 403`, "REGISTRY_DENIED");
    const { host } = cdn;
    await cdn[Symbol.asyncDispose]();
    await from(`no connection to ${host}`, "REGISTRY_UNREACHABLE");
  });

  it("that lead elsewhere than to http, or nowhere, or in circles are refused", async () => {
    await using server = await serve();
    await using registry = await client();
    for (const location of ["file:///etc/passwd", "ftp://h/x", "http://[", ""]) {
      server.fault({ match: /^GET/, status: 302, headers: { location }, times: 99 });
      await assert.rejects(registry.manifest(refOf(server)), (e) => isTsbuildError(e));
    }
    await using circle = await serve();
    circle.fault({ match: /^GET/, status: 302, headers: { location: "/v2/x" }, times: 999 });
    await assert.rejects(registry.manifest(refOf(circle)), { code: "REGISTRY_REDIRECT" });
    assert.ok(circle.log.length < 20);
  });
});

describe("credentials", () => {
  it("are a token for nobody where the registry gives those, asked for once", async () => {
    await using server = await serve({ auth: { kind: "bearer" } });
    await using registry = await client();
    await registry.resolve(refOf(server));
    await registry.manifest(refOf(server));
    await download(registry, refOf(server), blobOf(layer));
    assert.equal(server.requests(/token/).length, 1);
    assert.deepEqual(server.scopes, ["repository:team/app:pull"]);
  });

  it("are a name and a password from Docker's config file", async () => {
    for (const kind of ["basic", "bearer"] as const) {
      await using server = await serve({ auth: { kind, username: "me", password: "pa:ss" } });
      await dockerConfig({ auths: { [`https://${server.host}/v2/`]: basic("me", "pa:ss") } });
      await using registry = await client();
      assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    }
  });

  it("are found for a host in any case, and for a key that is a URL with a path", async () => {
    const auth = { kind: "basic", username: "u", password: "p" } as const;
    await using server = await serve({ auth });
    const port = server.host.split(":")[1] ?? "";
    await dockerConfig({
      auths: {
        [`localhost:${port}`]: basic("u", "p"),
        [`https://${server.host}/some/path`]: basic("u", "p"),
      },
    });
    await using registry = await client();
    for (const host of [server.host, `localhost:${port}`, `LocalHost:${port}`]) {
      const found = await registry.resolve(parseReference(`${host}/team/app:v1`));
      assert.equal(found.digest, image.manifest.digest);
    }
  });

  it("in auth count more than those beside it, and are missed with a warning when they are none", async () => {
    await using server = await serve({ auth: { kind: "basic", username: "u", password: "p" } });
    const others = { username: "u", password: "wrong" };
    await dockerConfig({ auths: { [server.host]: { ...others, ...basic("u", "p") } } });
    await using registry = await client();
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    for (const auth of ["bm8gY29sb24=", "OnBhc3N3b3Jk", "S3cret:S3cret"]) {
      await dockerConfig({ auths: { [server.host]: { auth } } });
      await using without = await client();
      await assert.rejects(without.resolve(refOf(server)), { code: "REGISTRY_AUTH" });
    }
    assert.equal(warnings.length, 3);
    assert.doesNotMatch(warnings.join(), /S3cret|colon|passwo/);
  });

  it("are looked for in no relative place, and not in a directory that has a file's name", async () => {
    const auth = { kind: "basic", username: "u", password: "p" } as const;
    await using server = await serve({ auth });
    const directory = await mkdtemp(join(home, "user-"));
    await mkdir(join(directory, ".docker/config.json"), { recursive: true });
    await mkdir(join(directory, ".config/containers"), { recursive: true });
    const file = join(directory, ".config/containers/auth.json");
    await writeFile(file, JSON.stringify({ auths: { [server.host]: basic("u", "p") } }));
    env["HOME"] = directory;
    for (const relative of ["", "containers", "."]) {
      env["XDG_CONFIG_HOME"] = relative;
      env["XDG_RUNTIME_DIR"] = relative;
      await using registry = await client();
      assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    }
  });

  it("get no token that could not be sent", async () => {
    await using server = await serve({ auth: { kind: "bearer" } });
    await using registry = await client();
    server.fault({ match: /token/, status: 200, body: '{"token":"a\\u0000b"}' });
    await assert.rejects(registry.resolve(refOf(server)), { code: "REGISTRY_PROTOCOL" });
  });

  it("are an identity token, exchanged by OAuth2", async () => {
    await using server = await serve({ auth: { kind: "bearer", identityToken: "refresh-me" } });
    await dockerConfig({
      auths: { [server.host]: { ...basic("x", "y"), identitytoken: "refresh-me" } },
    });
    await using registry = await client();
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    assert.equal(server.requests(/^POST \/token/).length, 1);
  });

  it("come from Podman's auth.json too, the most specific entry first", async () => {
    const auth = { kind: "basic", username: "u", password: "right" } as const;
    await using server = await serve({ auth });
    const directory = join(home, "run");
    await mkdir(join(directory, "containers"), { recursive: true });
    await writeFile(
      join(directory, "containers/auth.json"),
      JSON.stringify({
        auths: { [server.host]: basic("u", "wrong"), [`${server.host}/team`]: basic("u", "right") },
      }),
    );
    env["XDG_RUNTIME_DIR"] = directory;
    await using registry = await client();
    assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
  });

  it("come from a helper, which is run without a shell and asked once", async () => {
    const auth = { kind: "basic", username: "u", password: "from helper" } as const;
    await using server = await serve({ auth });
    const bin = await mkdtemp(join(home, "bin-"));
    const helper = join(bin, "docker-credential-test");
    await writeFile(
      helper,
      `#!/bin/sh\nread -r server\necho "$1 $server" >> ${bin}/log\n` +
        `echo '{"ServerURL":"x","Username":"u","Secret":"from helper"}'\n`,
    );
    await chmod(helper, 0o755);
    env["PATH"] = `${bin}:${env["PATH"] ?? ""}`;
    await dockerConfig({ credHelpers: { [server.host]: "test" } });
    await using registry = await client();
    await registry.resolve(refOf(server));
    await registry.manifest(refOf(server));
    const { readFile } = await import("node:fs/promises");
    assert.equal(await readFile(join(bin, "log"), "utf8"), `get ${server.host}\n`);
  });

  it("of a helper that fails or has an evil name are missing, with a warning", async () => {
    await using server = await serve();
    for (const name of ["not-installed-anywhere", "../../bin/sh", "a;touch /tmp/x"]) {
      await using asking = await serve({ auth: { kind: "basic", username: "u", password: "p" } });
      await dockerConfig({ credsStore: name });
      await using registry = await client();
      await assert.rejects(registry.resolve(refOf(asking)), { code: "REGISTRY_AUTH" });
      assert.equal((await registry.resolve(refOf(server))).digest, image.manifest.digest);
    }
    assert.equal(warnings.length, 3);
  });

  it("that are wrong are reported without being told", async () => {
    for (const kind of ["basic", "bearer"] as const) {
      await using server = await serve({ auth: { kind, username: "u", password: "p" } });
      await dockerConfig({ auths: { [server.host]: basic("u", "S3cret") } });
      await using registry = await client();
      await assert.rejects(registry.resolve(refOf(server)), (error) => {
        assert.ok(isTsbuildError(error, "REGISTRY_AUTH"));
        assert.doesNotMatch(
          JSON.stringify([error.message, error.hint, error.details]),
          /S3cret|UzNjcmV0/,
        );
        return true;
      });
      assert.ok(server.log.length < 8);
    }
  });

  it("in a file that is no JSON are an error that does not quote it", async () => {
    await using server = await serve({ auth: { kind: "basic", username: "u", password: "p" } });
    const directory = await mkdtemp(join(home, "docker-"));
    await writeFile(join(directory, "config.json"), '{"auths": S3cret');
    env["DOCKER_CONFIG"] = directory;
    await using registry = await client();
    await assert.rejects(registry.resolve(refOf(server)), (error) => {
      assert.ok(isTsbuildError(error, "REGISTRY_CONFIG"));
      assert.doesNotMatch(String(error), /S3cret/);
      return true;
    });
  });
});

describe("mirrors", () => {
  const registries = async (text: string): Promise<void> => {
    const path = join(await mkdtemp(join(home, "conf-")), "registries.toml");
    await writeFile(path, text);
    env["TSBUILD_REGISTRIES"] = path;
  };
  const mirrored = (mirrors: string[]): Promise<void> =>
    registries(`[registry."docker.io"]\nmirrors = ${JSON.stringify(mirrors)}\n`);

  it("answer for the registry that they stand for", async () => {
    await using server = await serve();
    await mirrored([server.host]);
    await using registry = await client();
    const reference = parseReference("team/app:v1");
    assert.equal((await registry.resolve(reference)).digest, image.manifest.digest);
    assert.ok((await download(registry, reference, blobOf(layer))).equals(layer.bytes));
  });

  it("may have a path, which becomes part of the repository", async () => {
    await using server = await serve();
    for (const mirror of [`http://${server.host}/team`, `${server.host}/v2/team/`]) {
      await registries(`[registry."example.invalid"]\nmirrors = ["${mirror}"]\n`);
      await using registry = await client();
      const found = await registry.resolve(parseReference("example.invalid/app:v1"));
      assert.equal(found.digest, image.manifest.digest);
    }
  });

  it("that fail, lack the image or send damaged content are followed by the next", async () => {
    await using broken = await serve();
    broken.fault({ match: /./, status: 500, times: 99 });
    await using empty = await RegistryServer.start();
    await using liar = await serve();
    liar.fault({ match: /^GET .*manifests/, corrupt: true, times: 99 });
    await using server = await serve();
    await mirrored(["127.0.0.1:1", broken.host, empty.host, liar.host, server.host]);
    await using registry = await client();
    const reference = parseReference(`team/app@${image.manifest.digest}`);
    const found = await registry.manifest(reference);
    assert.equal(found.descriptor.digest, image.manifest.digest);
    assert.equal(warnings.length, 1);
    await registry.manifest(reference);
    assert.equal(warnings.length, 1);
  });

  it("that stop in the middle of a blob are followed by the next", async () => {
    await using tired = await serve({ noRange: true });
    tired.fault({ match: /^GET .*blobs/, truncateAt: 1000, times: 99 });
    await using server = await serve();
    await mirrored([tired.host, server.host]);
    await using registry = await client();
    const reference = parseReference("team/app:v1");
    assert.ok((await download(registry, reference, blobOf(layer))).equals(layer.bytes));
    assert.equal(server.log[0]?.range, "bytes=1000-");
  });

  it("leave the registry's own error when all fail", async () => {
    await using server = await serve();
    await registries(`[registry."${server.host}"]\nmirrors = ["127.0.0.1:1"]\n`);
    await using registry = await client();
    await assert.rejects(registry.manifest(refOf(server, ":nope")), (error) => {
      assert.ok(isTsbuildError(error, "REGISTRY_NOT_FOUND"));
      assert.equal((error.details["mirrors"] as unknown[]).length, 1);
      return true;
    });
  });

  it("are never pushed to", async () => {
    await using mirror = await serve();
    await using server = await RegistryServer.start();
    await registries(`[registry."${server.host}"]\nmirrors = ["${mirror.host}"]\n`);
    await using registry = await client();
    await push(registry, refOf(server));
    assert.equal(mirror.log.length, 0);
    assert.ok(server.manifest("team/app", "v1") !== undefined);
  });

  it("and other settings that are not right are errors with the file's name", async () => {
    for (const text of [
      "not toml = = =",
      '[registry."h"]\nmirors = ["x"]\n',
      '[registry."h"]\nmirrors = 7\n',
      '[registry."h"]\nhttp = "yes"\n',
      '[registry."h"]\ncert = "x"\n',
    ]) {
      await registries(text);
      await assert.rejects(client(), { code: "REGISTRY_CONFIG" }, text);
    }
    env["TSBUILD_REGISTRIES"] = join(home, "missing.toml");
    await assert.rejects(client(), { code: "REGISTRY_CONFIG" });
  });
});

/** Pushes the image from memory. */
async function push(
  registry: RegistryClient,
  to: Reference,
  mountFrom: Reference[] = [],
  states: string[] = [],
): Promise<void> {
  const all = new Map(
    [image.manifest, image.config, ...image.layers].map((part) => [part.digest, part.bytes]),
  );
  const bytesOf = (descriptor: Descriptor): Buffer => all.get(descriptor.digest) ?? assert.fail();
  const { Readable } = await import("node:stream");
  await registry.push(
    to,
    { ...blobOf(image.manifest), mediaType: image.manifest.mediaType },
    {
      read: (blob) => Promise.resolve(bytesOf(blob)),
      stream: (blob) =>
        Readable.from([bytesOf(blob).subarray(0, 7), bytesOf(blob).subarray(7)], {
          objectMode: false,
        }),
    },
    { mountFrom: () => mountFrom, onProgress: ({ state }) => states.push(state) },
  );
}

describe("pushing", () => {
  const complete = (server: RegistryServer): void => {
    for (const { digest, bytes } of [image.config, ...image.layers])
      assert.ok(server.blob("team/app", digest)?.equals(bytes));
    assert.deepEqual(server.manifest("team/app", "v1")?.bytes, image.manifest.bytes);
    assert.equal(server.manifest("team/app", "v1")?.mediaType, image.manifest.mediaType);
  };

  it("uploads blobs, then the manifest by digest, then the tag", async () => {
    await using server = await RegistryServer.start();
    await using registry = await client();
    await push(registry, refOf(server));
    complete(server);
    const puts = server.requests(/^PUT/).map(({ url }) => url);
    assert.ok(puts.at(-1)?.endsWith("/manifests/v1"));
    assert.ok(puts.at(-2)?.endsWith(`/manifests/${image.manifest.digest}`));
  });

  it("sends nothing that is there already", async () => {
    await using server = await serve();
    await using registry = await client();
    const states: string[] = [];
    await push(registry, refOf(server), [], states);
    assert.deepEqual(states, ["exists", "exists", "exists"]);
    assert.equal(server.requests(/^POST/).length, 0);
  });

  it("mounts what a neighbour of the same registry has", async () => {
    await using server = await serve({ auth: { kind: "bearer" } });
    await using registry = await client();
    const states: string[] = [];
    const to = parseReference(`${server.host}/other/place:v1`);
    await push(registry, to, [refOf(server), parseReference("elsewhere.invalid/a/b")], states);
    assert.deepEqual(states, ["mounted", "mounted", "mounted"]);
    assert.ok(server.scopes.includes("repository:team/app:pull"));
    assert.ok(server.scopes.includes("repository:other/place:pull,push"));
  });

  it("uploads what may not be mounted", async () => {
    const to = (server: RegistryServer): Reference =>
      parseReference(`${server.host}/other/place:v1`);
    for (const status of [400, 401, 403]) {
      await using server = await serve();
      await using registry = await client();
      server.fault({ match: /^POST .*mount=/, status, times: 99 });
      await push(registry, to(server), [refOf(server)]);
      assert.ok(server.manifest("other/place", "v1") !== undefined);
    }
    // The token service refuses a token for both repositories, or gives one that the other does not take.
    await using server = await serve({ auth: { kind: "bearer" } });
    await using registry = await client();
    server.fault({ match: /token.*team%2Fapp/, status: 403, times: 99 });
    const states: string[] = [];
    await push(registry, to(server), [refOf(server)], states);
    assert.ok(states.includes("done") && !states.includes("mounted"));
    assert.ok(server.requests(/token.*team%2Fapp/).length <= image.layers.length + 1);
  });

  it("uploads where it may not look", async () => {
    await using server = await RegistryServer.start();
    await using registry = await client();
    server.fault({ match: /^HEAD/, status: 403, times: 99 });
    await push(registry, refOf(server));
    complete(server);
  });

  it("goes in pieces where a body is too large", async () => {
    await using server = await RegistryServer.start({ maxBody: 9_000_000 });
    await using registry = await client();
    await push(registry, refOf(server));
    complete(server);
    server.fault({ match: /^PUT .*uploads/, status: 413, times: 2 });
    await using strict = await RegistryServer.start();
    strict.fault({ match: /^PUT .*uploads/, status: 413, times: 3 });
    await push(registry, refOf(strict));
    complete(strict);
    assert.ok(strict.requests(/^PATCH/).length > 0);
  });

  it("starts an upload anew that broke", async () => {
    await using server = await RegistryServer.start();
    await using registry = await client();
    server.fault({ match: /^PUT .*uploads/, reset: true, times: 3 });
    server.fault({ match: /^POST/, status: 502 });
    await push(registry, refOf(server));
    complete(server);
  });

  it("is not done under the digest of another image", async () => {
    await using server = await RegistryServer.start();
    await using registry = await client();
    const other = refOf(server, `@${layer.digest}`);
    await assert.rejects(push(registry, other), { code: "REGISTRY_PUSH" });
    assert.equal(server.log.length, 0);
    await push(registry, refOf(server, `@${image.manifest.digest}`));
    assert.ok(server.manifest("team/app", image.manifest.digest) !== undefined);
  });

  it("that is refused names the reason and sets no tag", async () => {
    await using server = await RegistryServer.start();
    await using registry = await client();
    server.fault({
      match: /^POST/,
      status: 403,
      body: '{"errors":[{"code":"DENIED","message":"read \\u001b[1monly"}]}',
      times: 99,
    });
    await assert.rejects(push(registry, refOf(server)), (error) => {
      assert.ok(isTsbuildError(error, "REGISTRY_DENIED"));
      assert.match(error.message, /DENIED: read \?\[1monly/);
      return true;
    });
    assert.equal(server.manifest("team/app", "v1"), undefined);
  });

  it("asks for a token that may push", async () => {
    await using server = await RegistryServer.start({
      auth: { kind: "bearer", username: "u", password: "p" },
    });
    await dockerConfig({ auths: { [server.host]: basic("u", "p") } });
    await using registry = await client();
    await push(registry, refOf(server));
    complete(server);
    assert.deepEqual(new Set(server.scopes), new Set(["repository:team/app:pull,push"]));
  });
});
