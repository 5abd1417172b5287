// SPDX-License-Identifier: Apache-2.0
// The files that tell scripts what a build made: --iidfile and --metadata-file.

import { rm, stat, writeFile } from "node:fs/promises";
import { TsbuildError, messageOf } from "../../base/index.js";

/** Errors: CLI_RESULT_FILE. `flag`: what asked for the file. */
export async function writeResultFile(flag: string, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new TsbuildError("CLI_RESULT_FILE", `cannot write ${flag}: ${messageOf(error)}`, {
      hint: "the build itself is done: repeated with a file that can be written, it takes all steps from the cache",
      details: { path },
      cause: error,
    });
  }
}

/** Takes away what an earlier build left. Of a device nothing is stale; and why the build failed is told, not what fails here. */
export async function removeStaleFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isFile()) await rm(path);
  } catch {
    // Not there, or not ours to remove.
  }
}
