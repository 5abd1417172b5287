// SPDX-License-Identifier: Apache-2.0
// Readers of our output that are gone before we are done (`tsbuild build 2>&1 | head`), and disks that are full below it.

import { setImmediate } from "node:timers/promises";
import { errnoOf, exitCodeOfSignal, messageOf, printableLine } from "../base/index.js";

/**
 * From now on, progress and messages that nobody reads are dropped, and the work goes on. What is on standard output was asked
 * for: the function that is given back waits until it is written, and gives the exit code of a command that had no other
 * failure.
 */
export function watchOutput(): () => Promise<number> {
  const { stdout, stderr } = process;
  let failure: unknown;
  stderr.on("error", () => undefined);
  stdout.on("error", (error) => {
    failure ??= error;
  });
  return async () => {
    await new Promise<void>((resolve) => {
      stdout.write("", () => {
        resolve();
      });
    });
    // Failures are told a moment after the writing.
    await setImmediate();
    if (failure === undefined) return 0;
    // As every program that writes into a closed pipe, without a word.
    if (errnoOf(failure) === "EPIPE") return exitCodeOfSignal("SIGPIPE") ?? 1;
    const why = printableLine(messageOf(failure));
    stderr.write(`ERROR: cannot write the standard output: ${why}\n`);
    return 1;
  };
}
