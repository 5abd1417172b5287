// SPDX-License-Identifier: Apache-2.0
// Regular expressions as policies write them, in Go's syntax, and templates for replacements. What JavaScript would read
// differently is translated or refused: a rule must not silently mean something else.

import { messageOf } from "../base/index.js";

/** A regular expression for `new RegExp(source, flags)`. */
export interface JavaScriptRegex {
  readonly source: string;
  readonly flags: string;
}

/** Throws SyntaxError with the reason. */
export function fromGoRegex(text: string): JavaScriptRegex {
  const [inline = "", letters = ""] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  const flags = `gu${[...new Set(letters)].join("")}`;
  const source = translate(text.slice(inline.length));
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw new SyntaxError(messageOf(error).replace(/^.*: /, ""));
  }
  return { source, flags };
}

function translate(text: string): string {
  let inClass = false;
  const tokens = text.match(/\\[^]?|\(\?(?:P?<[=!]?|.)?|\[\^?\]?|[^]/gu) ?? [];
  const translated = tokens.map((token) => {
    if (token.startsWith("\\")) return escape(token, inClass);
    if (inClass) {
      if (token.startsWith("[")) throw new SyntaxError("[ within a class is not supported");
      inClass = token !== "]";
      return token;
    }
    if (token.startsWith("[")) {
      inClass = true;
      // Right after the beginning, "]" is one of the characters.
      return token.replace("]", "\\]");
    }
    if (!token.startsWith("(?")) return token;
    if (token === "(?:") return token;
    if (token === "(?P<" || token === "(?<") return "(?<";
    throw new SyntaxError(`${token} is not supported`);
  });
  return translated.join("");
}

function escape(token: string, inClass: boolean): string {
  const character = token.slice(1);
  switch (character) {
    case "A":
      return "(?<![^])";
    case "z":
      return "(?![^])";
    case "":
      throw new SyntaxError("trailing backslash");
    case "Q":
    case "C":
    case "k":
      throw new SyntaxError(`${token} is not supported`);
    default:
  }
  if (/[1-9]/.test(character)) throw new SyntaxError("back references are not supported");
  // Go allows a backslash before any punctuation, JavaScript only before characters that mean something.
  const plain = /[^\w\s^$\\.*+?()[\]{}|/]/.test(character) && !(inClass && character === "-");
  return plain ? character : token;
}

/** What a regular expression found, once. */
export interface Found {
  readonly index: number;
  /** The whole match, then its groups; null: a group that took no part. */
  readonly groups: readonly (string | null)[];
  readonly names: Readonly<Record<string, string>>;
}

/** A template with `$1`, `${1}`, `$name` and `$$` filled in, as Go does; unknown names are empty. */
export function fillTemplate(template: string, { groups, names }: Found): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => {
    if (whole === "$$") return "$";
    const name = bare ?? braced ?? "";
    return (/^\d+$/.test(name) ? groups[Number(name)] : names[name]) ?? "";
  });
}
