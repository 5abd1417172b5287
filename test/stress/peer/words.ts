// SPDX-License-Identifier: Apache-2.0
// Random words of the Dockerfile language: variables, modifiers, quotes and escapes.

import type { Random } from "../../support/random.js";

/** Instructions that set what the expressions speak of. */
export const variables =
  "ENV A=foobarbaz E= P=a/b/c S=\"x y\" D='$A' G='*?' N=7 _x=1 Q='\"q'\nARG U\nARG V=arg\n";

const names = ["A", "A", "A", "E", "U", "P", "S", "D", "G", "N", "V", "_x", "Q", "none"] as const;
const oddNames = ["1", "12", "@", "#", "?", "!", "-", "$", "*", "0", "ä", "A1", "é_", ""] as const;
const plain = [
  "x",
  "foo",
  "a",
  "b",
  "-",
  ".",
  "/",
  ":",
  "%",
  "%s",
  "=",
  "@",
  ",",
  "~",
  "!",
  "+",
] as const;
const odd = [
  "*",
  "?",
  "[a]",
  "{",
  "#",
  "##",
  "|",
  "&",
  "<",
  ">",
  ";",
  "(",
  ")",
  "^",
  "ö",
  "日",
  "\u00a0",
] as const;
const operators = [":-", ":+", "-", "+", "#", "##", "%", "%%", "/", "//"] as const;
const oddOperators = [":?", "?", ":", "=", ":=", "!", ":#", "^", "@", "//", "/#", "/%"] as const;

/** How adventurous: in how many of a hundred choices something odd is taken. */
export interface Oddness {
  readonly odd: number;
  /** In how many of a hundred choices what is most likely an error. */
  readonly wrong: number;
  /** The escape character. */
  readonly escape: string;
}

export const usual: Oddness = { odd: 25, wrong: 0, escape: "\\" };

/** A word without unquoted white space. */
export function word(random: Random, how: Oddness = usual, depth = 0): string {
  const count = 1 + random.below(depth === 0 ? 4 : 2);
  return Array.from({ length: count }, () => part(random, how, depth)).join("");
}

function part(random: Random, how: Oddness, depth: number): string {
  const kind = random.weighted({ plain: 5, odd: 1, variable: 6, double: 2, single: 1, escaped: 2 });
  switch (kind) {
    case "plain":
      return random.pick(plain);
    case "odd":
      return random.chance(how.odd) ? random.pick(odd) : "z";
    case "variable":
      return variable(random, how, depth);
    case "double":
      return quoted(random, how, depth);
    case "single":
      return `'${random.pick(["", "a b", "$A", "\\", "${E:-x}", 'q"q', "a\\'", "}", "/"]).replaceAll("\\'", "\\")}'`;
    case "escaped":
      return (
        how.escape +
        random.pick([
          "$",
          "$A",
          "x",
          "n",
          '"',
          "'",
          " ",
          how.escape,
          "}",
          "{",
          "/",
          "*",
          "?",
          "\t",
          "ö",
        ])
      );
  }
}

function quoted(random: Random, how: Oddness, depth: number): string {
  const inner = Array.from({ length: random.below(4) }, () =>
    random.weighted({ text: 3, space: 2, variable: 3, escape: 2, single: 1 }),
  ).map((kind) => {
    switch (kind) {
      case "text":
        return random.pick(plain);
      case "space":
        return random.pick([" ", "  ", "\t"]);
      case "variable":
        return variable(random, how, depth);
      case "escape":
        return how.escape + random.pick(["$", '"', how.escape, "n", "'", " ", "}", "/"]);
      case "single":
        return "'";
    }
  });
  return `"${inner.join("")}"`;
}

export function variable(random: Random, how: Oddness = usual, depth = 0): string {
  const name =
    random.chance(how.odd) && random.chance(40) ? random.pick(oddNames) : random.pick(names);
  if (random.chance(30) || depth > 2) return random.chance(50) ? `$${name}` : `\${${name || "A"}}`;
  const operator = random.chance(how.wrong) ? random.pick(oddOperators) : random.pick(operators);
  const known = name === "" ? "A" : name;
  if (operator === "/")
    return `\${${known}/${pattern(random, how)}/${random.chance(70) ? word(random, how, depth + 1) : ""}}`;
  // BuildKit takes a dollar sign that comes out of the replacement of all for a group of a regular expression.
  if (operator === "//")
    return `\${${known}//${pattern(random, how)}/${random.pick(["", "x", "$A", "$P", "'q'", '"$N"', "${E:-e}", "\\/", "%", "ö"])}}`;
  const isPattern = operator.startsWith("#") || operator.startsWith("%");
  const rest = isPattern
    ? pattern(random, how)
    : random.chance(how.wrong)
      ? "a b"
      : word(random, how, depth + 1);
  return `\${${known}${operator}${random.chance(10) ? "" : rest}}`;
}

/** No backslash before what ends a pattern: `\\$` is a wrong one. */
const patternParts = [
  "a",
  "b",
  "ba",
  "o",
  "f",
  "foo",
  "*",
  "*",
  "?",
  "z",
  "\\*",
  "\\?",
  "\\\\",
  "\\/",
  "$E",
  "$G",
  ".",
  "[a]",
  "[^a]",
  "+",
  "(",
  "$",
  "^",
  "'*'",
  '"*"',
  "-",
  "|",
  "{",
  "baz",
  "7",
  "r",
] as const;
const wrongPatternParts = ["x y", "\\a", "\\", "/", "}"] as const;

function pattern(random: Random, how: Oddness): string {
  const count = random.below(3) + (random.chance(10) ? 0 : 1);
  const parts = Array.from({ length: count }, () =>
    random.pick(random.chance(how.wrong) ? wrongPatternParts : patternParts),
  );
  return parts.join("") + (random.chance(how.odd / 3) ? variable(random, how, 3) : "");
}
