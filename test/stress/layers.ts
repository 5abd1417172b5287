// SPDX-License-Identifier: Apache-2.0
// Differential test of layers: random trees are changed inside RUN steps, and what the last step sees must be what others
// make of the image: umoci, a build FROM it in another store, and the archive of the merged file system.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../support/random.js";
import { baseContexts, repository, workspace, type Workspace } from "../support/runner.js";
import { validateImage } from "../support/validate.js";
import type { StressOptions } from "./options.js";
import { randomChanges } from "./tree-changes.js";

/** Trees in one build, which share its layers; and layers that change them. */
const treesPerBuild = 25;
const changedLayers = 3;
const asRoot = process.getuid?.() === 0;

/** Throws an AssertionError that names the seed and the directory in which the case is kept. */
export async function compareLayers({ rounds, seed, log }: StressOptions): Promise<void> {
  const random = new Random(seed);
  const tool = compileTool();
  for (let done = 0; done < rounds; done += treesPerBuild) {
    const trees = Math.min(treesPerBuild, rounds - done);
    await compareOnce(
      random.fork(),
      tool,
      trees,
      `seed ${seed}, rounds ${done} to ${done + trees - 1}`,
    );
    log(`${done + trees} of ${rounds} rounds`);
  }
  rmSync(tool, { recursive: true });
}

/** A directory with the compiled tool in it. */
function compileTool(): string {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-tree-op-"));
  const source = join(repository, "test/stress/tree-op.c");
  const flags = ["-std=gnu11", "-D_GNU_SOURCE", "-O1", "-static"];
  execFileSync("cc", [...flags, "-o", join(directory, "tree-op"), source]);
  return directory;
}

async function compareOnce(
  random: Random,
  tool: string,
  trees: number,
  where: string,
): Promise<void> {
  await using held = workspace();
  const context = join(held.directory, "context");
  writeContext(random, context, tool, trees);
  const common = ["--progress=plain", "--network=none", context];
  const layout = join(held.directory, "layout");
  const bases = [...baseContexts("busybox"), "--output", `type=oci,tar=false,dest=${layout}`];
  await held.succeed([...bases, "-t", "trees:1", ...common]);
  await validateImage(layout);
  try {
    const umoci = unpackWithUmoci(held, layout);
    const expected = readFileSync(join(umoci, "listing"), "latin1");
    assert.ok(expected.split("\n").length > trees, "the trees have something in them");
    assertSame(
      listed(tool, join(umoci, "trees")),
      withoutEmptyAttributes(expected),
      "what umoci unpacks",
    );
    assertSame(await listedFromImage(held, layout, tool), expected, "a build from the image");
    assertSame(await listedFromArchive(held, tool), expected, "the merged archive");
  } catch (error) {
    const kept = mkdtempSync(join(tmpdir(), "tsbuild-layers-case-"));
    cpSync(context, join(kept, "context"), { recursive: true });
    throw new Error(`${where} (kept in ${kept})`, { cause: error });
  }
}

/** One file of changes for each layer; lines of different trees stay apart. */
function writeContext(random: Random, context: string, tool: string, trees: number): void {
  mkdirSync(context, { recursive: true });
  cpSync(join(tool, "tree-op"), join(context, "tree-op"));
  const steps: string[] = [];
  for (let layer = 0; layer <= changedLayers; layer++) {
    const name = `changes-${layer}`;
    const lines = Array.from({ length: trees }, (_, i) => [
      ...(layer === 0 ? [`d t${i}`] : []),
      ...randomChanges(random, `t${i}`, { count: layer === 0 ? 90 : 25, devices: asRoot }),
    ]);
    writeFileSync(join(context, name), `${lines.flat().join("\n")}\n`);
    steps.push(`RUN --mount=target=/in ["/in/tree-op", "apply", "/trees", "/in/${name}"]`);
  }
  writeFileSync(
    join(context, "Dockerfile"),
    [
      "FROM busybox",
      "WORKDIR /trees",
      ...steps,
      "RUN --mount=target=/in /in/tree-op list /trees > /listing",
      "",
    ].join("\n"),
  );
}

/** The root of the unpacked image. Root unpacks directly, anyone else in a user namespace, where it stays readable. */
function unpackWithUmoci(held: Workspace, layout: string): string {
  const bundle = join(held.directory, "bundle");
  inNamespace("umoci", ["unpack", "--image", `${layout}:${refOf(layout)}`, bundle]);
  return join(bundle, "rootfs");
}

function refOf(layout: string): string {
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8")) as {
    manifests: { annotations: Record<string, string> }[];
  };
  return (
    index.manifests[0]?.annotations["org.opencontainers.image.ref.name"] ?? assert.fail("no name")
  );
}

const prefix: readonly string[] = asRoot
  ? []
  : ["unshare", "--user", "--map-root-user", "--map-auto"];

function inNamespace(...[command, args]: [string, readonly string[]]): string {
  const [first = "", ...rest] = [...prefix, command, ...args];
  return execFileSync(first, rest, {
    encoding: "latin1",
    maxBuffer: 2 ** 28,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** To Go's reader of archives a PAX record without a value takes an earlier one back. */
function withoutEmptyAttributes(listing: string): string {
  return listing.replace(/ user\.[^ =\n]+=(?=[ \n])/g, "");
}

function listed(tool: string, directory: string): string {
  return inNamespace(join(tool, "tree-op"), ["list", directory]);
}

/** What a build sees that begins with the image, in a store that has never seen it. */
async function listedFromImage(held: Workspace, layout: string, tool: string): Promise<string> {
  const directory = join(held.directory, "from");
  mkdirSync(directory);
  cpSync(join(tool, "tree-op"), join(directory, "tree-op"));
  writeFileSync(
    join(directory, "Dockerfile"),
    "FROM base AS list\nRUN --mount=target=/in /in/tree-op list /trees > /again\nFROM scratch\nCOPY --from=list /again /\n",
  );
  const store = join(held.directory, "second-store");
  const args = [
    "--network=none",
    "--build-context",
    `base=oci-layout://${layout}`,
    "-o",
    join(directory, "out"),
  ];
  await held.succeed([...args, directory], { env: { TSBUILD_ROOT: store } });
  return readFileSync(join(directory, "out/again"), "latin1");
}

async function listedFromArchive(held: Workspace, tool: string): Promise<string> {
  const archive = join(held.directory, "merged.tar");
  const root = join(held.directory, "merged");
  await held.succeed([
    ...baseContexts("busybox"),
    ...["--progress=plain", "--network=none", "-o", `type=tar,dest=${archive}`],
    join(held.directory, "context"),
  ]);
  mkdirSync(root);
  inNamespace("tar", [
    "--xattrs",
    "--xattrs-include=*",
    "--same-owner",
    "-xpf",
    archive,
    "-C",
    root,
  ]);
  return listed(tool, join(root, "trees"));
}

function assertSame(actual: string, expected: string, what: string): void {
  if (actual === expected) return;
  const [have, want] = [actual.split("\n"), expected.split("\n")];
  const [haveSet, wantSet] = [new Set(have), new Set(want)];
  const lines = [
    ...want.filter((line) => !haveSet.has(line)).map((line) => `- ${line}`),
    ...have.filter((line) => !wantSet.has(line)).map((line) => `+ ${line}`),
  ];
  assert.fail(`${what} is not what the step saw:\n${lines.slice(0, 20).join("\n")}`);
}
