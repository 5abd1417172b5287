// SPDX-License-Identifier: Apache-2.0
// The compressing programs of native/, each with several threads: gzip with libdeflate, zstd with libzstd. One is not built
// where its library is missing.

import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { defined, messageOf, printable, TsbuildError } from "../base/index.js";

/** Compresses bytes. The output depends on the bytes and the level alone. */
export interface Compressor {
  (
    source: AsyncIterable<Uint8Array>,
    level: number | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /** Compresses what another process writes into `input`, without the bytes passing through this one. */
  open(level: number | undefined, signal: AbortSignal): CompressorSink;
}

/** A running program. */
export interface CompressorSink {
  /** To be given to a process as its standard output, then closed here. */
  readonly input: Writable;
  /** Ends when the input does; fails when the program did. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Hex sha256 of the input, once the output has ended. */
  readonly digest: Promise<string>;
}

/** What there are programs for. */
export type CompressorName = "gzip" | "zstd";

const programs: Readonly<
  Record<CompressorName, { readonly program: string; readonly defaultLevel: number }>
> = {
  // With libdeflate, about the size that gzip -6 gives, in a third of its time.
  gzip: { program: "tsbuild-gzip", defaultLevel: 4 },
  zstd: { program: "tsbuild-zstd", defaultLevel: 3 },
};

const MAX_THREADS = 16;
const STDERR_KEPT = 1000;

/** Where a program is: beside the helper. */
function pathOf(program: string): string {
  const helper = process.env["TSBUILD_HELPER"];
  return helper === undefined || helper === ""
    ? join(import.meta.dirname, "..", "..", "native", "bin", program)
    : join(helper, "..", program);
}

/** The program for a compression, or undefined when it was not built. */
export function findCompressor(
  name: CompressorName,
  options: { readonly path?: string; readonly threads?: number } = {},
): Compressor | undefined {
  const { program, defaultLevel } = programs[name];
  const path = options.path ?? pathOf(program);
  try {
    accessSync(path, constants.X_OK);
  } catch {
    return undefined; // built without its library
  }
  const threads = Math.min(options.threads ?? availableParallelism(), MAX_THREADS);
  return Object.assign(
    (source: AsyncIterable<Uint8Array>, level: number | undefined, signal: AbortSignal) =>
      compress(new Running(path, [level ?? defaultLevel, threads], signal), source, signal),
    {
      open: (level: number | undefined, signal: AbortSignal): CompressorSink => {
        const running = new Running(path, [level ?? defaultLevel, threads, "digest"], signal);
        return { input: running.input, output: running.output(), digest: running.digest };
      },
    },
  );
}

class Running {
  readonly input: Writable;
  readonly digest: Promise<string>;
  readonly #child: ChildProcess;
  readonly #path: string;
  readonly #stdout: Readable;
  readonly #ended: Promise<void>;

  constructor(path: string, args: readonly (number | string)[], signal: AbortSignal) {
    signal.throwIfAborted();
    const child = spawn(path, args.map(String), {
      env: {},
      cwd: "/",
      stdio: ["pipe", "pipe", "pipe", "pipe"],
    });
    const said: Buffer[] = [];
    const digest: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
    (child.stdio[3] as Readable).on("data", (chunk: Buffer) => digest.push(chunk));
    this.#path = path;
    this.#child = child;
    // Node throws away what nobody listens for when a process ends, and the reader may come later than that.
    child.stdout.on("readable", () => undefined);
    this.#stdout = child.stdout;
    this.input = child.stdin;
    this.#ended = new Promise<void>((resolve, reject) => {
      child.once("error", (cause) => {
        reject(failed(path, messageOf(cause), cause));
      });
      child.once("close", (code, name) => {
        const why = Buffer.concat(said).toString("utf8").slice(-STDERR_KEPT).trim();
        if (code === 0) resolve();
        else reject(failed(path, why || (name ?? `exit code ${code ?? -1}`)));
      });
    });
    this.digest = this.#ended.then(() => Buffer.concat(digest).toString("latin1"));
    // Seen by whoever reads the output, after what the streams say.
    this.digest.catch(() => undefined);
  }

  /** What it writes; fails when it failed, or when `fed` (the feeding of its input) did. A reader that stops ends it. */
  async *output(fed?: Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      let size = 0;
      for await (const chunk of this.#stdout) {
        size += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
      // The source's own failure, or the abort, says more than what the program makes of it; the program's failure says
      // more than the broken pipe that it leaves.
      await fed?.catch(async (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === "EPIPE") await this.#ended;
        throw error;
      });
      await this.#ended;
      // Even nothing has a header when it is compressed.
      if (size === 0) throw failed(this.#path, "it wrote nothing");
    } finally {
      this.#child.kill("SIGKILL");
      await this.#ended.catch(() => undefined);
    }
  }
}

function compress(
  running: Running,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> {
  const feeding = pipeline(source, running.input, { signal }).catch((error: unknown) => {
    // Why we were told to stop says more than that we were.
    signal.throwIfAborted();
    throw error;
  });
  feeding.catch(() => undefined);
  return running.output(feeding);
}

function failed(path: string, problem: string, cause?: unknown): TsbuildError {
  return new TsbuildError("SANDBOX_SYSTEM", `compressing failed: ${printable(problem)}`, {
    ...defined({ cause }),
    details: { program: basename(path) },
  });
}
