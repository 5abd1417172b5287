// SPDX-License-Identifier: Apache-2.0
// Running the command line as a user does: a store, a TMPDIR and a working directory of the test's own, and the leak check
// when the test is done.

import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertNoLeaks } from "./leak-check.js";

/** The repository; tests are started in it. */
export const repository: string = process.cwd();
export const program: string = join(repository, "dist/cli/main.cjs");

export interface RunOptions {
  readonly cwd?: string;
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Killed, and an error, after so many milliseconds. Default: 5 minutes. */
  readonly timeout?: number;
  /** Gets the process once it runs, for signals. */
  readonly onStart?: (child: ChildProcess) => void;
}

export interface RunResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Buffer;
}

/** Runs a program to its end. Throws only when it cannot be started or takes too long. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const env = { ...process.env, ...options.env };
  const child = spawn(command, args, { cwd: options.cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  // A program that does not read its input closes the pipe; that is no failure of the test.
  child.stdin.on("error", (error: NodeJS.ErrnoException) => assert.equal(error.code, "EPIPE"));
  child.stdin.end(options.input ?? "");
  options.onStart?.(child);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, options.timeout ?? 300_000);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>(
      (done, failed) => {
        child.once("error", failed);
        child.once("close", (c, s) => {
          done([c, s]);
        });
      },
    );
    const stdoutBytes = Buffer.concat(output);
    const result = {
      code,
      signal,
      stdout: stdoutBytes.toString("utf8"),
      stderr: Buffer.concat(errors).toString("utf8"),
      stdoutBytes,
    };
    assert.equal(late, false, `${command} ${args.join(" ")} took too long:\n${result.stderr}`);
    return result;
  } finally {
    clearTimeout(timer);
  }
}

/** A directory of the test's own with a store, and the command line at work in it. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string;
  /** TSBUILD_ROOT of every run. */
  readonly store: string;
  /** Runs tsbuild, whatever its exit code. */
  tsbuild(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs tsbuild and demands success. */
  succeed(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs tsbuild and demands failure with an exit code (1: the build failed; 2: usage; 3: this machine cannot). */
  fail(code: number, args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/** Makes a workspace. Disposing it checks for leaks and removes it. */
export function workspace(): Workspace {
  const directory = mkdtempSync(join(process.env["TSBUILD_TEST_TMP"] ?? tmpdir(), "tsbuild-test-"));
  const store = join(directory, "store");
  const temporary = join(directory, "tmp");
  mkdirSync(temporary);
  const tsbuild = async (args: readonly string[], options: RunOptions = {}): Promise<RunResult> =>
    run(process.execPath, [program, ...args], {
      cwd: directory,
      ...options,
      env: {
        TSBUILD_ROOT: store,
        TMPDIR: temporary,
        NODE_OPTIONS: undefined,
        NODE_TEST_CONTEXT: undefined,
        ...options.env,
      },
    });
  const demand = async (
    code: number,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<RunResult> => {
    const result = await tsbuild(args, options);
    assert.equal(
      result.code,
      code,
      `tsbuild ${args.join(" ")}: exit code ${result.code ?? result.signal ?? "?"}\n${result.stderr}`,
    );
    return result;
  };
  return {
    directory,
    store,
    tsbuild,
    succeed: async (args, options) => demand(0, args, options),
    fail: demand,
    async [Symbol.asyncDispose]() {
      try {
        await assertNoLeaks({ directory, empty: [temporary, join(store, "tmp")] });
      } finally {
        removeTree(directory);
      }
    },
  };
}

/** Removes a directory; what an ordinary user's build made in the name of other ids, through a user namespace. */
export function removeTree(directory: string): void {
  if (process.getuid?.() !== 0)
    spawnSync("unshare", ["--user", "--map-root-user", "--map-auto", "rm", "-rf", "--", directory]);
  rmSync(directory, { recursive: true, force: true });
}

/** Where the base images of the tests are (see fixtures/images). */
export const imagesDirectory: string = resolve(
  process.env["TSBUILD_TEST_IMAGES"] ?? join(repository, ".cache/images"),
);

/** The public names that examples and tests use, and the fixture that stands for each. */
const standIns: Readonly<Record<string, string>> = {
  busybox: "busybox",
  "debian:bookworm-slim": "debian",
  "gcc:12": "gcc",
  "python:3-slim": "python",
  "node:20-slim": "node",
};

/** The OCI layout that stands for a public image. */
export function baseLayout(name: string): string {
  const fixture = standIns[name];
  assert.ok(fixture !== undefined, `there is no fixture for the image ${name}`);
  const layout = join(imagesDirectory, fixture);
  assert.ok(
    existsSync(join(layout, "index.json")),
    `${layout} is missing: run fixtures/images/make.sh ${fixture}`,
  );
  return layout;
}

/** `--build-context` flags that put fixtures in the place of public images. */
export function baseContexts(...names: readonly string[]): string[] {
  return names.flatMap((name) => ["--build-context", `${name}=oci-layout://${baseLayout(name)}`]);
}
