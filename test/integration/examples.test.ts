// SPDX-License-Identifier: Apache-2.0
// The examples: each is built twice from nothing, read by other tools, and run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import {
  fetchWhenUp,
  findRuntime,
  freePort,
  unpackImage,
  type Bundle,
} from "../support/run-image.js";
import { baseContexts, repository, run, workspace, type Workspace } from "../support/runner.js";

interface ImageManifest {
  readonly layers: readonly { readonly digest: string }[];
  readonly config: { readonly digest: string };
}
interface ImageConfig {
  readonly history: readonly { readonly created_by?: string; readonly empty_layer?: boolean }[];
  readonly config: Record<string, unknown>;
}

/** Reads the one image of an OCI layout directory. */
function readImage(layout: string): { manifest: ImageManifest; config: ImageConfig } {
  const blob = (digest: string): unknown =>
    JSON.parse(readFileSync(join(layout, "blobs", digest.replace(":", "/")), "utf8"));
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: { digest: string }[];
  };
  const [first] = index.manifests;
  assert.ok(first);
  const manifest = blob(first.digest) as ImageManifest;
  return { manifest, config: blob(manifest.config.digest) as ImageConfig };
}

/** The digests of the layers that a WORKDIR, COPY or ADD made, by the text of the instruction. */
function copiedLayers(layout: string): Record<string, string> {
  const { manifest, config } = readImage(layout);
  const made = config.history.filter((entry) => entry.empty_layer !== true);
  assert.equal(made.length, manifest.layers.length);
  return Object.fromEntries(
    made
      .map((entry, i) => [entry.created_by ?? "", manifest.layers[i]?.digest ?? ""] as const)
      .filter(([text]) => /\b(WORKDIR|COPY|ADD)\b/.test(text)),
  );
}

/** Runs every step of an example, whatever the store holds, and writes an OCI layout. */
async function build(
  space: Workspace,
  name: string,
  bases: readonly string[],
  to: string,
): Promise<string> {
  const layout = join(space.directory, to);
  await space.succeed([
    "build",
    "--progress=plain",
    "--no-cache",
    "--tag",
    `${name}:latest`,
    // What a stage takes from a RUN of another carries the time of that RUN, unless it is clamped.
    "--build-arg",
    "SOURCE_DATE_EPOCH=1700000000",
    "--output",
    `type=oci,tar=false,rewrite-timestamp=true,dest=${layout}`,
    ...baseContexts(...bases),
    join(repository, "examples", name),
  ]);
  return layout;
}

/** Builds an example twice, compares, lets skopeo read it, and hands its unpacked form to the test. */
async function example(
  context: TestContext,
  name: string,
  bases: readonly string[],
  use: (bundle: Bundle, layout: string) => Promise<void>,
): Promise<void> {
  await using space = workspace();
  const layout = await build(space, name, bases, "layout");
  const again = await build(space, name, bases, "again");
  assert.deepEqual(copiedLayers(again), copiedLayers(layout));
  const found = findRuntime();
  if ("skip" in found) {
    context.skip(found.skip);
    return;
  }
  const inspected = await run("skopeo", ["inspect", `oci:${layout}:latest`]);
  assert.equal(inspected.code, 0, inspected.stderr);
  const bundle = await unpackImage(
    layout,
    "latest",
    join(space.directory, "bundle"),
    found.runtime,
  );
  await use(bundle, layout);
}

describe("examples", () => {
  it("hello says hello", async (context) => {
    await example(context, "hello", ["busybox"], async (bundle) => {
      const result = await bundle.run();
      assert.deepEqual([result.code, result.stdout], [0, "HELLO FROM TSBUILD\n"], result.stderr);
    });
  });

  it("c-app counts words, as nobody, with the library that it needs", async (context) => {
    await example(context, "c-app", ["gcc:12", "debian:bookworm-slim"], async (bundle, layout) => {
      const counted = await bundle.run({ input: "to be or not to be" });
      assert.deepEqual(
        [counted.code, counted.stdout],
        [0, "2 be\n2 to\n1 not\n1 or\n"],
        counted.stderr,
      );
      assert.equal(readImage(layout).config.config["User"], "nobody");
    });
  });

  it("flask serves its page", async (context) => {
    await example(context, "flask", ["debian:bookworm-slim"], async (bundle, layout) => {
      const port = await freePort();
      const server = bundle.start({ env: { PORT: String(port) } });
      try {
        const page = await fetchWhenUp(`http://127.0.0.1:${port}/`, server.child);
        assert.match(page, /<h3>Hello World!<\/h3>/);
      } finally {
        await server.stop();
      }
      assert.deepEqual(readImage(layout).config.config["ExposedPorts"], { "80/tcp": {} });
    });
  });

  it("node-service answers, with production files only", async (context) => {
    await example(context, "node-service", ["node:20-slim"], async (bundle) => {
      const port = await freePort();
      const server = bundle.start({ env: { PORT: String(port) } });
      try {
        const answer = await fetchWhenUp(`http://127.0.0.1:${port}/?name=you`, server.child);
        assert.deepEqual(JSON.parse(answer), { message: "Hello you!" });
      } finally {
        await server.stop();
      }
      const files = await bundle.run({ args: ["find", "/app", "-type", "f"] });
      assert.deepEqual(files.stdout.trim().split("\n").sort(), [
        "/app/node_modules/.package-lock.json",
        "/app/node_modules/greeter/index.js",
        "/app/node_modules/greeter/package.json",
        "/app/package.json",
        "/app/src/main.js",
        "/app/src/server.js",
      ]);
    });
  });
});
