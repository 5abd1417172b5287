// SPDX-License-Identifier: Apache-2.0
// A build to do harm to: one of every kind of step, what must come out of it, and what a store must be like afterwards.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flattenLayout, type FlatEntry } from "../conformance/flatten.js";
import { bytesOnDisk } from "../support/disk.js";
import { findLeaks } from "../support/leak-check.js";
import {
  baseContexts,
  type RunOptions,
  type RunResult,
  type Workspace,
} from "../support/runner.js";
import { makeTree } from "../support/tree.js";
import { validateImage } from "../support/validate.js";

const dockerfile = `FROM busybox AS build
ARG WHICH=0
COPY src /src
RUN --mount=type=cache,target=/cache echo "$WHICH" > /made && cat /src/* >> /made && echo x >> /cache/log
ADD x.tar /unpacked/
RUN rm -r /src && mkdir /src && echo new > /src/new && dd if=/dev/zero of=/zeros bs=1k count=300 2>&1
FROM busybox
WORKDIR /app
COPY --link --from=build /made /unpacked /app/
RUN --mount=from=build,source=/src,target=/m cat /m/new > seen; ln made again
`;

/** Type, mode, owner and content by path. */
export type Contents = Readonly<Record<string, unknown>>;

export class Victim {
  readonly #held: Workspace;
  readonly context: string;

  constructor(held: Workspace) {
    this.#held = held;
    this.context = join(held.directory, "victim");
    makeTree(this.context, {
      Dockerfile: dockerfile,
      "src/one": "one",
      "src/two": "two",
      "packed/file": "packed",
    });
    const packed = join(this.context, "packed");
    execFileSync("tar", [
      "--sort=name",
      "--mtime=@1",
      "-cf",
      join(this.context, "x.tar"),
      "-C",
      packed,
      ".",
    ]);
  }

  /** Arguments of a build; WHICH makes it another one. */
  args(which: string, ...more: readonly string[]): string[] {
    const common = ["--progress=plain", "--network=none", `--build-arg=WHICH=${which}`];
    return ["build", ...baseContexts("busybox"), ...common, ...more, this.context];
  }

  /** Builds in a store, without any harm, and gives what came out. */
  async contents(store: string, which: string, ...more: readonly string[]): Promise<Contents> {
    const layout = mkdtempSync(join(this.#held.directory, "layout-"));
    await this.#held.succeed(
      this.args(which, "-o", `type=oci,tar=false,dest=${layout}`, ...more),
      on(store),
    );
    return await contentsOf(layout);
  }
}

/** What a layout holds; the layout is removed. */
export async function contentsOf(layout: string): Promise<Contents> {
  await validateImage(layout);
  const { tree, config } = await flattenLayout(layout);
  rmSync(layout, { recursive: true });
  const first = new Map<FlatEntry, string>();
  const entries = [...tree].map(([path, entry]): [string, unknown] => {
    const linkOf = first.get(entry);
    first.set(entry, linkOf ?? path);
    const { type, mode, uid, gid, sha256, target } = entry;
    return [path, [type, mode, uid, gid, sha256, target, linkOf]];
  });
  return { ...Object.fromEntries(entries), config };
}

export function on(store: string, env: RunOptions["env"] = {}): RunOptions {
  return { env: { ...env, TSBUILD_ROOT: store, TSBUILD_GC: "0" } };
}

const prefix: readonly string[] =
  process.getuid?.() === 0 ? [] : ["unshare", "--user", "--map-root-user", "--map-auto"];

/** A store as it was. */
export function copyStore(from: string, to: string): void {
  const [command, ...args] = [...prefix, "cp", "-a", "--reflink=auto", from, to];
  execFileSync(command, args);
}

export function removeStore(store: string): void {
  const [command, ...args] = [...prefix, "rm", "-rf", "--", store];
  execFileSync(command, args);
}

/** A command that failed says why, as users are told, and not as a crash. */
export function assertClearFailure(result: RunResult): void {
  assert.ok(
    result.code === 1 || result.code === 3,
    `exit code ${result.code ?? result.signal ?? ""}: ${result.stderr}`,
  );
  assert.match(result.stderr, /^ERROR: /m);
  assert.doesNotMatch(result.stderr, /^\s+at .*:\d+:\d+\)?$|node:internal|INTERNAL/m);
}

/** A store nothing runs in: no scratch, nothing on the disk that is not on record, named images whole. */
export async function assertSound(
  held: Workspace,
  store: string,
  ...names: readonly string[]
): Promise<void> {
  const { stdout } = await held.succeed(["du", "--format", "json"], on(store));
  const sizes = stdout.split("\n").flatMap((line) => (line === "" ? [] : [sizeOf(line)]));
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    bytesOnDisk(store),
    "what du says is what the disk says",
  );
  const images = await validateImage(join(store, "oci"));
  for (const name of names)
    assert.ok(
      images.some((image) => image.names.includes(name)),
      `${name} is there`,
    );
  assert.deepEqual(
    namesIn(store).filter((name) => !known.has(name)),
    [],
    "the store's directory",
  );
  assert.deepEqual(namesIn(join(store, "oci")), ["blobs", "index.json", "oci-layout"]);
  const temporary = join(store, "tmp");
  const leaks = findLeaks({ directory: store, empty: [temporary] });
  assert.deepEqual(leaks, []);
}

const known = new Set(["cache-mounts", "corrupt", "meta", "oci", "snapshots", "store.json", "tmp"]);

function namesIn(directory: string): string[] {
  return readdirSync(directory).sort();
}

function sizeOf(line: string): number {
  return (JSON.parse(line) as { size: number }).size;
}

/** Keeps a store that went wrong, and says where. */
export function keepCase(store: string, notes: Readonly<Record<string, unknown>>): string {
  const kept = mkdtempSync("/tmp/tsbuild-fault-case-");
  mkdirSync(kept, { recursive: true });
  writeFileSync(join(kept, "notes.json"), JSON.stringify(notes, undefined, 1));
  if (readdirSync(store, { withFileTypes: true }).length > 0)
    cpSync(store, join(kept, "store"), { recursive: true, verbatimSymlinks: true });
  return kept;
}
