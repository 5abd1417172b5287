// SPDX-License-Identifier: Apache-2.0
// Reduces text to its shape: a run of blanks becomes one blank, `=` and `-` stay, any run of other characters (quoted and
// escaped ones above all) becomes one `x`. dockerfile-ast splits a shape right whatever the text held, shapes of different
// lines are mostly equal, and the shape of a huge word is short.

/** How quotes and escapes work where the text comes from. */
export interface QuoteRules {
  /** "" where there is none. */
  readonly escape: string;
  /** False: quotes are ordinary characters. */
  readonly quotes: boolean;
  /** True in flags: the escape character counts inside single quotes too. Elsewhere it does not. */
  readonly escapeInSingleQuotes: boolean;
}

export interface Shape {
  readonly text: string;
  /** Offset in the original of each character of `text`, and of the end. */
  readonly offsets: readonly number[];
}

/** The offset in the original of a position in the shape (as a start, or as an exclusive end). */
export function originalOffset(shape: Shape, position: number): number {
  return shape.offsets[position] ?? 0;
}

function isBlank(character: string): boolean {
  // Nearly every character is ASCII: the pattern is for the rest.
  if (character > " " && character <= "~") return false;
  return character === " " || /\s/u.test(character);
}

/** The shape of `text`, or of what comes before the first word (given by its offset) for which `stop` answers true. */
export function shapeOf(text: string, rules: QuoteRules, stop?: (start: number) => boolean): Shape {
  const characters: string[] = [];
  const offsets: number[] = [];
  let quote = "";
  let last = " ";
  let position = 0;
  const add = (character: string): void => {
    if (character === last && (character === "x" || character === " ") && offsets.length > 0)
      return;
    characters.push(character);
    offsets.push(position);
    last = character;
  };
  for (; position < text.length; position++) {
    const character = text.charAt(position);
    if (quote === "" && isBlank(character)) {
      add(" ");
      continue;
    }
    if (last === " " && stop?.(position) === true) break;
    if (character === rules.escape && (quote !== "'" || rules.escapeInSingleQuotes)) {
      add("x");
      position++;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      add("x");
    } else if (rules.quotes && (character === '"' || character === "'")) {
      quote = character;
      add("x");
    } else {
      add(character === "=" || character === "-" ? character : "x");
    }
  }
  offsets.push(Math.min(position, text.length));
  return { text: characters.join(""), offsets };
}

/** Removes quotes and escapes by the rules of flags. */
export function unquoteFlag(text: string, escape: string): string {
  if (!/['"]/.test(text) && !text.includes(escape)) return text;
  let out = "";
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === escape) {
      // An escape character at the very end is dropped.
      i++;
      out += text.charAt(i);
    } else if (quote !== "" ? character === quote : character === '"' || character === "'") {
      quote = quote === "" ? character : "";
    } else {
      out += character;
    }
  }
  return out;
}
