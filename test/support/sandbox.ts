// SPDX-License-Identifier: Apache-2.0
// A store with one small image (busybox) and a sandbox over it, for tests of single steps.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createSandbox,
  type LayerDirId,
  type Root,
  type RunRequest,
  type RunResult,
  type Sandbox,
  type StorageDriver,
} from "#src/sandbox/index.js";
import { driverOf } from "./drivers.js";
import { assertNoLeaks } from "./leak-check.js";
import { removeTree } from "./runner.js";

/** What a step said and how it ended. */
export interface StepOutcome {
  readonly result: RunResult;
  readonly stdout: string;
  readonly stderr: string;
  /** Host path of the layer that took the writes. */
  readonly upper: string;
}

export interface SandboxFixture extends AsyncDisposable {
  readonly directory: string;
  readonly store: string;
  readonly sandbox: Sandbox;
  readonly warnings: string[];
  /** Host path of a layer's tree, made when it is missing. */
  layer(id: string): string;
  /** The image's root with a new upper. */
  root(): Root;
  /** Runs `sh -c command` (or the argv of `changes`) in a fresh upper. */
  step(command: string, changes?: Partial<RunRequest>, signal?: AbortSignal): Promise<StepOutcome>;
}

/** A layer's directory has its tree and nothing else, as soon as the helper of its step has tidied up. */
export async function assertTidy(layerDirectory: string): Promise<void> {
  const isTidy = (): boolean => readdirSync(layerDirectory).length === 1;
  for (let tries = 0; !isTidy() && tries < 100; tries++) await sleep(20);
  assert.deepEqual(readdirSync(layerDirectory), ["fs"]);
}

export const asRoot: boolean = process.getuid?.() === 0;

/** Makes a base image out of the machine's static busybox. */
function makeBase(fs: string): void {
  const busybox = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
  assert.ok(busybox !== undefined, "busybox is missing: install busybox-static");
  for (const dir of ["bin", "etc", "tmp", "home", "usr/sbin"])
    mkdirSync(join(fs, dir), { recursive: true });
  copyFileSync(busybox, join(fs, "bin/busybox"));
  for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n"))
    if (name !== "busybox") symlinkSync("busybox", join(fs, "bin", name));
  writeFileSync(
    join(fs, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:d:/usr/sbin:/bin/sh\nann:x:1000:1000:a:/home/ann:/bin/sh\n",
  );
  writeFileSync(
    join(fs, "etc/group"),
    "root:x:0:\ndaemon:x:1:\nstaff:x:50:ann,root\nwheel:x:60:ann\nann:x:1000:\n",
  );
}

/** The programs of native/test that are made to run in steps. */
export type StepProgram = "try-syscall" | "hand-over";

/** Compiles a program of native/test, for any image. */
export function compileProgram(name: StepProgram, output: string): void {
  const source = `native/test/${name}.c`;
  execFileSync("cc", ["-std=gnu11", "-D_GNU_SOURCE", "-static", "-o", output, source]);
}

/** Puts a program of native/test, compiled, into the image's /bin. */
export function addProgram(box: SandboxFixture, name: StepProgram): void {
  const compiled = join(box.directory, name);
  compileProgram(name, compiled);
  const installed = join(box.layer("base"), "bin", name);
  rmSync(installed, { force: true });
  copyFileSync(compiled, installed);
}

/** Puts native/test/try-syscall.c, compiled, into the image as /bin/try-syscall. */
export function addProbe(box: SandboxFixture): void {
  addProgram(box, "try-syscall");
}

/** A new fixture. Disposing it checks for leaks and removes everything. */
export function sandboxFixture(
  driver: StorageDriver = driverOf(process.env["TSBUILD_STORAGE_DRIVER"]),
): SandboxFixture {
  const directory = mkdtempSync(join(process.env["TSBUILD_TEST_TMP"] ?? tmpdir(), "tsbuild-test-"));
  const store = join(directory, "store");
  mkdirSync(join(store, "snapshots"), { recursive: true });
  mkdirSync(join(store, "cache-mounts"));
  const layer = (id: string): string => {
    const fs = join(store, "snapshots", id, "fs");
    mkdirSync(fs, { recursive: true });
    return fs;
  };
  makeBase(layer("base"));
  const warnings: string[] = [];
  const sandbox = createSandbox({
    storeRoot: store,
    driver,
    onWarning: (text) => warnings.push(text),
  });
  let count = 0;
  const root = (): Root => ({
    kind: "stack",
    lowers: ["base" as LayerDirId],
    upper: `upper-${++count}` as LayerDirId,
  });
  return {
    directory,
    store,
    sandbox,
    warnings,
    layer,
    root,
    async step(command, changes = {}, signal = AbortSignal.timeout(60_000)) {
      const output = { stdout: "", stderr: "" };
      const request: RunRequest = {
        root: root(),
        argv: ["/bin/sh", "-c", command],
        env: ["PATH=/bin"],
        cwd: "/",
        user: "",
        hostname: "box",
        hosts: "127.0.0.1 localhost box\n",
        resolvConf: "nameserver 192.0.2.53\n",
        network: "none",
        security: "sandbox",
        mounts: [],
        limits: {},
        ...changes,
      };
      const result = await sandbox.run(request, {
        onOutput: (stream, data) => {
          output[stream] += Buffer.from(data).toString("utf8");
        },
        signal,
      });
      const upper = request.root.kind === "stack" ? (request.root.upper ?? "") : "";
      return { result, ...output, upper: join(store, "snapshots", upper, "fs") };
    },
    async [Symbol.asyncDispose]() {
      try {
        await assertNoLeaks({ directory, empty: [] });
      } finally {
        removeTree(directory);
      }
    },
  };
}
