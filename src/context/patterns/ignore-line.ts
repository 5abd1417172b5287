// SPDX-License-Identifier: Apache-2.0
// One line of an ignore file, compiled. Where gitignore syntax means the same thing once the line is anchored, the `ignore`
// package decides; where it does not (see `expressible`), the line is translated to a PathAutomaton.

import ignore, { type Ignore } from "ignore";
import { components, parseGlob, type GlobToken } from "./glob.js";
import { PathAutomaton } from "./path-automaton.js";

/** `ignore` remembers every path it was ever asked about; a fresh instance after so many keeps memory flat. */
const askLimit = 4096;

/**
 * Whether gitignore reads the tokens as we do. Not so for `?` and classes (there they count UTF-16 units, here characters), for
 * `**` that does not fill a component, and for a backslash, which text and tokens both lose track of. Lines with more
 * than two `**` go to the automaton as well: its cost does not depend on how often the wildcards could be laid out.
 */
function expressible(text: string, tokens: readonly GlobToken[]): boolean {
  if (text.includes("\\") || text.endsWith(" ")) return false;
  if (tokens.some((token) => token.kind === "any" || token.kind === "class")) return false;
  const spans = text.split("/").filter((part) => part.includes("**"));
  return spans.length <= 2 && spans.every((part) => part === "**");
}

/** A compiled pattern; `text` is clean (no leading or trailing slash, no dots). */
export class LinePattern {
  readonly text: string;
  /** The one path that is meant, when there is no wildcard. */
  readonly literalPath: string | undefined;
  readonly #tokens: readonly GlobToken[];
  /** How many components a match has, or undefined where `**` makes it any number. */
  readonly #levels: number | undefined;
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #anchored: string | undefined;
  #ignore: Ignore | undefined;
  #asked = 0;
  #automaton: PathAutomaton | undefined;

  /** Throws GlobSyntaxError. */
  constructor(text: string) {
    this.text = text;
    this.#tokens = parseGlob(text);
    const wild = this.#tokens.findIndex((token) => token.kind !== "char");
    const lastWild = this.#tokens.findLastIndex((token) => token.kind !== "char");
    this.#prefix = plain(this.#tokens.slice(0, wild < 0 ? undefined : wild));
    this.#suffix = plain(this.#tokens.slice(lastWild + 1));
    this.literalPath = wild < 0 ? this.#prefix : undefined;
    const spans = this.#tokens.some(
      (token, i) => token.kind === "star" && this.#tokens[i + 1]?.kind === "star",
    );
    this.#levels = spans ? undefined : components(this.#tokens).length;
    if (spans && this.#suffix.startsWith("/")) this.#suffix = this.#suffix.slice(1);
    this.#anchored = expressible(text, this.#tokens) ? `/${text}` : undefined;
  }

  /** True when the path itself matches; `level` is its number of components. Ancestors are the caller's business. */
  matches(path: string, level: number): boolean {
    if (this.#levels !== undefined && this.#levels !== level) return false;
    if (!path.startsWith(this.#prefix) || !path.endsWith(this.#suffix)) return false;
    if (this.#anchored === undefined) return this.#whole().matches(path);
    if (this.#ignore === undefined || this.#asked++ >= askLimit) {
      this.#asked = 0;
      this.#ignore = ignore({ ignorecase: false, allowRelativePaths: true }).add([this.#anchored]);
    }
    return this.#ignore.ignores(path);
  }

  /** True when something below the directory could match. */
  canMatchBelow(directory: string, level: number): boolean {
    if (this.#levels !== undefined && this.#levels <= level) return false;
    const start = `${directory}/`;
    if (!start.startsWith(this.#prefix) && !this.#prefix.startsWith(start)) return false;
    return this.#whole().canMatchBelow(directory);
  }

  #whole(): PathAutomaton {
    return (this.#automaton ??= new PathAutomaton(this.#tokens));
  }
}

function plain(tokens: readonly GlobToken[]): string {
  return tokens
    .map((token) => (token.kind === "char" ? String.fromCodePoint(token.value) : ""))
    .join("");
}
