// SPDX-License-Identifier: Apache-2.0
// The expander, row by row. ERR stands for DOCKERFILE_EXPAND.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { expandHeredoc, expandWord, expandWords, scopeOf } from "#src/dockerfile/index.js";
import type { Heredoc, Source, Word } from "#src/dockerfile/index.js";

const ERR = Symbol("error");
type Row = readonly [text: string, expected: string | typeof ERR];

const scope = scopeOf(
  new Map([
    ["A", "foobarbaz"],
    ["E", ""],
    ["P", "/a/b/c.txt"],
    ["S", "one  two"],
    ["G", "a*b?c"],
    ["L", "x\ny\nz"],
    ["한", "국"],
    ["_u1", "under"],
    ["Q", "'q\"r"],
    ["D", "$A"],
    ["B", "a\\b"],
    ["Y", "🐳x🐳"],
    ["V", "v1.2.3"],
    ["PAT", "b*"],
  ]),
);

const slash: Source = { file: "Dockerfile", text: "", escape: "\\" };
const tick: Source = { ...slash, escape: "`" };
const range = { startLine: 1, endLine: 1, startColumn: 3, endColumn: 9 };

function word(text: string): Word {
  return { text, range };
}

function rows(title: string, table: readonly Row[], source: Source = slash): void {
  describe(title, () => {
    for (const [text, expected] of table) {
      const shown = expected === ERR ? "an error" : JSON.stringify(expected);
      it(`${JSON.stringify(text)} gives ${shown}`, () => {
        const expand = (): string => expandWord(word(text), scope, { source }).value;
        if (expected !== ERR) assert.equal(expand(), expected);
        else
          assert.throws(expand, (error: unknown) => {
            assert.ok(isTsbuildError(error, "DOCKERFILE_EXPAND"), String(error));
            assert.deepEqual(error.location?.range, range);
            return true;
          });
      });
    }
  });
}

rows("plain text", [
  ["", ""],
  ["x", "x"],
  ["a b  c", "a b  c"],
  ["100%", "100%"],
  ["%s%d", "%s%d"],
  ["a=b", "a=b"],
  ["#x", "#x"],
  ["{x}", "{x}"],
  ["}", "}"],
  ["안녕", "안녕"],
  ["🐳", "🐳"],
  ["<<EOF", "<<EOF"],
  ["a < b << c", "a < b << c"],
  ["[a]*?~!", "[a]*?~!"],
]);

rows("names", [
  ["$A", "foobarbaz"],
  ["${A}", "foobarbaz"],
  ["$A$A", "foobarbazfoobarbaz"],
  ["x$A", "xfoobarbaz"],
  ["$A-x", "foobarbaz-x"],
  ["$A.x", "foobarbaz.x"],
  ["$A/x", "foobarbaz/x"],
  ["${A}x", "foobarbazx"],
  ["$Ax", ""],
  ["$A x", "foobarbaz x"],
  ["$E", ""],
  ["$U", ""],
  ["${U}", ""],
  ["x${U}y", "xy"],
  ["$a", ""],
  ["$_u1", "under"],
  ["${_u1}", "under"],
  ["$한", "국"],
  ["${한}x", "국x"],
  ["$D", "$A"],
  ["$Q", "'q\"r"],
  ["$B", "a\\b"],
  ["$S", "one  two"],
  ["$", "$"],
  ["a$", "a$"],
  ["$.", "$."],
  ["$ A", "$ A"],
  ["$/", "$/"],
  ["$=", "$="],
  ["$(x)", "$(x)"],
  ["$'x'", "$x"],
  ['$"x"', "$x"],
]);

rows("positional and special parameters are never set", [
  ["$1", ""],
  ["$12x", "x"],
  ["$999aaa", "aaa"],
  ["${1}", ""],
  ["${12}x", "x"],
  ["${1:-d}", "d"],
  ["${1:+d}", ""],
  ["$@", ""],
  ["$@@", "@"],
  ["$*x", "x"],
  ["$#", ""],
  ["$?", ""],
  ["$-", ""],
  ["$$", ""],
  ["$$A", "A"],
  ["$!", ""],
  ["$0", ""],
  ["${@}", ""],
  ["${#}", ""],
  ["${?:-x}", "x"],
  ["${-}", ""],
  ["${-:-x}", "x"],
  ["${!:+x}", ""],
  ["${#A}", ERR],
  ["${$}", ""],
]);

