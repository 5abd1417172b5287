// SPDX-License-Identifier: Apache-2.0
// Reduces text to its shape, character for character: blanks stay blanks, `=` and `-` stay where they count, everything
// else, quoted and escaped characters above all, becomes `x`. dockerfile-ast splits such text right whatever it held.

/** How quotes and escapes work where the text comes from. */
export interface QuoteRules {
  readonly escape: string;
  /** True in flags: the escape character counts inside single quotes too. Elsewhere it does not. */
  readonly escapeInSingleQuotes: boolean;
}

const blank = /\s/u;

/** The shape of `text`, as long as `text`. With `stop`, ends (shorter) at the first word for which it answers true. */
export function skeletonOf(
  text: string,
  rules: QuoteRules,
  stop?: (start: number) => boolean,
): string {
  const shape: string[] = [];
  let quote = "";
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (quote === "" && blank.test(character)) {
      shape.push(" ");
      inWord = false;
      continue;
    }
    if (!inWord && stop?.(i) === true) break;
    inWord = true;
    if (character === rules.escape && (quote !== "'" || rules.escapeInSingleQuotes)) {
      shape.push(i + 1 < text.length ? "xx" : "x");
      i++;
    } else if (quote !== "") {
      if (character === quote) quote = "";
      shape.push("x");
    } else if (character === '"' || character === "'") {
      quote = character;
      shape.push("x");
    } else {
      shape.push(character === "=" || character === "-" ? character : "x");
    }
  }
  return shape.join("");
}

/** Removes quotes and escapes by the rules of flags. */
export function unquoteFlag(text: string, escape: string): string {
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
