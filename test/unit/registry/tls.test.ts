// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect, createServer as createTcpServer, type AddressInfo } from "node:net";
import { Readable, type Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parseReference, type Digest } from "#src/oci/index.js";
import { createRegistryClient, type RegistryClient } from "#src/registry/index.js";
import { makeImage } from "../../support/image.js";
import { RegistryServer, type RegistryServerOptions } from "../../support/registry-server.js";

const home = mkdtempSync(join(tmpdir(), "tsbuild-tls-"));
after(() => {
  rmSync(home, { recursive: true });
});
const image = makeImage([Buffer.from("hello")]);

/** A self-signed certificate for 127.0.0.1, which is its own authority. */
const certificate = join(home, "cert.pem");
const key = join(home, "key.pem");
execFileSync(
  "openssl",
  [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=registry.test"],
    ...["-addext", "subjectAltName=IP:127.0.0.1"],
  ],
  { stdio: "ignore" },
);
const tls = { key: readFileSync(key, "utf8"), cert: readFileSync(certificate, "utf8") };

async function serve(options: RegistryServerOptions = { tls }): Promise<RegistryServer> {
  const server = await RegistryServer.start(options);
  server.putManifest("app", "v1", image.manifest.mediaType, image.manifest.bytes);
  server.putBlob("app", image.config.bytes);
  return server;
}

async function client(settings: string, env: Record<string, string> = {}): Promise<RegistryClient> {
  const path = join(home, "registries.toml");
  await writeFile(path, settings);
  return await createRegistryClient({
    env: { HOME: home, TSBUILD_REGISTRIES: path, ...env },
    retry: { attempts: 2, baseDelay: 1 },
    onWarning: (message) => assert.fail(message),
  });
}
const ref = (server: RegistryServer) => parseReference(`${server.host}/app:v1`);

