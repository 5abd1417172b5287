// SPDX-License-Identifier: Apache-2.0
// Names of entries. What an archive may call its files, and what becomes of them: relative paths of plain components.

import { nameOfBytes, printable, TsbuildError } from "../base/index.js";
import type { LayerLimits } from "./types.js";

const MAX_PATH = 4095;
const MAX_COMPONENT = 255;

/** The error for an entry that is refused. */
export function refused(name: string, problem: string): TsbuildError {
  const shown = printable(name.length > 200 ? `${name.slice(0, 200)}...` : name);
  return new TsbuildError(
    "LAYER_ENTRY",
    `the entry ${JSON.stringify(shown)} is refused: ${problem}`,
    {
      details: { name: shown, problem },
    },
  );
}

/**
 * Cleans a name of one character per byte: leading slashes, `.` and empty components go, `..` takes its parent with it. A
 * name that would leave the top is refused, never bent into another one. `mark`: what a name may have in front of one that
 * is itself as long as names can be.
 */
export function cleanName(raw: string, limits: LayerLimits, mark = ""): string {
  if (raw.includes("\0")) throw refused(raw, "its name holds a NUL byte");
  const components: string[] = [];
  for (const component of raw.split("/")) {
    if (component === "" || component === ".") continue;
    if (component === "..") {
      if (components.pop() === undefined)
        throw refused(raw, "its name leads out of the archive (..)");
      continue;
    }
    if (component.length > MAX_COMPONENT + (component.startsWith(mark) ? mark.length : 0))
      throw tooLong(raw, `a name of more than ${MAX_COMPONENT} bytes`);
    components.push(component);
  }
  const path = components.join("/");
  if (path.length > MAX_PATH + mark.length)
    throw tooLong(raw, `a path of more than ${MAX_PATH} bytes`);
  if (components.length > limits.depth)
    throw tooLong(raw, `more than ${limits.depth} directories deep`);
  return path;
}

function tooLong(raw: string, what: string): TsbuildError {
  return new TsbuildError(
    "LAYER_LIMIT",
    `the entry ${JSON.stringify(printable(raw.slice(0, 60)))}... is refused: ${what}`,
  );
}

/** From one character per byte to a name as the rest of tsbuild has it. */
export function decodedName(raw: string): string {
  return nameOfBytes(Buffer.from(raw, "latin1"));
}
