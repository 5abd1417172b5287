// SPDX-License-Identifier: Apache-2.0
// Parts of keys that are lists of digests of files: which files are behind a difference.

import type { PartChange } from "../solve/index.js";
import type { Outlines } from "./outlines.js";

/** The digest that stands in a value such as `files 1a2b...`. */
function digestOf(value: unknown): string | undefined {
  return typeof value === "string" ? /^(?:files )?([0-9a-f]{64})$/.exec(value)?.[1] : undefined;
}

/** Lines on the files that make the difference; none for a part that is not such a list. */
export function compareFiles(outlines: Outlines, { before, now }: PartChange): readonly string[] {
  if (!Array.isArray(before) || !Array.isArray(now)) return [];
  const lines: string[] = [];
  for (let i = 0; i < Math.max(before.length, now.length); i++) {
    const [old, fresh] = [digestOf(before[i]), digestOf(now[i])];
    if (old !== undefined && fresh !== undefined && old !== fresh)
      lines.push(...outlines.compare(old, fresh));
  }
  return lines;
}
