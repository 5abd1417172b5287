// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM, and SIGHUP of a terminal that is closed: the first cancels the work and lets it clean up, a second ends the
// process.

import { Interrupted } from "./print-error.js";

const interruptions = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs `work` with a signal that is aborted when the user interrupts. */
export async function withInterruption<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted(name));
  };
  for (const name of interruptions) process.on(name, interrupt);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of interruptions) process.off(name, interrupt);
  }
}
