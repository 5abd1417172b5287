// SPDX-License-Identifier: Apache-2.0
// Regular expressions in Go's syntax, and templates for replacements. What JavaScript would read differently is translated or
// refused: an expression must not silently mean something else.

import { messageOf } from "./errors.js";

/** A regular expression for `new RegExp(source, flags)`. */
export interface JavaScriptRegex {
  readonly source: string;
  readonly flags: string;
}

/** Throws SyntaxError with the reason. */
export function fromGoRegex(text: string): JavaScriptRegex {
  const [inline = "", letters = ""] = /^\(\?([ims]+)\)/.exec(text) ?? [];
  const flags = `gu${[...new Set(letters)].join("")}`;
  const source = translate(text.slice(inline.length), flags);
  try {
    new RegExp(source, flags);
  } catch (error) {
    throw new SyntaxError(messageOf(error).replace(/^.*: /, ""));
  }
  return { source, flags };
}

const tokens =
  /\\Q(?<quoted>[^]*?)(?:\\E|$)|\\x\{(?<code>[\da-fA-F]+)\}|\\(?<negated>[pP])(?:\{(?<property>[^}]*)\}|(?<letter>[A-Z]))|\[:(?<posix>\^?\w+):\]|\\[^]?|\(\?(?:P?<[=!]?|.)?|\[\^?\]?|\{\d+(?:,\d*)?\}|[^]/gu;

function translate(text: string, flags: string): string {
  let inClass = false;
  const translated = Array.from(text.matchAll(tokens), ({ 0: token, groups = {} }) => {
    const { quoted, code, negated, property, letter, posix } = groups;
    if (quoted !== undefined)
      return quoted.replace(/[\\^$.*+?()[\]{}|/-]/g, quotedCharacter(inClass));
    if (code !== undefined) return `\\u{${code}}`;
    if (negated !== undefined) return unicodeClass(negated, letter ?? property ?? "");
    if (token.startsWith("\\")) return escape(token, inClass);
    if (inClass) {
      if (posix !== undefined) return posixClass(posix);
      inClass = !token.endsWith("]");
      // Neither of the two has classes within classes: it is the character.
      return token.replace("[", "\\[");
    }
    if (token.startsWith("[")) {
      if (posix !== undefined) throw new SyntaxError(`${token} stands within a class only`);
      inClass = true;
      // Right after the beginning, "]" is one of the characters.
      return token.replace("]", "\\]");
    }
    if (!token.startsWith("(?")) return plain(token, flags);
    if (token === "(?:") return token;
    if (token === "(?P<" || token === "(?<") return "(?<";
    throw new SyntaxError(`${token} is not supported`);
  });
  return translated.join("");
}

/** What means something else to JavaScript, outside of classes. */
function plain(token: string, flags: string): string {
  const lines = flags.includes("m");
  // To Go, nothing but \n ends a line.
  if (token === "." && !flags.includes("s")) return "[^\\n]";
  if (token === "^" && lines) return "(?<![^\\n])";
  if (token === "$" && lines) return "(?![^\\n])";
  return token === "{" || token === "}" || token === "]" ? `\\${token}` : token;
}

function quotedCharacter(inClass: boolean): (character: string) => string {
  return (character) => (character === "-" && !inClass ? "-" : `\\${character}`);
}

/** `\pL`, `\p{Greek}`, `\p{^Greek}`. */
function unicodeClass(kind: string, name: string): string {
  const bare = name.replace(/^\^/, "");
  const letter = (kind === "P") === name.startsWith("^") ? "p" : "P";
  // The general categories have short names, scripts have long ones.
  return /^[A-Z][a-z]?$/.test(bare) ? `\\${letter}{${bare}}` : `\\${letter}{Script=${bare}}`;
}

const posixClasses: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["ascii", "\\x00-\\x7f"],
  ["blank", "\\t "],
  ["cntrl", "\\x00-\\x1f\\x7f"],
  ["digit", "0-9"],
  ["graph", "!-~"],
  ["lower", "a-z"],
  ["print", " -~"],
  ["punct", "!-\\/:-@\\[-`{-~"],
  ["space", "\\t\\n\\v\\f\\r "],
  ["upper", "A-Z"],
  ["word", "0-9A-Za-z_"],
  ["xdigit", "0-9A-Fa-f"],
]);

function posixClass(name: string): string {
  const characters = posixClasses.get(name);
  if (characters === undefined) throw new SyntaxError(`[:${name}:] is not supported`);
  return characters;
}

function escape(token: string, inClass: boolean): string {
  const character = token.slice(1);
  switch (character) {
    case "A":
      return "(?<![^])";
    case "z":
      return "(?![^])";
    case "a":
      return "\\x07";
    case "s":
      return inClass ? "\\t\\n\\f\\r " : "[\\t\\n\\f\\r ]";
    case "S":
      if (inClass) throw new SyntaxError("\\S within a class is not supported");
      return "[^\\t\\n\\f\\r ]";
    case "":
      throw new SyntaxError("trailing backslash");
    case "C":
    case "k":
    case "c":
    case "u":
      throw new SyntaxError(`${token} is not supported`);
    default:
  }
  if (/[1-9]/.test(character)) throw new SyntaxError("back references are not supported");
  // Go allows a backslash before any punctuation, JavaScript only before characters that mean something.
  const itself = /[^a-zA-Z0-9^$\\.*+?()[\]{}|/]/.test(character) && !(inClass && character === "-");
  return itself ? character : token;
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
