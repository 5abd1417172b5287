// SPDX-License-Identifier: Apache-2.0
// SIGINT and SIGTERM: the first cancels the work and lets it clean up, a second of the same kind ends the process.

import { Interrupted } from "./print-error.js";

/** Runs `work` with a signal that is aborted when the user interrupts. */
export async function withInterruption<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted(name));
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}
