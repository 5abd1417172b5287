// SPDX-License-Identifier: Apache-2.0
// Expanding words of the Dockerfile: runs the lexer with the variables in force and turns its complaints into errors at
// the word. Which words are expanded, and with which variables, is the planner's business.

import { TsbuildError, printable } from "../../base/index.js";
import { locate } from "../errors.js";
import type {
  ExpandHeredoc,
  ExpandOptions,
  ExpandWord,
  ExpandWords,
  Scope,
  Word,
} from "../types.js";
import { LexError, lexValue, lexWords } from "./lexer.js";
import type { LexMode, Lookup } from "./lexer.js";

/** Characters a value may reach unless the caller says otherwise. */
export const defaultMaxLength: number = 1 << 20;

interface Tracker {
  readonly lookup: Lookup;
  readonly used: ReadonlySet<string>;
  readonly unset: ReadonlySet<string>;
}

function track(scope: Scope, options: ExpandOptions): Tracker {
  const used = new Set<string>();
  const unset = new Set<string>();
  return {
    used,
    unset,
    lookup: (name, plain) => {
      const value = scope.get(name);
      if (value !== undefined || options.declared?.(name) === true) used.add(name);
      else if (plain && /^[\p{L}_]/u.test(name)) unset.add(name);
      return value;
    },
  };
}

function attempt<T>(word: Word, options: ExpandOptions, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LexError)) throw error;
    const shown = word.text.length > 100 ? `${word.text.slice(0, 100)}...` : word.text;
    throw new TsbuildError(
      error.tooLong ? "DOCKERFILE_VALUE_TOO_LONG" : "DOCKERFILE_EXPAND",
      printable(`failed to process ${JSON.stringify(shown)}: ${error.message}`),
      { location: locate(options.source, word.range), details: { word: shown } },
    );
  }
}

function modeOf(options: ExpandOptions): LexMode {
  return {
    escape: options.source.escape,
    quotes: true,
    maxLength: options.maxLength ?? defaultMaxLength,
  };
}

export const expandWord: ExpandWord = (word, scope, options) => {
  const tracker = track(scope, options);
  const value = attempt(word, options, () => lexValue(word.text, modeOf(options), tracker.lookup));
  return { value, used: [...tracker.used], unset: [...tracker.unset] };
};

export const expandWords: ExpandWords = (word, scope, options) => {
  const tracker = track(scope, options);
  const values = attempt(word, options, () => lexWords(word.text, modeOf(options), tracker.lookup));
  return { values, used: [...tracker.used], unset: [...tracker.unset] };
};

export const expandHeredoc: ExpandHeredoc = (heredoc, scope, options) => {
  if (!heredoc.expand) return { value: heredoc.body, used: [], unset: [] };
  const tracker = track(scope, options);
  const word = { text: heredoc.body, range: heredoc.range };
  // Bodies always escape with a backslash, whatever the escape directive says.
  const mode: LexMode = { ...modeOf(options), escape: "\\", quotes: false };
  const value = attempt(word, options, () => lexValue(word.text, mode, tracker.lookup));
  return { value, used: [...tracker.used], unset: [...tracker.unset] };
};

/** A scope over a plain map. */
export function scopeOf(variables: ReadonlyMap<string, string>): Scope {
  return { get: (name) => variables.get(name), names: () => variables.keys() };
}