describe("TLS", () => {
  it("is used with the authority that the registries file names", async () => {
    await using server = await serve();
    await using registry = await client(`[registry."${server.host}"]\nca = ["cert.pem"]\n`);
    assert.equal((await registry.resolve(ref(server))).digest, image.manifest.digest);
  });

  it("is refused with a certificate of an unknown authority", async () => {
    await using server = await serve();
    await using registry = await client(`[registry."${server.host}"]\nhttp = false\n`);
    await assert.rejects(registry.resolve(ref(server)), { code: "REGISTRY_TLS" });
  });

  it("is not verified, and may be missing, where the file says insecure", async () => {
    for (const options of [{ tls }, {}]) {
      await using server = await serve(options);
      // Named by a host that is not loopback to the client, so that https is tried first.
      await using proxy = await forwarder(server.host);
      const reference = parseReference("registry.test:5000/app:v1");
      await using registry = await client('[registry."registry.test:5000"]\ninsecure = true\n', {
        HTTPS_PROXY: proxy.url,
        HTTP_PROXY: proxy.url,
      });
      assert.equal((await registry.resolve(reference)).digest, image.manifest.digest);
    }
  });

  it("goes through an HTTP proxy that sees only the tunnel", async () => {
    await using server = await serve();
    await using proxy = await forwarder(server.host);
    const settings = '[registry."127.0.0.1:5000"]\nca = ["cert.pem"]\n';
    const host = "registry.test:5000";
    await using registry = await client(
      settings.replace("127.0.0.1:5000", host).replace("ca =", "insecure = true\nca ="),
      {
        https_proxy: proxy.url,
      },
    );
    const found = await registry.resolve(parseReference(`${host}/app:v1`));
    assert.equal(found.digest, image.manifest.digest);
    assert.deepEqual(proxy.seen, [`CONNECT ${host}`]);
    await using direct = await client(settings.replace("127.0.0.1:5000", host), {
      https_proxy: proxy.url,
      no_proxy: "example.com, .test",
    });
    await assert.rejects(direct.resolve(parseReference(`${host}/app:v1`)), {
      code: "REGISTRY_UNREACHABLE",
    });
    assert.equal(proxy.seen.length, 1);
  });

  it("is of the registry that a name with the usual port means", async () => {
    const auth = { kind: "basic", username: "u", password: "p" } as const;
    await using server = await serve({ tls, auth });
    await using proxy = await forwarder(server.host);
    const host = "Registry.test:443";
    const config = { auths: { "registry.test:443": { auth: "dTpw" } } };
    await writeFile(join(home, "config.json"), JSON.stringify(config));
    await using registry = await client(`[registry."${host}"]\ninsecure = true\n`, {
      https_proxy: proxy.url,
      DOCKER_CONFIG: home,
    });
    const found = await registry.resolve(parseReference(`${host}/app:v1`));
    assert.equal(found.digest, image.manifest.digest);
  });

  it("goes by the authority of the host, also of one that the registry points to", async () => {
    await using server = await serve();
    await using other = await serve();
    const own = `[registry."${server.host}"]\nca = ["cert.pem"]\n`;
    const settings = [own, `${own}[registry."${other.host}"]\nca = ["cert.pem"]\n`] as const;
    const blob = {
      mediaType: "x",
      digest: image.config.digest as Digest,
      size: image.config.bytes.length,
    };
    const redirected = (): void => {
      const location = `https://${other.host}/v2/app/blobs/${blob.digest}`;
      server.fault({ match: /blobs/, status: 302, headers: { location } });
    };
    const challenged = (): void => {
      const realm = `Bearer realm="https://${other.host}/token"`;
      server.fault({ match: /^HEAD/, status: 401, headers: { "www-authenticate": realm } });
      other.fault({ match: /token/, status: 200, body: '{"token":"t"}' });
    };
    {
      await using registry = await client(settings[0]);
      redirected();
      const untrusted = { code: "REGISTRY_TLS", message: new RegExp(`trust ${other.host}`) };
      await assert.rejects(registry.blob(ref(server), blob).toArray(), untrusted);
      challenged();
      await assert.rejects(registry.resolve(ref(server)), untrusted);
    }
    await using registry = await client(settings[1]);
    redirected();
    const bytes = Buffer.concat((await registry.blob(ref(server), blob).toArray()) as Buffer[]);
    assert.ok(bytes.equals(image.config.bytes));
    challenged();
    assert.equal((await registry.resolve(ref(server))).digest, image.manifest.digest);
  });

  it("is given up behind a proxy that keeps silent", async () => {
    const silent = createTcpServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = silent.address() as AddressInfo;
      await using registry = await createRegistryClient({
        env: { https_proxy: `http://127.0.0.1:${port}` },
        retry: { attempts: 2, baseDelay: 1 },
        timeouts: { answer: 50, idle: 50 },
      });
      await assert.rejects(registry.resolve(parseReference("registry.test/app")), {
        code: "REGISTRY_UNREACHABLE",
        message: /no answer for 0.05 seconds/,
      });
    } finally {
      silent.close();
    }
  });

  it("is never left for plain HTTP by a redirect", async () => {
    await using server = await serve();
    await using plain = await serve({});
    await using registry = await client(`[registry."${server.host}"]\nca = ["cert.pem"]\n`);
    const location = `http://${plain.host}/v2/app/blobs/${image.config.digest}`;
    server.fault({ match: /blobs/, status: 302, headers: { location } });
    const blob = {
      mediaType: "x",
      digest: image.config.digest as Digest,
      size: image.config.bytes.length,
    };
    await assert.rejects(registry.blob(ref(server), blob).toArray(), { code: "REGISTRY_REDIRECT" });
    assert.equal(plain.log.length, 0);
  });

  it("is demanded of a token service too", async () => {
    await using server = await serve();
    await using registry = await client(`[registry."${server.host}"]\nca = ["cert.pem"]\n`);
    server.fault({
      match: /./,
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="http://tokens.invalid/t",service="s"' },
    });
    await assert.rejects(registry.resolve(ref(server)), { code: "REGISTRY_REDIRECT" });
  });

  it("is demanded of a token service on this machine, unless the registry is here, too", async () => {
    await using server = await serve();
    await using tokens = await serve({});
    await using proxy = await forwarder(server.host);
    const challenge = { "www-authenticate": `Bearer realm="http://${tokens.host}/token"` };
    server.fault({ match: /./, status: 401, headers: challenge });
    const host = "registry.test:5000";
    await using registry = await client(`[registry."${host}"]\ninsecure = true\n`, {
      https_proxy: proxy.url,
    });
    await assert.rejects(registry.resolve(parseReference(`${host}/app:v1`)), {
      code: "REGISTRY_REDIRECT",
    });
    assert.equal(tokens.log.length, 0);
    await using here = await client(`[registry."${server.host}"]\nca = ["cert.pem"]\n`);
    server.fault({ match: /./, status: 401, headers: challenge });
    tokens.fault({ match: /token/, status: 200, body: '{"token":"t"}' });
    assert.equal((await here.resolve(ref(server))).digest, image.manifest.digest);
  });

  it("is not left for plain HTTP by the place of an upload", async () => {
    await using server = await serve();
    await using registry = await client(`[registry."${server.host}"]\nca = ["cert.pem"]\n`);
    const location = `http://${server.host}/v2/new/blobs/uploads/1`;
    server.fault({ match: /^POST/, status: 202, headers: { location }, times: 99 });
    const { mediaType, digest, bytes } = image.manifest;
    const root = { mediaType, digest: digest as Digest, size: bytes.length };
    const source = { read: () => Promise.resolve(bytes), stream: () => Readable.from([]) };
    const to = parseReference(`${server.host}/new:v1`);
    await assert.rejects(registry.push(to, root, source), { code: "REGISTRY_REDIRECT" });
  });
});

/** An HTTP proxy that brings everything to one place, whatever is asked for. */
async function forwarder(
  target: string,
): Promise<{ readonly url: string; readonly seen: string[] } & AsyncDisposable> {
  const [host = "", port = ""] = target.split(":");
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const { pathname } = new URL(request.url ?? "");
    fetch(`http://${target}${pathname}`, { method: request.method ?? "GET" }).then(
      async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      },
      () => response.destroy(),
    );
  });
  const tunnels = new Set<Duplex>();
  server.on("connect", (request, socket) => {
    tunnels.add(socket);
    seen.push(`CONNECT ${request.url ?? ""}`);
    const through = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      through.pipe(socket).pipe(through);
    });
    through.on("error", () => socket.destroy());
    socket.on("error", () => through.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      for (const socket of tunnels) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
