// SPDX-License-Identifier: Apache-2.0
// The builders that a case is given to: tsbuild, and the peers where they are installed. All get the same files and flags and
// write an OCI layout.

import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isTsbuildError } from "#src/base/index.js";
import { baseLayout, run } from "../support/runner.js";
import type { ConformanceCase, Peer } from "./case.js";
import { makeContext } from "./context.js";
import { flattenLayout, type FlatImage } from "./flatten.js";
import { madeImages, writeMadeImage } from "./images.js";
import { baseOf, outcomeOf, type Outcome } from "./outcome.js";
import { buildByLibrary } from "./tsbuild.js";

/** Base images as layouts, and their flattened trees; made once. */
export interface Bases {
  layout(name: string): Promise<string>;
  /** Those of a case, for finding the one that its result stands on. */
  flat(names: readonly string[]): Promise<readonly FlatImage[]>;
}

export function makeBases(directory: string): Bases {
  const layouts = new Map<string, Promise<string>>();
  const flats = new Map<string, Promise<FlatImage>>();
  const once = <T>(
    known: Map<string, Promise<T>>,
    name: string,
    make: () => Promise<T>,
  ): Promise<T> => {
    const found = known.get(name) ?? make();
    known.set(name, found);
    return found;
  };
  const layout = (name: string): Promise<string> =>
    once(layouts, name, async () => {
      if (!(name in madeImages)) return baseLayout(name);
      const path = join(directory, name);
      await writeMadeImage(name, path);
      return path;
    });
  return {
    layout,
    flat: (names) =>
      Promise.all(
        names.map((name) => once(flats, name, async () => flattenLayout(await layout(name)))),
      ),
  };
}

/** The images that a case may be built on. */
export function imagesOf(test: ConformanceCase): readonly string[] {
  return ["busybox", ...(test.images ?? [])];
}

/** Makes the files of a case: `context/` with the Dockerfile, and what is beside it. */
export async function makeCase(directory: string, test: ConformanceCase): Promise<void> {
  await makeContext(directory, test.beside ?? {});
  const dockerfile = test.context !== undefined && "Dockerfile" in test.context;
  await makeContext(join(directory, "context"), {
    ...test.context,
    ...(dockerfile ? {} : { Dockerfile: test.dockerfile }),
  });
}

/** How a build ended: an image, or a failure in the builder's words. */
export type BuildEnd =
  | { readonly kind: "image"; readonly outcome: Outcome }
  | { readonly kind: "failure"; readonly message: string; readonly code?: string };

interface Build {
  readonly directory: string;
  readonly test: ConformanceCase;
  readonly bases: Bases;
}

function commonFlags({ test }: Build): string[] {
  const args = test.args ?? [];
  // Nothing here needs a network, and setting one up takes time.
  const network = args.some((arg) => arg.startsWith("--network")) ? [] : ["--network=none"];
  return [...network, ...args];
}

/** What a builder's layout says of a case. */
export async function outcomeIn({ test, bases }: Build, layout: string): Promise<BuildEnd> {
  const image = await flattenLayout(layout);
  const base = baseOf(image, await bases.flat(imagesOf(test)));
  if (base === undefined && image.tree.has("bin/busybox"))
    throw new Error(`${test.name}: ${layout} is built on an image that is not of this suite`);
  return { kind: "image", outcome: outcomeOf(image, base) };
}

/** Builds with tsbuild. `storeRoot`: its store, which cases share. */
export async function buildWithTsbuild(build: Build, storeRoot: string): Promise<BuildEnd> {
  const { directory, test, bases } = build;
  const out = join(directory, "out-tsbuild");
  rmSync(out, { recursive: true, force: true });
  const contexts = await Promise.all(
    imagesOf(test).map(
      async (name) => `--build-context=${name}=oci-layout://${await bases.layout(name)}`,
    ),
  );
  try {
    await buildByLibrary({
      args: [...contexts, ...commonFlags(build)],
      directory,
      storeRoot,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...test.env },
      output: `type=oci,tar=false,dest=${out}`,
    });
  } catch (error) {
    // A failure without a code is a defect, never an outcome.
    if (!isTsbuildError(error)) throw error;
    return { kind: "failure", message: error.message, code: error.code };
  }
  return outcomeIn(build, out);
}

/** The commands of the peers, from the environment or what is on PATH; absent: not installed. */
export function peerCommand(peer: Peer): readonly string[] | undefined {
  const variable = {
    buildkit: "TSBUILD_CONFORMANCE_BUILDX",
    buildah: "TSBUILD_CONFORMANCE_BUILDAH",
  }[peer];
  const usual = { buildkit: "docker buildx", buildah: "buildah" }[peer];
  const command = (process.env[variable] ?? usual).split(" ").filter((word) => word !== "");
  const [first, ...rest] = command;
  if (first === undefined) return undefined;
  try {
    execFileSync(first, [...rest, "version"], { stdio: "ignore" });
    return command;
  } catch {
    return undefined;
  }
}

/** What the peer calls itself, for the record. */
export function peerVersion(command: readonly string[]): string {
  const [first = "", ...rest] = command;
  const text = execFileSync(first, [...rest, "version"], { encoding: "utf8" });
  return (/^Version:\s+(.*)$/m.exec(text)?.[1] ?? text.split("\n")[0] ?? "").trim();
}

/** Builds with a peer. */
export async function buildWithPeer(
  peer: Peer,
  command: readonly string[],
  build: Build,
): Promise<BuildEnd> {
  const { directory, test, bases } = build;
  const out = join(directory, `out-${peer}`);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const names = imagesOf(test);
  const layouts = await Promise.all(names.map((name) => bases.layout(name)));
  const contexts = names.flatMap((name, i) => [
    "--build-context",
    peer === "buildkit"
      ? `${name}=oci-layout://${layouts[i] ?? ""}:latest`
      : `${name}=docker-image://oci:${layouts[i] ?? ""}:latest`,
  ]);
  const own =
    peer === "buildkit"
      ? ["build", "--provenance=false", `--output=type=oci,tar=false,dest=${out}`]
      : ["build", "--layers=false", "--identity-label=false", "--tag", `oci:${out}:latest`];
  const [first = "", ...rest] = command;
  const result = await run(
    first,
    [...rest, ...own, ...contexts, ...commonFlags(build), "context"],
    { cwd: directory, env: { BUILDKIT_PROGRESS: "plain", NO_COLOR: "1", ...test.env } },
  );
  if (result.code === 0) return outcomeIn(build, out);
  return { kind: "failure", message: lastError(result.stderr + result.stdout) };
}

/** The line of a peer's output that says what failed. */
function lastError(text: string): string {
  const lines = text.split("\n").filter((line) => /error/i.test(line));
  const line = lines.at(-1) ?? text.trim().split("\n").at(-1) ?? "";
  // Paths of the builder's own differ from build to build.
  return line
    .trim()
    .replace(/\/(?:var|tmp)\/[^\s"]*\//g, "")
    .slice(0, 300);
}
