// SPDX-License-Identifier: Apache-2.0
// Patterns of selectors: exact, with wildcards, or regular expressions. Those that search do so under a limit of time: a policy
// is one person's text and a Dockerfile another's, and together they could keep a backtracking search busy for years.

import {
  TsbuildError,
  fillTemplate,
  fromGoRegex,
  searchAll,
  type Found,
  type JavaScriptRegex,
} from "../base/index.js";

/** Milliseconds that one search may take. */
const patience = 1000;

export interface Pattern {
  matches(text: string): boolean;
  /** What a template becomes for a text that matches. */
  rewrite(text: string, template: string): string;
}

export function exactly(wanted: string): Pattern {
  return { matches: (text) => text === wanted, rewrite: (_text, template) => template };
}

/** `*` is anything, and a group of the template; with `anyOne`, `?` is one character. Throws SyntaxError. */
export function wildcard(text: string, anyOne: boolean): Pattern {
  if (text.includes("**")) throw new SyntaxError('invalid wildcard: "**"');
  const source = text.replace(/[\\^$.*+?()[\]{}|/]/g, (character) => {
    if (character === "*") return "(.*)";
    return character === "?" && anyOne ? "." : `\\${character}`;
  });
  const search = searcher({ source: `^${source}$`, flags: "gsu" }, text);
  return {
    matches: (given) => search(given).length > 0,
    rewrite: (given, template) => {
      const [found] = search(given);
      return found === undefined ? given : fillTemplate(template, found);
    },
  };
}

/** It may match anywhere; each match is replaced. Throws SyntaxError. */
export function regex(text: string): Pattern {
  const search = searcher(fromGoRegex(text), text);
  return {
    matches: (given) => search(given).length > 0,
    rewrite: (given, template) => {
      let result = "";
      let end = 0;
      for (const found of search(given)) {
        result += given.slice(end, found.index) + fillTemplate(template, found);
        end = found.index + (found.groups[0] ?? "").length;
      }
      return result + given.slice(end);
    },
  };
}

function searcher(regex: JavaScriptRegex, shown: string): (text: string) => readonly Found[] {
  return (text) => {
    const found = searchAll(regex, text, patience);
    if (found !== undefined) return found;
    throw new TsbuildError(
      "POLICY_SLOW",
      `the pattern ${JSON.stringify(shown)} of the source policy takes longer than ${patience / 1000} s for ${text}`,
      { hint: "Write it without repetitions within repetitions." },
    );
  };
}