rows("escapes outside quotes", [
  ["\\$A", "$A"],
  ["a\\tb", "atb"],
  ["a\\ b", "a b"],
  ["a\\\\b", "a\\b"],
  ["a\\", "a"],
  ["a\\\\", "a\\"],
  ["\\\\$A", "\\foobarbaz"],
  ["\\${A}", "${A}"],
  ["\\${}", "${}"],
  ['\\"a\\"', '"a"'],
  ["\\'a", "'a"],
  ["\\🐳", "🐳"],
]);

rows("single quotes", [
  ["'a'", "a"],
  ["'$A'", "$A"],
  ["'${A'", "${A"],
  ["'a\\tb'", "a\\tb"],
  ["'a\\'", "a\\"],
  ["'a'\\''b'", "a'b"],
  ["''", ""],
  ["a'b'c", "abc"],
  ["'a\"b'", 'a"b'],
  ["'a", ERR],
  ["a'", ERR],
  ["'a\\'b'", ERR],
]);

rows("double quotes", [
  ['"a"', "a"],
  ['"$A"', "foobarbaz"],
  ['"${A}"', "foobarbaz"],
  ['"a b"', "a b"],
  ['"a\\tb"', "a\\tb"],
  ['"a\\"b"', 'a"b'],
  ['"\\$A"', "$A"],
  ['"a\\\\b"', "a\\b"],
  ['"\\\\$A"', "\\foobarbaz"],
  ['"it\'s"', "it's"],
  ["\"'$A'\"", "'foobarbaz'"],
  ['""', ""],
  ['a"b"c', "abc"],
  ["\"a\"'b'", "ab"],
  ['"$U"', ""],
  ['"a', ERR],
  ['"a\\"', ERR],
  ['a"', ERR],
  ['"${A"', ERR],
]);

rows("defaults and alternatives", [
  ["${U:-x}", "x"],
  ["${E:-x}", "x"],
  ["${A:-x}", "foobarbaz"],
  ["${U-x}", "x"],
  ["${E-x}", ""],
  ["${A-x}", "foobarbaz"],
  ["${U:-}", ""],
  ["${U-}", ""],
  ["${U:+x}", ""],
  ["${E:+x}", ""],
  ["${A:+x}", "x"],
  ["${U+x}", ""],
  ["${E+x}", "x"],
  ["${A+x}", "x"],
  ["${A:+}", ""],
  ["${U:-a b}", "a b"],
  ["${U:-$A}", "foobarbaz"],
  ["${U:-${A}}", "foobarbaz"],
  ["${U:-${E:-${A}}}", "foobarbaz"],
  ["${U:-${A%b*}}", "foobar"],
  ["${U:-'$A'}", "$A"],
  ['${U:-"a b"}', "a b"],
  ["${U:-a\\}b}", "a}b"],
  ["${U:-{x}", "{x"],
  ["${U:-{x}}", "{x}"],
  ["${U:-\\$A}", "$A"],
  ["x${U:-y}z", "xyz"],
  ["${A:+${U:-n}}", "n"],
  ["${A}${U:+x}", "foobarbaz"],
  ["p${E:+:$E}", "p"],
  ["p${A:+:$A}", "p:foobarbaz"],
  ["${U:--}", "-"],
  ["${U:-:-}", ":-"],
]);

rows("required variables", [
  ["${A?}", "foobarbaz"],
  ["${A:?}", "foobarbaz"],
  ["${A:?message}", "foobarbaz"],
  ["${E?}", ""],
  ["${E?message}", ""],
  ["${E:?}", ERR],
  ["${U?}", ERR],
  ["${U:?}", ERR],
  ["${U:?need $A}", ERR],
  ["${U:-${E:?}}", ERR],
]);

