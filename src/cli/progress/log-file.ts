// SPDX-License-Identifier: Apache-2.0
// --logfile: progress in a file, in the place of standard error.

import { closeSync, openSync, writeSync } from "node:fs";
import { TsbuildError, messageOf } from "../../base/index.js";

/** Where progress is written; for drawing, it has to be a terminal. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

export interface LogFile extends ProgressOutput {
  close(): void;
}

/**
 * Begins the file anew, for its owner alone: commands may print anything. What cannot be written later is left out, and said
 * once on standard error. Throws CLI_RESULT_FILE.
 */
export function openLogFile(path: string): LogFile {
  let file: number | undefined = openNew(path);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    write: (text) => {
      if (file === undefined) return;
      try {
        writeSync(file, text);
      } catch (error) {
        close();
        process.stderr.write(`WARNING: --logfile ends here: ${messageOf(error)}\n`);
      }
    },
    close,
  };
}

function openNew(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (error) {
    throw new TsbuildError("CLI_RESULT_FILE", `cannot write --logfile: ${messageOf(error)}`, {
      details: { path },
      cause: error,
    });
  }
}
