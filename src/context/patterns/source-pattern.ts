// SPDX-License-Identifier: Apache-2.0
// Sources of COPY and ADD: cleaning them, and matching them component by component as Go's filepath.Match does.

import { TsbuildError } from "../../base/index.js";
import type { SourcePattern } from "../types.js";
import {
  codePoints,
  components,
  GlobSyntaxError,
  hasWildcard,
  matchComponent,
  parseGlob,
  type GlobToken,
} from "./glob.js";
import { PathAutomaton } from "./path-automaton.js";

/**
 * Cleans a path of a tree: duplicate and trailing slashes and `.` go, `..` takes the component before it away and never
 * leaves the root, the leading slash goes. The root is `""`.
 */
export function cleanTreePath(text: string): string {
  const kept: string[] = [];
  for (const part of text.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return kept.join("/");
}

/**
 * Compiles a source of COPY or ADD, or of a glob over a stage. `deep` gives `**` the meaning it has with --parents: any
 * number of levels; without it `**` is `*`. Throws CONTEXT_BAD_PATTERN.
 */
export function compileSourcePattern(
  text: string,
  options: { readonly deep?: boolean } = {},
): SourcePattern {
  const pattern = cleanTreePath(text);
  if (!hasWildcard(pattern)) {
    // As in Docker, a backslash is a character of the name where nothing needs escaping.
    return {
      pattern,
      literal: true,
      base: pattern,
      depth: 0,
      matches: (path) => path === pattern,
      canMatchBelow: (directory) => directory === "" || pattern.startsWith(`${directory}/`),
    };
  }
  const parts = pattern.split("/");
  const fixed = parts.slice(
    0,
    parts.findIndex((part) => hasWildcard(part)),
  );
  const base = fixed.join("/");
  const tokens = parse(parts.slice(fixed.length).join("/"), text);
  const below = options.deep === true ? deepMatcher(tokens) : levelMatcher(tokens);
  const rest = (path: string): string | undefined => {
    if (base === "") return path;
    if (path === base) return "";
    return path.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined;
  };
  return {
    pattern,
    literal: false,
    base,
    depth: below.depth,
    matches(path) {
      const tail = rest(path);
      return tail !== undefined && tail !== "" && below.matches(tail);
    },
    canMatchBelow(directory) {
      if (directory === "" || directory === base || base.startsWith(`${directory}/`)) return true;
      const tail = rest(directory);
      return tail !== undefined && below.canMatchBelow(tail);
    },
  };
}

interface Matcher {
  readonly depth: number;
  matches(path: string): boolean;
  canMatchBelow(directory: string): boolean;
}

/** As many components as the glob has, each matched alone. */
function levelMatcher(tokens: readonly GlobToken[]): Matcher {
  const parts = components(tokens);
  const matchesFirst = (names: readonly string[]): boolean =>
    names.every((name, i) => matchComponent(parts[i] ?? [], codePoints(name)));
  return {
    depth: parts.length,
    matches(path) {
      const names = path.split("/");
      return names.length === parts.length && matchesFirst(names);
    },
    canMatchBelow(directory) {
      const names = directory.split("/");
      return names.length < parts.length && matchesFirst(names);
    },
  };
}

function deepMatcher(tokens: readonly GlobToken[]): Matcher {
  const spans = tokens.some((token, i) => token.kind === "star" && tokens[i + 1]?.kind === "star");
  const automaton = new PathAutomaton(tokens);
  return {
    depth: spans ? Infinity : components(tokens).length,
    matches: (path) => automaton.matches(path),
    canMatchBelow: (directory) => automaton.canMatchBelow(directory),
  };
}

function parse(glob: string, text: string): GlobToken[] {
  try {
    return parseGlob(glob);
  } catch (error) {
    if (!(error instanceof GlobSyntaxError)) throw error;
    throw new TsbuildError("CONTEXT_BAD_PATTERN", `bad pattern "${text}": ${error.message}`, {
      details: { pattern: text },
      hint: "write a backslash before a character that is meant literally, or [[] for a bracket",
      cause: error,
    });
  }
}
