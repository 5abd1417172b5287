// SPDX-License-Identifier: Apache-2.0
// Go's regular expressions: the same matches in JavaScript, or an error.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fillTemplate, fromGoRegex, searchAll } from "#src/base/index.js";

const search = (pattern: string, text: string): readonly string[] | undefined =>
  searchAll(fromGoRegex(pattern), text, 1000)?.map(({ groups: [whole] }) => whole ?? "");

describe("an expression in Go's syntax", () => {
  const rows: readonly (readonly [pattern: string, text: string, found: readonly string[]])[] = [
    ["a+", "baac", ["aa"]],
    // Right after a match there is no empty one.
    ["a*", "baac", ["", "aa", ""]],
    ["(?P<x>a)(?<y>b)", "ab", ["ab"]],
    ["(?i)AB", "ab", ["ab"]],
    // Nothing but \n ends a line.
    [".+", "a\r\u2028b\nc", ["a\r\u2028b", "c"]],
    ["(?s).+", "a\nb", ["a\nb"]],
    ["^b$", "a\nb", []],
    ["(?m)^.$", "a\nb\rc", ["a"]],
    ["\\Ab|c\\z", "bc", ["b", "c"]],
    ["${x}", "${x}", []],
    ["\\${x}", "${x}", ["${x}"]],
    ["{x}]", "{x}]", ["{x}]"]],
    ["a{,2}", "a{,2}", ["a{,2}"]],
    ["a{2,3}?", "aaaa", ["aa", "aa"]],
    ["\\Qa.b[\\E+", "a.b[[ axb", ["a.b[["]],
    ["\\Qa.", "axa.", ["a."]],
    ["\\s", "\v\u00a0 ", [" "]],
    ["[\\s]", "\v\u00a0 ", [" "]],
    ["\\S", "\v ", ["\v"]],
    ["[[:alpha:]_]+", "ab_1", ["ab_"]],
    ["[^[:space:][:digit:]]+", "ab 1", ["ab"]],
    ["[[:punct:]]+", "a-[`~9", ["-[`~"]],
    ["[]a]+", "a]b", ["a]"]],
    ["[^]a]+", "a]b", ["b"]],
    ["[a[]+", "a[]", ["a["]],
    ["[(?]+x", "(?x", ["(?x"]],
    ["[a\\-z]+", "a-b", ["a-"]],
    ["\\pL+", "aé1", ["aé"]],
    ["\\p{Greek}+", "aβγ", ["βγ"]],
    ["\\p{^Greek}+", "aβγ", ["a"]],
    ["\\P{Lu}+", "aBc", ["a", "c"]],
    ["\\x{1F355}\\x41", "🍕A", ["🍕A"]],
    ["\\-\\_\\ \\#\\/", "-_ #/", ["-_ #/"]],
    ["\\a", "\u0007", ["\u0007"]],
    ["\\bé|x\\b", "é x", ["x"]],
  ];
  for (const [pattern, text, found] of rows)
    it(`${pattern} finds ${JSON.stringify(found)}`, () => {
      assert.deepEqual(search(pattern, text), found);
    });

  const errors = [
    "(",
    "a**",
    "(?=a)",
    "(?<!a)",
    "(?<=a)",
    "(?>a)",
    "(a)\\1",
    "a(?i)b",
    "(?U)a+",
    "\\k",
    "\\C",
    "\\cA",
    "\\u0041",
    "[z-a]",
    "[[:foo:]]",
    "[:alpha:]",
    "\\p{Nope}",
    "a\\",
    "[^\\S]",
  ];
  for (const pattern of errors)
    it(`is an error where it means nothing, or another thing to JavaScript: ${pattern}`, () => {
      assert.throws(() => fromGoRegex(pattern), SyntaxError);
    });

  it("is given up where it takes too long", () => {
    assert.equal(searchAll(fromGoRegex("(a+)+$"), "a".repeat(50) + "!", 50), undefined);
  });

  it("fills templates as Go does", () => {
    const [found] = searchAll(fromGoRegex("(?P<n>a)(b)?"), "a", 1000) ?? [];
    assert.ok(found);
    assert.equal(fillTemplate("<$1|${n}|$2|$nx|${1}x|$$1|$0>", found), "<a|a|||ax|$1|a>");
  });
});
