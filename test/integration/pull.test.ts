// SPDX-License-Identifier: Apache-2.0
// Base images from a registry, whose layers are unpacked while they are fetched: what goes wrong on the way leaves nothing
// that a later build would take for an image.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { mediaTypes } from "#src/oci/index.js";
import { makeImage } from "../support/image.js";
import { RegistryServer, type Fault } from "../support/registry-server.js";
import { workspace, type RunResult } from "../support/runner.js";

const space = workspace();
after(async () => space[Symbol.asyncDispose]());

// The first layer is large: it is being unpacked when the others have come.
const contents = [randomBytes(8_000_000), Buffer.from("second"), Buffer.from("third")];
const architecture = { x64: "amd64", ia32: "386" }[process.arch as string] ?? process.arch;
const image = makeImage(contents, { os: "linux", architecture });

async function serve(): Promise<RegistryServer> {
  const server = await RegistryServer.start();
  for (const { bytes } of [image.config, ...image.layers]) server.putBlob("app", bytes);
  server.putManifest("app", "latest", image.manifest.mediaType, image.manifest.bytes);
  return server;
}

async function build(server: RegistryServer, store: string): Promise<RunResult> {
  return space.tsbuild(["build", "--debug", "-o", "out", "-"], {
    input: `FROM ${server.host}/app\n`,
    env: { TSBUILD_ROOT: join(space.directory, store) },
    timeout: 60_000,
  });
}

function assertComplete(): void {
  for (const [i, content] of contents.entries())
    assert.ok(readFileSync(join(space.directory, "out", `file${i}`)).equals(content));
}

const layer = (i: number): RegExp => new RegExp(`^GET .*${image.layers[i]?.digest ?? ""}`);

describe("a base image", () => {
  it("that a registry never answers for keeps no build waiting that has failed for another", async () => {
    let asked = (): void => undefined;
    const slowIsAsked = new Promise<void>((resolve) => (asked = resolve));
    const server = createServer((request, response) => {
      if (request.url?.includes("/slow/") === true) {
        asked();
        return; // and nothing is ever said
      }
      const missing = request.url?.includes("/missing/") === true;
      void (missing ? slowIsAsked : Promise.resolve()).then(() => {
        response.writeHead(missing ? 404 : 200).end("{}");
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const result = await space.tsbuild(["build", "-"], {
        input: `FROM ${host}/slow/a AS slow\nFROM ${host}/missing/b\nCOPY --from=slow /a /\n`,
        env: { TSBUILD_ROOT: join(space.directory, "never") },
        timeout: 60_000,
      });
      assert.equal(result.code, 1, result.stderr);
      assert.match(result.stderr, /missing\/b.*404/);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("in indexes of indexes without end is refused", async () => {
    await using server = await serve();
    let { mediaType, bytes } = image.manifest;
    for (let i = 0; i < 200; i++) {
      const digest = server.putManifest("app", `${i}`, mediaType, bytes);
      const manifests = [{ mediaType, digest, size: bytes.length }];
      mediaType = mediaTypes.ociIndex;
      bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    }
    server.putManifest("app", "latest", mediaType, bytes);
    const { code, stderr } = await build(server, "nested");
    assert.equal(code, 1);
    assert.match(stderr, /indexes are nested deeper than 8/);
    assert.ok(server.log.length < 20, `${server.log.length} requests`);
  });

  it("is unpacked while it comes, however slowly or brokenly it comes", async () => {
    await using server = await serve();
    server.fault({ match: layer(0), truncateAt: 3_000_000 });
    server.fault({ match: layer(1), delay: 500 });
    const { code, stderr } = await build(server, "good");
    assert.equal(code, 0, stderr);
    assertComplete();
  });

  it("is fetched anew when a layer of it was damaged in the store, wherever in the layer that is", async () => {
    await using server = await serve();
    const env = { TSBUILD_ROOT: join(space.directory, "damaged") };
    const input = `FROM ${server.host}/app\n`;
    await space.succeed(["build", "-t", "kept", "-"], { input, env });
    // The states go, and the blobs stay: an image has them.
    await space.succeed(["prune", "--all", "--force"], { env });
    const hex = image.layers[0]?.digest.slice("sha256:".length) ?? "";
    const blob = join(env.TSBUILD_ROOT, "oci/blobs/sha256", hex);
    const bytes = readFileSync(blob);
    // No block of gzip is of this kind: it is not read to its end.
    bytes[10] = 0x07;
    writeFileSync(blob, bytes);
    const context = join(space.directory, "from");
    mkdirSync(context);
    writeFileSync(join(context, "Dockerfile"), input);
    const { stderr } = await space.succeed(["build", "-o", "out", context], { env });
    assert.match(stderr, /damaged in the store; the build begins again/);
    assertComplete();
  });

  const faults: readonly { readonly what: string; readonly code: string; readonly fault: Fault }[] =
    [
      {
        what: "a damaged first layer",
        code: "REGISTRY_DIGEST",
        fault: { match: layer(0), corrupt: true, times: 99 },
      },
      {
        what: "a damaged last layer",
        code: "REGISTRY_DIGEST",
        fault: { match: layer(2), corrupt: true, times: 99 },
      },
      {
        what: "a layer that is not there",
        code: "REGISTRY_NOT_FOUND",
        fault: { match: layer(1), status: 404, times: 99 },
      },
    ];
  for (const [i, { what, code, fault }] of faults.entries())
    it(`with ${what} fails for that reason, and can be pulled again`, async () => {
      await using server = await serve();
      server.fault(fault);
      const failed = await build(server, `bad${i}`);
      assert.equal(failed.code, 1, failed.stderr);
      assert.match(failed.stderr, new RegExp(`\\(${code}\\)`));
      await using sound = await serve();
      const { code: again, stderr } = await build(sound, `bad${i}`);
      assert.equal(again, 0, stderr);
      assertComplete();
    });

  for (const mediaType of [mediaTypes.ociIndex, mediaTypes.dockerIndex])
    it(`for several platforms is found in its ${mediaType}`, async () => {
      await using server = await serve();
      const platforms = [architecture, "riscv64"];
      const manifests = platforms.map((name, i) => ({
        mediaType: image.manifest.mediaType,
        digest: i === 0 ? image.manifest.digest : `sha256:${"0".repeat(64)}`,
        size: image.manifest.bytes.length,
        platform: { os: "linux", architecture: name },
      }));
      const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
      server.putManifest("app", "latest", mediaType, index);
      const { code, stderr } = await build(server, mediaType.replaceAll("/", "-"));
      assert.equal(code, 0, stderr);
      assertComplete();
    });
});
