// SPDX-License-Identifier: Apache-2.0
// Starting the native helper, feeding it a request, listening to its events, ending it. The only user of child_process
// in this room; knows no verb.

import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { join } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { defined, messageOf, TsbuildError } from "../base/index.js";
import { encodeRequest, type Field } from "./encode.js";
import type { HelperEvent } from "./events.js";
import { Outcome } from "./outcome.js";

/** What every helper process needs to know. */
export interface HelperConfig {
  /** The executable. */
  readonly helperPath: string;
  readonly storeRoot: string;
  /** Fields that make the user namespace; none as root. */
  readonly idMapFields: readonly Field[];
  /** How layers become one tree. */
  readonly driverFields?: readonly Field[];
  /** Told of what could not be kept: attributes and devices. */
  readonly onLoss?: (message: string) => void;
  /** A descriptor of a user namespace to join instead, if there is one by now. */
  readonly userNamespace?: () => number | undefined;
}

export interface HelperOptions {
  readonly verb: string;
  readonly fields: readonly Field[];
  readonly signal: AbortSignal;
  /** Whether descriptor 0 is a pipe to the helper or empty. Default "ignore". */
  readonly stdin?: "pipe" | "ignore";
  /** Whether descriptor 1 is a pipe from the helper, another program's input, or thrown away. Default "ignore". */
  readonly stdout?: "pipe" | "ignore" | Writable;
  /** Gets what a piped descriptor 1 brings, instead of the stream. */
  readonly onStdout?: (data: Uint8Array) => void;
  /** Where descriptor 2 goes. Default: kept (its end) for the error of a crash. */
  readonly onStderr?: (data: Uint8Array) => void;
  /** Descriptors 0 to 2 are this process's own, and there is a line for signals; the three above do not count. */
  readonly attach?: boolean;
  /** Gets what comes on descriptor 7. Not with `attach`. */
  readonly onLayer?: (data: Uint8Array) => unknown;
  /** A descriptor of the network namespace that the fields speak of. */
  readonly networkNamespace?: number;
  /** Called with each event that is not final. */
  readonly onEvent?: (event: HelperEvent) => void;
  /** Instead of the configuration's. */
  readonly onLoss?: (message: string) => void;
}

/** A running helper. */
export interface Helper {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  /** Takes signals for an attached command, a byte each. */
  readonly control: Writable | undefined;
  /**
   * The final event, once the process has ended and its output has been read to the end.
   * Rejects for an `error` event, a crash, or an abort (then with the signal's reason).
   */
  readonly done: Promise<HelperEvent>;
  /** Asks it to end: SIGTERM, and SIGKILL when that does not help within two seconds. `done` tells when it has. */
  stop(): void;
  /** From now on it does not keep this process alive; it ends when this process does. */
  letGo(): void;
  /** Takes letGo back. */
  keep(): void;
}

/** How long after SIGTERM comes SIGKILL. */
export const GRACE_MS = 2000;