rows("prefixes", [
  ["${A#f*b}", "arbaz"],
  ["${A##f*b}", "az"],
  ["${A#foo}", "barbaz"],
  ["${A#bar}", "foobarbaz"],
  ["${A#}", "foobarbaz"],
  ["${A##}", "foobarbaz"],
  ["${A#*}", "foobarbaz"],
  ["${A##*}", ""],
  ["${A#?}", "oobarbaz"],
  ["${A#???}", "barbaz"],
  ["${A##*a}", "z"],
  ["${A#*a}", "rbaz"],
  ["${A#*a*}", "rbaz"],
  ["${A#*a*a}", "z"],
  ["${A##foobarbaz}", ""],
  ["${A##foobarbazx}", "foobarbaz"],
  ["${P##*/}", "c.txt"],
  ["${P#*/}", "a/b/c.txt"],
  ["${V#v}", "1.2.3"],
  ["${G#a\\*}", "b?c"],
  ["${G#a\\*b\\?}", "c"],
  ["${G#a?b?}", "c"],
  ["${B#a\\\\}", "b"],
  ["${U#x}", ""],
  ["${U##*}", ""],
  ["${E#x}", ""],
  ["${A#$U}", "foobarbaz"],
  ["${A#${U:-foo}}", "barbaz"],
  ["${A#[f]}", "foobarbaz"],
  ["${Y#?}", "x🐳"],
  ["${L#*}", "x\ny\nz"],
  ["${L##*}", "\ny\nz"],
  ["${A#f.o}", "foobarbaz"],
  ["${A#\\x}", ERR],
]);

rows("suffixes", [
  ["${A%b*}", "foobar"],
  ["${A%%b*}", "foo"],
  ["${A%baz}", "foobar"],
  ["${A%bar}", "foobarbaz"],
  ["${A%}", "foobarbaz"],
  ["${A%%}", "foobarbaz"],
  ["${A%?}", "foobarba"],
  ["${A%*}", "foobarbaz"],
  ["${A%%*}", ""],
  ["${A%%$PAT}", "foo"],
  ["${A%$PAT}", "foobar"],
  ["${P%/*}", "/a/b"],
  ["${P%%/*}", ""],
  ["${P%.txt}", "/a/b/c"],
  ["${V%.*}", "v1.2"],
  ["${V%%.*}", "v1"],
  ["${G%\\?c}", "a*b"],
  ["${G%\\*b\\?c}", "a"],
  ["${Y%?}", "🐳x"],
  ["${U%x}", ""],
  ["${A:%x}", ERR],
  ["${A:#x}", ERR],
  ["${A:##x}", ERR],
]);

rows("replacement", [
  ["${A/ba/X}", "fooXrbaz"],
  ["${A//ba/X}", "fooXrXz"],
  ["${A/o/}", "fobarbaz"],
  ["${A//o/}", "fbarbaz"],
  ["${A/x/y}", "foobarbaz"],
  ["${A//x/y}", "foobarbaz"],
  ["${A/b*/X}", "fooX"],
  ["${A//b?/X}", "fooXrXz"],
  ["${A/*/X}", "X"],
  ["${A//*/X}", "X"],
  ["${A//z/zz}", "foobarbazz"],
  ["${A//a/aa}", "foobaarbaaz"],
  ["${P//\\//-}", "-a-b-c.txt"],
  ["${P/\\//-}", "-a/b/c.txt"],
  ["${P//./_}", "/a/b/c_txt"],
  ["${A//$PAT/X}", "fooX"],
  ["${A/${U:-foo}/${U:-bar}}", "barbarbaz"],
  ["${A/foo/$P}", "/a/b/c.txtbarbaz"],
  ["${A/foo/$1}", "barbaz"],
  ["${A/foo/\\$1}", "\\$1barbaz"],
  ["${A//o/&}", "f&&barbaz"],
  ["${E/x/y}", ""],
  ["${U/x/y}", ""],
  ["${U//x/y}", ""],
  ["${A/$E/ww}", "wwfoobarbaz"],
  ["${E//*/X}", "X"],
  ["${V//./}", "v123"],
  ["${G//\\*/-}", "a-b?c"],
  ["${L//\\\\n/-}", "x\ny\nz"],
  ["${Y//?/o}", "ooo"],
  ["${S// /_}", "one__two"],
  ["${A/foo}", ERR],
  ["${A//foo}", ERR],
  ["${A//}", ERR],
  ["${A///}", "foobarbaz"],
  ["${A/\\x/y}", ERR],
]);

