// SPDX-License-Identifier: Apache-2.0
// The glob patterns of `${name#p}`, `${name%p}` and `${name/p/r}`: `*` any run, `?` any one character, neither crosses a
// line end; `\` escapes; no bracket expressions. Never backtracks, and counts its steps against a budget, so that no
// pattern can make a build hang.

/** Steps that all matching for one word may still take. */
export interface StepBudget {
  left: number;
}

/** Thrown by compilePattern and the matchers; the expander turns it into an error with a place. */
export class PatternError extends Error {}

/** A character, or `undefined` for `?`. */
type Segment = readonly (string | undefined)[];

/** Segments with a `*` between each two; a leading or trailing `*` shows as an empty first or last segment. */
export interface Pattern {
  readonly segments: readonly Segment[];
}

/** Text as indexable characters: the string itself where every character is one code unit. */
type Characters = string | readonly string[];

function charactersOf(text: string): Characters {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

/** Compiles a pattern. Throws PatternError for an escape of anything but `*`, `?`, `\`, `}` and `/`. */
export function compilePattern(pattern: string): Pattern {
  const segments: Segment[] = [];
  let segment: (string | undefined)[] = [];
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i];
    if (character === "*") {
      segments.push(segment);
      segment = [];
    } else if (character === "?") {
      segment.push(undefined);
    } else if (character === "\\") {
      i++;
      const escaped = characters[i];
      if (escaped === undefined || !"*?\\}/".includes(escaped))
        throw new PatternError(`invalid escape '\\${escaped ?? ""}'`);
      segment.push(escaped);
    } else {
      segment.push(character);
    }
  }
  segments.push(segment);
  return { segments };
}

/** The same pattern for reversed text. */
function reversed(pattern: Pattern): Pattern {
  return { segments: pattern.segments.map((s) => s.toReversed()).toReversed() };
}

function segmentMatches(
  text: Characters,
  at: number,
  segment: Segment,
  budget: StepBudget,
): boolean {
  if (at + segment.length > text.length) return false;
  for (let i = 0; i < segment.length; i++) {
    if (--budget.left < 0) throw new PatternError("pattern takes too long to match");
    const wanted = segment[i];
    const found = text[at + i];
    if (wanted === undefined ? found === "\n" : found !== wanted) return false;
  }
  return true;
}

/** Where the line that holds `at` ends. */
function lineEnd(text: Characters, at: number): number {
  const end = text.indexOf("\n", at);
  return end === -1 ? text.length : end;
}

/**
 * The end of the shortest or longest match that starts at `start`, or -1. Taking the earliest place for every segment but
 * the last never loses a match, because a star cannot leave its line: all later choices have the same line end as limit.
 */
function matchAt(
  text: Characters,
  start: number,
  pattern: Pattern,
  longest: boolean,
  budget: StepBudget,
): number {
  const { segments } = pattern;
  const first = segments[0] ?? [];
  if (!segmentMatches(text, start, first, budget)) return -1;
  let end = start + first.length;
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i] ?? [];
    const limit = lineEnd(text, end);
    budget.left -= Math.min(limit - end, 1 << 16) / 16;
    const backwards = longest && i === segments.length - 1;
    let at = backwards ? limit : end;
    while (backwards ? at >= end : at <= limit) {
      if (--budget.left < 0) throw new PatternError("pattern takes too long to match");
      if (segmentMatches(text, at, segment, budget)) break;
      at += backwards ? -1 : 1;
    }
    if (at < end || at > limit) return -1;
    end = at + segment.length;
  }
  return end;
}

function text(characters: Characters, start: number, end: number): string {
  const part = characters.slice(start, end);
  return typeof part === "string" ? part : part.join("");
}

/** `value` without the shortest or longest prefix that matches. */
export function trimPrefix(
  value: string,
  pattern: Pattern,
  longest: boolean,
  budget: StepBudget,
): string {
  const characters = charactersOf(value);
  const end = matchAt(characters, 0, pattern, longest, budget);
  return end <= 0 ? value : text(characters, end, characters.length);
}

/** `value` without the shortest or longest suffix that matches. */
export function trimSuffix(
  value: string,
  pattern: Pattern,
  longest: boolean,
  budget: StepBudget,
): string {
  const backwards = Array.from(value).reverse();
  budget.left -= backwards.length / 16;
  const end = matchAt(backwards, 0, reversed(pattern), longest, budget);
  return end <= 0 ? value : backwards.slice(end).reverse().join("");
}

/**
 * Replaces the first match, or all of them, each the longest at its place. Gives up (undefined) when the result would
 * exceed `maxLength`. An empty match directly after another match does not count.
 */
export function replace(
  value: string,
  pattern: Pattern,
  replacement: string,
  all: boolean,
  maxLength: number,
  budget: StepBudget,
): string | undefined {
  const characters = charactersOf(value);
  const starred = pattern.segments.length > 1 && !(pattern.segments[0] ?? []).includes("\n");
  const pieces: string[] = [];
  let length = 0;
  let copied = 0;
  let at = 0;
  let lastEnd = -1;
  const add = (piece: string): boolean => {
    pieces.push(piece);
    length += piece.length;
    return length <= maxLength;
  };
  while (at <= characters.length) {
    const firstFits = segmentMatches(characters, at, pattern.segments[0] ?? [], budget);
    const end = firstFits ? matchAt(characters, at, pattern, true, budget) : -1;
    if (end === -1) {
      // What follows the first star was not found on this line: no later start on it can do better.
      at = firstFits && starred ? lineEnd(characters, at) + 1 : at + 1;
      if (--budget.left < 0) throw new PatternError("pattern takes too long to match");
      continue;
    }
    if (end > at || at !== lastEnd) {
      if (!add(text(characters, copied, at)) || !add(replacement)) return undefined;
      copied = end;
      lastEnd = end;
      if (!all) break;
    }
    at = end > at ? end : at + 1;
  }
  if (!add(text(characters, copied, characters.length))) return undefined;
  return pieces.join("");
}
