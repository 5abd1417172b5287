// SPDX-License-Identifier: Apache-2.0
// How a helper's work ended, from the events that it wrote and the way in which its process ended.

import { messageOf, printable, TsbuildError } from "../base/index.js";
import { errorOfEvent, EventReader, isFinalEvent, lossText, type HelperEvent } from "./events.js";

const STDERR_KEPT = 4096;

export interface OutcomeListener {
  readonly verb: string;
  /** Called with each event that is not final. */
  readonly onEvent?: (event: HelperEvent) => void;
  /** Told of what could not be kept: attributes and devices. */
  readonly onLoss?: (message: string) => void;
}

/** Takes what a helper says until it has ended. */
export class Outcome {
  readonly #reader = new EventReader();
  readonly #listener: OutcomeListener;
  #final: HelperEvent | undefined;
  #fault: Error | undefined;
  #stderr = Buffer.alloc(0);

  constructor(listener: OutcomeListener) {
    this.#listener = listener;
  }

  /** Bytes of its events. False: they make no sense, and the helper must go. */
  events(chunk: Buffer): boolean {
    try {
      for (const event of this.#reader.push(chunk)) {
        if (isFinalEvent(event)) this.#final = event;
        else if (event.event === "lost") this.#listener.onLoss?.(lossText(event));
        else this.#listener.onEvent?.(event);
      }
      return true;
    } catch (error) {
      this.#fault ??= error instanceof Error ? error : new TypeError(messageOf(error));
      return false;
    }
  }

  /** The final event has come: the status of the process decides nothing any more. */
  get isFinal(): boolean {
    return this.#final !== undefined;
  }

  /** What it wrote to descriptor 2: its end is kept, for the error of a crash. */
  stderr(chunk: Buffer): void {
    this.#stderr = Buffer.concat([this.#stderr, chunk]).subarray(-STDERR_KEPT);
  }

  /**
   * The final event, when the process has ended with this status.
   * @throws what its `error` event says; SANDBOX_HELPER_CRASHED without a final event; SANDBOX_HELPER_EVENT
   */
  result(status: string): HelperEvent {
    const { verb } = this.#listener;
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#final === undefined) {
      const said = printable(this.#stderr.toString("utf8").trim());
      throw new TsbuildError(
        "SANDBOX_HELPER_CRASHED",
        `the native helper ended unexpectedly (${verb}, ${status})${said === "" ? "" : `: ${said}`}`,
        { details: { verb, status } },
      );
    }
    if (this.#final.event === "error") throw errorOfEvent(verb, this.#final);
    return this.#final;
  }
}