rows("malformed expressions", [
  ["${}", ERR],
  ["${:x}", ERR],
  ["${:}", ERR],
  ["${{", ERR],
  ["${{A}}", ERR],
  ["${A", ERR],
  ["${", ERR],
  ["${A=x}", ERR],
  ["${A:=x}", ERR],
  ["${A:}", ERR],
  ["${A:x}", ERR],
  ["${A^}", ERR],
  ["${A,,}", ERR],
  ["${A@Q}", ERR],
  ["${A:1:2}", ERR],
  ["${.}", ERR],
  ["${A B}", ERR],
  ["${A:-", ERR],
  ["${A:-x", ERR],
  ["${A:-${B}", ERR],
  ["${A/x", ERR],
  ["${A/x/y", ERR],
  ["${aaa}}", "}"],
]);

rows(
  "with backtick as escape character",
  [
    ["`$A", "$A"],
    ["a`tb", "atb"],
    ["a``b", "a`b"],
    ["a\\b", "a\\b"],
    ["C:\\dir\\", "C:\\dir\\"],
    ["\\$A", "\\foobarbaz"],
    ['"`$A"', "$A"],
    ['"a`"b"', 'a"b'],
    ['"a\\tb"', "a\\tb"],
    ["'`$A'", "`$A"],
    ["x`", "x"],
  ],
  tick,
);

