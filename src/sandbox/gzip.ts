// SPDX-License-Identifier: Apache-2.0
// The second program of native/: gzip with libdeflate in several threads. It was not built where libdeflate is missing;
// node:zlib does the work then.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { messageOf, printable, TsbuildError } from "../base/index.js";

/** Compresses bytes as gzip. The output depends on the bytes and the level alone. */
export type GzipProgram = (
  source: AsyncIterable<Uint8Array>,
  level: number | undefined,
  signal: AbortSignal,
) => AsyncIterable<Uint8Array>;

/** With libdeflate, about the size that gzip -6 gives, in a third of its time. */
const DEFAULT_LEVEL = 4;
const MAX_THREADS = 16;
const STDERR_KEPT = 1000;

/** Where the program is, beside the helper. */
function gzipPath(): string {
  const helper = process.env["TSBUILD_HELPER"];
  return helper === undefined || helper === ""
    ? join(import.meta.dirname, "..", "..", "native", "bin", "tsbuild-gzip")
    : join(helper, "..", "tsbuild-gzip");
}

/** The program, or undefined when it is not installed. */
export function findGzipProgram(
  options: { readonly path?: string; readonly threads?: number } = {},
): GzipProgram | undefined {
  const path = options.path ?? gzipPath();
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return undefined; // built without libdeflate
  }
  const threads = Math.min(options.threads ?? availableParallelism(), MAX_THREADS);
  return (source, level, signal) => compress(path, threads, source, level ?? DEFAULT_LEVEL, signal);
}

async function* compress(
  path: string,
  threads: number,
  source: AsyncIterable<Uint8Array>,
  level: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal.throwIfAborted();
  const child = spawn(path, [String(level), String(threads)], {
    env: {},
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-STDERR_KEPT);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(failed(messageOf(cause), cause));
    });
    child.once("close", (code, name) => {
      if (code === 0) resolve();
      else reject(failed(said.trim() || (name ?? `exit code ${code ?? -1}`)));
    });
  });
  ended.catch(() => undefined); // seen below, after what the streams say
  const feeding = pipeline(source, child.stdin, { signal });
  feeding.catch(() => undefined);
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    // The source's own failure, or the abort, says more than the broken pipe that it caused.
    await feeding;
    await ended;
  } finally {
    child.kill("SIGKILL");
    await ended.catch(() => undefined);
  }
}

function failed(problem: string, cause?: unknown): TsbuildError {
  return new TsbuildError("SANDBOX_SYSTEM", `compressing failed: ${printable(problem)}`, {
    ...(cause === undefined ? {} : { cause }),
    details: { program: "tsbuild-gzip" },
  });
}
