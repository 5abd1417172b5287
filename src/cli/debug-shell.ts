// SPDX-License-Identifier: Apache-2.0
// `--debug-shell`: a shell in the place of the first command that fails.

import { constants } from "node:os";
import { isatty } from "node:tty";
import { messageOf, printableLine, type EventSink } from "../base/index.js";
import type { BuildRequest } from "../build.js";
import { usageError } from "./options/values.js";
import type { Progress } from "./progress/create.js";

/**
 * The parts of a request that make it so. From the shell's start on progress is not shown: the terminal is the shell's, and
 * the build has failed. `signal` ends the shell.
 */
export function debugShell(
  progress: Progress,
  signal: AbortSignal,
): Required<Pick<BuildRequest, "events" | "onFailure">> {
  if (!isatty(0)) throw usageError("--debug-shell", "true", "standard input is no terminal");
  let open = false;
  const events: EventSink = (event) => {
    if (!open) progress.sink(event);
  };
  return {
    events,
    onFailure: async ({ error, shell, run }) => {
      if (open) return;
      progress.close();
      open = true;
      process.stderr.write(
        `ERROR: ${printableLine(error.message)}\n${shell} where it failed; the build ends when you leave it.\n`,
      );
      let resize: () => void = () => undefined;
      const onStart = (send: (signal: number) => void): void => {
        resize = () => {
          send(constants.signals.SIGWINCH);
        };
        process.on("SIGWINCH", resize);
      };
      try {
        await run([shell], { onStart, signal });
      } catch (problem) {
        process.stderr.write(`no shell: ${printableLine(messageOf(problem))}\n`);
      } finally {
        process.off("SIGWINCH", resize);
      }
    },
  };
}
