// SPDX-License-Identifier: Apache-2.0
// The compressing programs of native/, each with several threads: gzip with libdeflate, zstd with libzstd. One is not built
// where its library is missing.

import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import type { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { defined, messageOf, printable, TsbuildError } from "../base/index.js";

/** Compresses bytes. The output depends on the bytes and the level alone. */
export interface Compressor {
  (
    source: AsyncIterable<Uint8Array>,
    level: number | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  /**
   * Compresses what another process writes into `input`, to the file with the descriptor `file`; no byte passes through this
   * process. `file` must stay open until `done` has settled.
   */
  open(level: number | undefined, file: number, signal: AbortSignal): CompressorSink;
}

/** A running program that writes to a file. */
export interface CompressorSink {
  /** To be given to a process as its standard output, then closed here. */
  readonly input: Writable;
  /** When the input has ended. Rejects with an error of node:fs (`code`) when the file could not be written. */
  readonly done: Promise<CompressedFile>;
}

export interface CompressedFile {
  /** Hex sha256 of the input. */
  readonly inputDigest: string;
  /** Hex sha256 of what was written. */
  readonly digest: string;
  /** Bytes that were written. */
  readonly size: number;
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
  const argumentsOf = (level: number | undefined): string[] =>
    [level ?? defaultLevel, threads].map(String);
  return Object.assign(
    (source: AsyncIterable<Uint8Array>, level: number | undefined, signal: AbortSignal) =>
      compress(new Running(path, argumentsOf(level), signal), source, signal),
    {
      open: (level: number | undefined, file: number, signal: AbortSignal): CompressorSink => {
        const running = new Running(path, [...argumentsOf(level), "digests"], signal, file);
        const done = running.result(signal);
        // Whoever gave the input to a process may hear of its failure first.
        done.catch(() => undefined);
        return { input: running.input, done };
      },
    },
  );
}

class Running {
  readonly input: Writable;
  readonly #child: ChildProcess;
  readonly #path: string;
  readonly #result: Buffer[] = [];
  readonly #ended: Promise<void>;

  constructor(path: string, args: readonly string[], signal: AbortSignal, file?: number) {
    signal.throwIfAborted();
    const child = spawn(path, args, {
      env: {},
      cwd: "/",
      stdio: ["pipe", file ?? "pipe", "pipe", "pipe"],
    });
    const [input, output, errors, result] = child.stdio;
    const said: Buffer[] = [];
    errors?.on("data", (chunk: Buffer) => said.push(chunk));
    result?.on("data", (chunk: Buffer) => this.#result.push(chunk));
    this.#path = path;
    this.#child = child;
    // Node throws away what nobody listens for when a process ends, and the reader may come later than that.
    output?.on("readable", () => undefined);
    this.input = input as Writable;
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
    // Seen by whoever reads the output, after what the streams say.
    this.#ended.catch(() => undefined);
  }

  /** What it says at its end of the file that it wrote. The signal ends it. */
  async result(signal: AbortSignal): Promise<CompressedFile> {
    const stop = (): void => {
      this.#child.kill("SIGKILL");
    };
    signal.addEventListener("abort", stop);
    try {
      await this.#ended;
    } catch (error) {
      signal.throwIfAborted();
      const errno = Buffer.concat(this.#result).toString("latin1");
      throw /^E[A-Z0-9]+$/.test(errno) ? Object.assign(new Error(errno), { code: errno }) : error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
    const [inputDigest = "", digest = "", size = ""] = Buffer.concat(this.#result)
      .toString("latin1")
      .split(" ");
    return { inputDigest, digest, size: Number(size) };
  }

  /** What it writes; fails when it failed, or when `fed` (the feeding of its input) did. A reader that stops ends it. */
  async *output(fed?: Promise<void>): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      let size = 0;
      for await (const chunk of this.#child.stdout ?? []) {
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
