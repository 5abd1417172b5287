// SPDX-License-Identifier: Apache-2.0
// --timeout of a container: its program is asked to end, and ended when it does not.

import { constants } from "node:os";
import { TsbuildError } from "../../base/index.js";
import { parseSignal } from "../../dockerfile/index.js";

/** The longest that a timer can wait; a limit beyond it is none. */
const longest = 2 ** 31 - 1;

export class TimeLimit implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #milliseconds: number | undefined;
  readonly #stopSignal: number;
  readonly #stopTimeout: number;
  #timer: NodeJS.Timeout | undefined;
  #late = false;

  constructor(options: {
    /** Absent: no limit. */
    readonly milliseconds?: number;
    /** Name or number of the signal that asks. */
    readonly stopSignal: string;
    /** Milliseconds that the program has to follow it. */
    readonly stopTimeout: number;
  }) {
    this.#milliseconds = options.milliseconds;
    this.#stopSignal = parseSignal(options.stopSignal) ?? constants.signals.SIGTERM;
    this.#stopTimeout = Math.min(options.stopTimeout, longest);
  }

  /** Aborted when the program must end at once. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** The program begins. */
  start(send: (signal: number) => void): void {
    if (this.#milliseconds === undefined || this.#milliseconds > longest) return;
    this.#timer = setTimeout(() => {
      this.#late = true;
      send(this.#stopSignal);
      this.#timer = setTimeout(() => {
        this.#ending.abort(this.#error());
      }, this.#stopTimeout);
    }, this.#milliseconds);
  }

  /** Throws BUILD_TIMEOUT when the time was over before the program ended. */
  check(): void {
    if (this.#late) throw this.#error();
  }

  #error(): TsbuildError {
    const milliseconds = this.#milliseconds ?? 0;
    return new TsbuildError(
      "BUILD_TIMEOUT",
      `the program ran longer than ${milliseconds / 1000} s`,
      {
        hint: "--timeout sets how long it may run.",
        details: { timeout: milliseconds },
      },
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#timer);
    return Promise.resolve();
  }
}
