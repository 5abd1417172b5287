// SPDX-License-Identifier: Apache-2.0
// The rules of an ignore file or of --exclude flags, evaluated in order: a line counts for a path when it matches the path or
// any ancestor, and the last line that counts decides. What is known of a directory is remembered for what is in it.

import type { IgnoreRules } from "../types.js";
import type { LinePattern } from "./ignore-line.js";

/** A line: a pattern that ignores, or with `!` one that takes back. */
export interface IgnoreLine {
  readonly pattern: LinePattern;
  readonly exception: boolean;
}

/** What holds in a directory: for each line whether it counts there, and what follows from that. */
interface DirectoryState {
  readonly counts: Uint8Array;
  /** Number of the last line that counts, or -1. */
  readonly last: number;
  readonly level: number;
}

/** Directories remembered at a time; a walk stays in one for long, so starting over is cheap. */
const rememberLimit = 20_000;

class Rules implements IgnoreRules {
  readonly text: string;
  readonly empty: boolean;
  readonly hasExceptions: boolean;
  readonly #lines: readonly IgnoreLine[];
  readonly #root: DirectoryState;
  readonly #known = new Map<string, DirectoryState>();

  constructor(lines: readonly IgnoreLine[]) {
    this.#lines = lines;
    this.text = lines
      .map(({ pattern, exception }) => `${exception ? "!" : ""}${pattern.text}`)
      .join("\n");
    this.empty = !lines.some((line) => !line.exception);
    this.hasExceptions = lines.some((line) => line.exception);
    this.#root = { counts: new Uint8Array(lines.length), last: -1, level: 0 };
  }

  ignored(path: string): boolean {
    if (this.empty || path === "") return false;
    const cut = path.lastIndexOf("/");
    const parent = cut < 0 ? this.#root : this.#directory(path.slice(0, cut));
    // From the end: the first line found to count is the one that decides.
    for (let i = this.#lines.length - 1; i >= 0; i--) {
      const line = this.#lines[i];
      if (line === undefined) continue;
      if (parent.counts[i] === 1 || line.pattern.matches(path, parent.level + 1))
        return !line.exception;
    }
    return false;
  }

  canPrune(directory: string): boolean {
    if (this.empty || directory === "") return false;
    const { last, level } = this.#directory(directory);
    if (last < 0 || this.#lines[last]?.exception !== false) return false;
    return !this.#lines.some(
      (line, i) => i > last && line.exception && line.pattern.canMatchBelow(directory, level),
    );
  }

  literalPrunes(): readonly string[] {
    const found = new Set<string>();
    for (const { pattern, exception } of this.#lines) {
      const path = pattern.literalPath;
      if (!exception && path !== undefined && this.canPrune(path)) found.add(path);
    }
    return [...found].sort((a, b) => (a < b ? -1 : 1));
  }

  /** The state of a directory; its ancestors' are made on the way, without recursion: paths may be thousands of levels deep. */
  #directory(path: string): DirectoryState {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    let state = this.#root;
    for (let end = path.indexOf("/"); ; end = path.indexOf("/", end + 1)) {
      const ancestor = end < 0 ? path : path.slice(0, end);
      state = this.#known.get(ancestor) ?? this.#enter(state, ancestor);
      if (end < 0) return state;
    }
  }

  #enter(parent: DirectoryState, path: string): DirectoryState {
    const level = parent.level + 1;
    const counts = Uint8Array.from(parent.counts);
    let last = -1;
    this.#lines.forEach((line, i) => {
      if (counts[i] !== 1 && line.pattern.matches(path, level)) counts[i] = 1;
      if (counts[i] === 1) last = i;
    });
    if (this.#known.size >= rememberLimit) this.#known.clear();
    const state = { counts, last, level };
    this.#known.set(path, state);
    return state;
  }
}

/** Rules from lines in their order. */
export function rulesOf(lines: readonly IgnoreLine[]): IgnoreRules {
  return new Rules(lines);
}

/** Rules that ignore nothing. */
export const keepEverything: IgnoreRules = new Rules([]);
