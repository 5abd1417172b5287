// SPDX-License-Identifier: Apache-2.0
// Starting the verb `run` through a helper that does nothing else (the verb `serve`). This process is large, and the kernel
// copies the tables of its memory for each process that it starts: several milliseconds, which most steps do not take.

import { constants } from "node:os";
import { TsbuildError, defined } from "../base/index.js";
import type { HelperEvent } from "./events.js";
import { FrameReader, FrameWriter } from "./frames.js";
import { Outcome } from "./outcome.js";
import {
  encodeHelperRequest,
  GRACE_MS,
  startHelper,
  type Helper,
  type HelperConfig,
  type HelperOptions,
} from "./spawn.js";

/** How long the server is kept when no step runs. */
const IDLE_MS = 2000;

/** Steps that the server has at a time; those beyond are started by this process. Fewer than MAX_RUNNING in native/serve.c. */
const MAX_SERVED = 64;

/** What of HelperOptions a served helper has. */
export type RunOptions = Pick<
  HelperOptions,
  "fields" | "signal" | "networkNamespace" | "onStdout" | "onStderr" | "onLayer" | "onEvent"
>;

interface Started {
  readonly server: Helper;
  readonly options: RunOptions;
  readonly outcome: Outcome;
  readonly end: (status: string) => void;
  /** The server is gone, and the helper with it. */
  readonly lost: (error: Error) => void;
}

function statusText(status: number): string {
  const signal = status & 0x7f;
  if (signal === 0) return `exit code ${status >> 8}`;
  const known = Object.entries(constants.signals).find(([, number]) => number === signal);
  return known?.[0] ?? `signal ${signal}`;
}

/** Starts `run` helpers: the first one itself, as a build with a single RUN needs no server. */
export class RunServer {
  readonly #config: HelperConfig;
  readonly #running = new Map<number, Started>();
  #server: Helper | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(config: HelperConfig) {
    this.#config = config;
  }

  /** As `done` of startHelper. */
  async run(options: RunOptions): Promise<HelperEvent> {
    options.signal.throwIfAborted();
    if (this.#count++ === 0 || this.#running.size >= MAX_SERVED)
      return startHelper(this.#config, { ...options, verb: "run", stdout: "pipe" }).done;
    return this.#start(this.#count, options);
  }

  async #start(id: number, options: RunOptions): Promise<HelperEvent> {
    const { signal } = options;
    const userNamespace = this.#config.userNamespace?.();
    const request = encodeHelperRequest(this.#config, "run", options.fields, userNamespace);
    const { onLoss } = this.#config;
    const outcome = new Outcome({
      verb: "run",
      ...defined({ onEvent: options.onEvent, onLoss }),
    });
    const server = this.#awake();
    const ended = new Promise<string>((end, lost) => {
      this.#running.set(id, { server, options, outcome, end, lost });
    });
    const namespaces = [options.networkNamespace ?? 0, userNamespace ?? 0] as const;
    const order = new FrameWriter().open("s").u32(id).u32(namespaces[0]).u32(namespaces[1]);
    order.bytes(request).close();
    server.stdin?.write(order.take());
    let killTimer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      this.#kill(id, constants.signals.SIGTERM);
      killTimer = setTimeout(() => {
        this.#kill(id, constants.signals.SIGKILL);
      }, GRACE_MS).unref();
    };
    signal.addEventListener("abort", onAbort);
    try {
      return outcome.result(await ended);
    } finally {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(killTimer);
      this.#running.delete(id);
      if (this.#running.size === 0) this.#rest();
      // Whatever else an aborted step ended with.
      signal.throwIfAborted();
    }
  }

  #kill(id: number, number: number): void {
    const order = new FrameWriter().open("k").u32(id).u8(number);
    order.close();
    this.#running.get(id)?.server.stdin?.write(order.take());
  }

  /** The server, started when there is none, which from now on keeps this process alive. */
  #awake(): Helper {
    clearTimeout(this.#idle);
    this.#server ??= this.#startServer();
    this.#server.keep();
    return this.#server;
  }

  #startServer(): Helper {
    const server = startHelper(this.#config, {
      verb: "serve",
      fields: [],
      signal: new AbortController().signal,
      stdin: "pipe",
      stdout: "pipe",
    });
    const reader = new FrameReader((kind, payload) => {
      this.#receive(kind, payload);
    });
    server.stdout?.on("data", (chunk: Buffer) => {
      reader.push(chunk);
    });
    const over = (): void => {
      if (this.#server === server) this.#server = undefined;
      const error = new TsbuildError(
        "SANDBOX_HELPER_CRASHED",
        "the native helper that starts steps ended unexpectedly",
        { details: { verb: "serve" } },
      );
      for (const started of this.#running.values())
        if (started.server === server) started.lost(error);
    };
    server.done.then(over, over);
    return server;
  }

  #receive(kind: string, payload: Buffer): void {
    const id = payload.readUInt32LE(0);
    const data = payload.subarray(4);
    const started = this.#running.get(id);
    if (started === undefined) return;
    const { options, outcome } = started;
    switch (kind) {
      case "o":
        options.onStdout?.(data);
        return;
      case "x":
        if (options.onStderr === undefined) outcome.stderr(data);
        else options.onStderr(data);
        return;
      case "l":
        options.onLayer?.(data);
        return;
      case "e":
        if (!outcome.events(data)) this.#kill(id, constants.signals.SIGTERM);
        return;
      case "s":
        // It has said how its work ended, and only tidies up.
        if (outcome.isFinal) started.end("");
        return;
      case "c":
        started.end(statusText(data.readUInt32LE(0)));
        return;
    }
  }

  /** No step runs: the server no longer keeps this process alive, and goes when nothing comes. */
  #rest(): void {
    const server = this.#server;
    server?.letGo();
    this.#idle = setTimeout(() => {
      this.#server = undefined;
      server?.stdin?.end();
    }, IDLE_MS).unref();
  }
}
