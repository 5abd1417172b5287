// SPDX-License-Identifier: Apache-2.0
// The syntax of Go's filepath.Match: text to tokens, and the characters that one token takes. Knows nothing of files.

/** A piece of a glob. Characters are Unicode code points; `/` only ever appears as a `char`. */
export type GlobToken =
  | { readonly kind: "char"; readonly value: number }
  /** `?`: one character that is not `/`. */
  | { readonly kind: "any" }
  | {
      readonly kind: "class";
      readonly negated: boolean;
      readonly ranges: readonly (readonly [low: number, high: number])[];
    }
  /** `*`: any number of characters that are not `/`. Runs of two and more are left as they stand. */
  | { readonly kind: "star" };

export const slash = 47;
const backslash = 92;
const dash = 45;
const open = 91;
const close = 93;
const caret = 94;

/** What is wrong with a glob, and at which character (from 0). */
export interface GlobProblem {
  readonly message: string;
  readonly offset: number;
}

/** Thrown by {@link parseGlob} only; callers turn it into an error with a place. */
export class GlobSyntaxError extends Error {
  readonly problem: GlobProblem;
  constructor(message: string, offset: number) {
    super(message);
    this.problem = { message, offset };
  }
}

/**
 * The tokens of a glob. Throws {@link GlobSyntaxError} where Go reports ErrBadPattern, and for a range whose end comes before
 * its beginning (`[z-a]`), as BuildKit does for a context: most often the brackets were meant literally.
 */
export function parseGlob(text: string): GlobToken[] {
  const chars = codePoints(text);
  const tokens: GlobToken[] = [];
  let at = 0;
  while (at < chars.length) {
    const char = chars[at];
    if (char === undefined) break;
    if (char === 42) {
      tokens.push({ kind: "star" });
      at++;
    } else if (char === 63) {
      tokens.push({ kind: "any" });
      at++;
    } else if (char === open) {
      const { token, next } = parseClass(chars, at);
      tokens.push(token);
      at = next;
    } else if (char === backslash) {
      const escaped = chars[at + 1];
      if (escaped === undefined) throw new GlobSyntaxError("nothing follows the backslash", at);
      tokens.push({ kind: "char", value: escaped });
      at += 2;
    } else {
      tokens.push({ kind: "char", value: char });
      at++;
    }
  }
  return tokens;
}

function parseClass(chars: readonly number[], start: number): { token: GlobToken; next: number } {
  let at = start + 1;
  const negated = chars[at] === caret;
  if (negated) at++;
  const ranges: [number, number][] = [];
  const member = (): number => {
    const char = chars[at];
    if (char === undefined) throw new GlobSyntaxError("the [ is not closed", start);
    if (char === dash || char === close)
      throw new GlobSyntaxError(
        `"${String.fromCodePoint(char)}" must be written with a backslash here`,
        at,
      );
    if (char !== backslash) {
      at++;
      return char;
    }
    const escaped = chars[at + 1];
    if (escaped === undefined) throw new GlobSyntaxError("nothing follows the backslash", at);
    at += 2;
    return escaped;
  };
  while (chars[at] !== close || ranges.length === 0) {
    const low = member();
    let high = low;
    if (chars[at] === dash) {
      const begin = at - 1;
      at++;
      high = member();
      if (high < low)
        throw new GlobSyntaxError(
          `the range "${String.fromCodePoint(low)}-${String.fromCodePoint(high)}" is empty`,
          begin,
        );
    }
    ranges.push([low, high]);
  }
  return { token: { kind: "class", negated, ranges }, next: at + 1 };
}

/** True when a token that takes exactly one character takes this one. `/` is taken by a literal `/` only. */
export function takes(token: GlobToken, char: number): boolean {
  switch (token.kind) {
    case "char":
      return token.value === char;
    case "any":
      return char !== slash;
    case "star":
      return false;
    case "class": {
      if (char === slash) return false;
      for (const [low, high] of token.ranges)
        if (low <= char && char <= high) return !token.negated;
      return token.negated;
    }
  }
}

/**
 * Matches one path component. Only the last `*` seen is ever given more characters (an earlier one never needs them), so
 * the cost is at most tokens times characters.
 */
export function matchComponent(tokens: readonly GlobToken[], chars: readonly number[]): boolean {
  let token = 0;
  let char = 0;
  let starToken = -1;
  let starChar = 0;
  while (char < chars.length) {
    const current = tokens[token];
    if (current?.kind === "star") {
      starToken = token++;
      starChar = char;
    } else if (current !== undefined && takes(current, chars[char] ?? -1)) {
      token++;
      char++;
    } else if (starToken >= 0) {
      token = starToken + 1;
      char = ++starChar;
    } else {
      return false;
    }
  }
  while (tokens[token]?.kind === "star") token++;
  return token === tokens.length;
}

/** The code points of a text; a lone surrogate (an escaped byte of a name that is not UTF-8) is one of them. */
export function codePoints(text: string): number[] {
  const points: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0;
    if (point > 0xffff) i++;
    points.push(point);
  }
  return points;
}

/** True when the text holds an unescaped `*`, `?` or `[`. */
export function hasWildcard(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\") i++;
    else if (char === "*" || char === "?" || char === "[") return true;
  }
  return false;
}

/** Splits tokens at their `/` characters. */
export function components(tokens: readonly GlobToken[]): GlobToken[][] {
  const parts: GlobToken[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "char" && token.value === slash) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}