class Running implements Helper {
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly control: Writable | undefined;
  readonly done: Promise<HelperEvent>;
  readonly #child: ChildProcess;
  readonly #options: HelperOptions;
  readonly #outcome: Outcome;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, options: HelperOptions, request: Buffer) {
    this.#child = child;
    this.#options = options;
    this.#outcome = new Outcome(options);
    this.stdin = child.stdin ?? undefined;
    this.stdout = child.stdout ?? undefined;
    const seventh = (child.stdio as readonly unknown[])[7] as Duplex | undefined;
    this.control = options.attach === true ? seventh : undefined;
    if (options.onLayer !== undefined) seventh?.on("data", options.onLayer);
    this.#listen();
    this.done = this.#finish(request);
    // A caller that is busy with the streams first must not be surprised by an unhandled rejection.
    this.done.catch(() => undefined);
  }

  stop(): void {
    if (this.#killTimer !== undefined || this.#child.exitCode !== null) return;
    this.#child.kill("SIGTERM");
    this.#killTimer = setTimeout(() => this.#child.kill("SIGKILL"), GRACE_MS).unref();
  }

  letGo(): void {
    this.#child.unref();
    for (const socket of this.#sockets()) socket.unref();
  }

  keep(): void {
    this.#child.ref();
    for (const socket of this.#sockets()) socket.ref();
  }

  /** Those that are open: a closed one would wait for a connection before it counts. */
  #sockets(): Socket[] {
    const streams: readonly unknown[] = this.#child.stdio;
    return streams.filter((stream) => stream instanceof Socket && !stream.destroyed) as Socket[];
  }

  #listen(): void {
    const { onStdout, onStderr } = this.#options;
    (this.#child.stdio[4] as Readable).on("data", (chunk: Buffer) => {
      if (!this.#outcome.events(chunk)) this.stop();
    });
    if (onStdout !== undefined) this.#child.stdout?.on("data", onStdout);
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      if (onStderr !== undefined) onStderr(chunk);
      else this.#outcome.stderr(chunk);
    });
    // The helper may end before it has read everything (a refusal): what it says counts, not the broken pipe.
    (this.#child.stdio[3] as Writable).on("error", () => undefined);
    this.#child.stdin?.on("error", () => undefined);
    this.control?.on("error", () => undefined);
  }

  async #finish(request: Buffer): Promise<HelperEvent> {
    const { signal } = this.#options;
    const onAbort = (): void => {
      this.stop();
    };
    signal.addEventListener("abort", onAbort);
    try {
      const ended = this.#ended();
      (this.#child.stdio[3] as Writable).end(request);
      const status = await ended;
      signal.throwIfAborted();
      return this.#outcome.result(status);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(this.#killTimer);
    }
  }

  async #ended(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#child.once("error", (cause) => {
        reject(cannotStart(this.#child.spawnfile, cause));
      });
      this.#child.once("close", (code, name) => {
        resolve(name === null ? `exit code ${code ?? -1}` : name);
      });
    });
  }
}

function cannotStart(path: string, cause: unknown): TsbuildError {
  return new TsbuildError(
    "SANDBOX_HELPER_MISSING",
    `cannot start the native helper ${path}: ${messageOf(cause)}`,
    {
      cause,
      hint:
        path === process.env["TSBUILD_HELPER"]
          ? "TSBUILD_HELPER names this file"
          : `compile it: make -C ${join(path, "..", "..")}`,
      details: { path },
    },
  );
}

/**
 * The request of a verb, with what every request says. `userNamespace`: the descriptor of the one to join, if there is one.
 * @throws SANDBOX_BAD_REQUEST
 */
export function encodeHelperRequest(
  config: HelperConfig,
  verb: string,
  fields: readonly Field[],
  userNamespace: number | undefined,
): Buffer {
  return encodeRequest(verb, [
    ["store", config.storeRoot],
    ...(config.driverFields ?? []),
    ...(userNamespace === undefined
      ? config.idMapFields
      : [["user-namespace", true] satisfies Field]),
    ...fields,
  ]);
}

/**
 * Starts a verb. Nothing of our environment or descriptors reaches it, and no signal of the terminal: ending it is up to
 * the caller's AbortSignal.
 * @throws SANDBOX_BAD_REQUEST, or the signal's reason when it is aborted already.
 */
export function startHelper(config: HelperConfig, options: HelperOptions): Helper {
  options.signal.throwIfAborted();
  const userNamespace = config.userNamespace?.();
  const request = encodeHelperRequest(config, options.verb, options.fields, userNamespace);
  const child = spawn(config.helperPath, [options.verb], {
    env: {},
    cwd: "/",
    detached: true,
    stdio: [
      ...(options.attach === true
        ? ([0, 1, 2] as const)
        : ([options.stdin ?? "ignore", options.stdout ?? "ignore", "pipe"] as const)),
      "pipe",
      "pipe",
      options.networkNamespace ?? "ignore",
      userNamespace ?? "ignore",
      ...(options.attach === true || options.onLayer !== undefined ? (["pipe"] as const) : []),
    ],
  });
  return new Running(child, { ...defined({ onLoss: config.onLoss }), ...options }, request);
}