describe("messages", () => {
  const message = (text: string): string => {
    try {
      expandWord(word(text), scope, { source: slash });
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
    return "";
  };
  it("name the variable and repeat the text of a required one", () => {
    assert.match(message("${U:?set me}"), /U: set me$/);
    assert.match(message("${U?}"), /U: is not allowed to be unset$/);
    assert.match(message("${E:?}"), /E: is not allowed to be empty$/);
  });
  it("name the modifier that does not exist", () => {
    assert.match(message("${A:=x}"), /unsupported modifier \(:=\) in substitution$/);
    assert.match(message("${A=x}"), /unsupported modifier \(=\) in substitution$/);
  });
  it("hold no control characters and no more than the start of a long word", () => {
    assert.ok(!message(`\u001b[31m\${`).includes("\u001b"));
    assert.ok(message(`${"x".repeat(100_000)}\${`).length < 300);
  });
});

describe("reporting of names", () => {
  const options = { source: slash, declared: (name: string) => name === "DECL" };
  it("tells used and unset names once each, in order", () => {
    const found = expandWord(word("$A $U ${A} ${W} $U"), scope, options);
    assert.deepEqual(found.used, ["A"]);
    assert.deepEqual(found.unset, ["U", "W"]);
  });
  it("does not call a name unset that is declared or has a modifier", () => {
    const found = expandWord(word("$DECL ${U:-x} ${W+y} ${X%z} ${Z/a/b}"), scope, options);
    assert.deepEqual(found.unset, []);
    assert.deepEqual(found.used, ["DECL"]);
  });
  it("does not call positional parameters unset", () => {
    assert.deepEqual(expandWord(word("$1 $@ $?"), scope, options).unset, []);
  });
  it("counts names inside words of modifiers", () => {
    assert.deepEqual(expandWord(word("${U:-$W$A}"), scope, options).used, ["A"]);
    assert.deepEqual(expandWord(word("${U:-$W$A}"), scope, options).unset, ["W"]);
  });
});

describe("splitting into words", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["80", ["80"]],
    ["", []],
    ["   ", []],
    ["a b", ["a", "b"]],
    [" a  b ", ["a", "b"]],
    ["$S", ["one", "two"]],
    ["x${S}y", ["xone", "twoy"]],
    ['x"${S}"y', ["xone  twoy"]],
    ["'$S'", ["$S"]],
    ["a\\ b", ["a b"]],
    ["$U", []],
    ["a $U b", ["a", "b"]],
    ['a "" b', ["a", "b"]],
    ["${U:-1 2/udp}", ["1", "2/udp"]],
    ["80${U:-80}", ["8080"]],
    ["a\tb\nc", ["a", "b", "c"]],
    ["안 녕", ["안", "녕"]],
  ];
  for (const [text, expected] of table)
    it(`${JSON.stringify(text)} gives ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(expandWords(word(text), scope, { source: slash }).values, expected);
    });
});

describe("here-document bodies", () => {
  const heredoc = (body: string, expand = true): Heredoc => ({
    name: "EOF",
    content: body,
    body,
    expand,
    chomp: false,
    fd: 0,
    range,
  });
  const table: readonly Row[] = [
    ["a $A\n", "a foobarbaz\n"],
    ["${U:-x}\n", "x\n"],
    ["\\$A \\\\ \\${A}\n", "$A \\ ${A}\n"],
    ["\"$A\" '$A'\n", "\"foobarbaz\" 'foobarbaz'\n"],
    ["it's \"open\n", "it's \"open\n"],
    ["a\\tb\n", "atb\n"],
    ["<<X\n", "<<X\n"],
    ["${A\n", ERR],
  ];
  for (const [body, expected] of table)
    it(`${JSON.stringify(body)} gives ${String(expected)}`, () => {
      const expand = (): string => expandHeredoc(heredoc(body), scope, { source: slash }).value;
      if (expected === ERR) assert.throws(expand, { code: "DOCKERFILE_EXPAND" });
      else assert.equal(expand(), expected);
    });
  it("are verbatim when the name was quoted", () => {
    assert.equal(
      expandHeredoc(heredoc("$A \\$A ${\n", false), scope, { source: slash }).value,
      "$A \\$A ${\n",
    );
  });
  it("escape with a backslash whatever the directive says", () => {
    assert.equal(
      expandHeredoc(heredoc("`$A \\$A"), scope, { source: tick }).value,
      "`foobarbaz $A",
    );
  });
});

describe("limits", () => {
  const big = scopeOf(new Map([["X", "a".repeat(1 << 19)]]));
  const tooLong = { code: "DOCKERFILE_VALUE_TOO_LONG" };
  it("refuses a value of more than 1 MiB", () => {
    assert.equal(expandWord(word("$X$X"), big, { source: slash }).value.length, 1 << 20);
    assert.throws(() => expandWord(word("$X$X."), big, { source: slash }), tooLong);
    assert.throws(() => expandWord(word('"$X$X."'), big, { source: slash }), tooLong);
  });
  it("refuses growth by replacement", () => {
    assert.throws(() => expandWord(word("${X//a/aaa}"), big, { source: slash }), tooLong);
  });
  it("takes a smaller limit from the caller", () => {
    assert.throws(() => expandWord(word("$A"), scope, { source: slash, maxLength: 8 }), tooLong);
  });
  it("refuses deep nesting", () => {
    const deep = `${"${U:-".repeat(100_000)}x${"}".repeat(100_000)}`;
    assert.throws(() => expandWord(word(deep), scope, { source: slash }), {
      code: "DOCKERFILE_EXPAND",
    });
  });
  it("gives up on patterns that would take quadratic time", () => {
    const many = "?".repeat(5000);
    for (const text of [`\${X/${many}b/y}`, `\${X%${many}b*}`, `\${X//${many}b/}`])
      assert.doesNotThrow(() => {
        try {
          expandWord(word(text), big, { source: slash });
        } catch (error) {
          assert.ok(isTsbuildError(error, "DOCKERFILE_EXPAND"));
        }
      });
  });
});
