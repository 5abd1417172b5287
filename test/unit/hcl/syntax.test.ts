// SPDX-License-Identifier: Apache-2.0
// Files in HCL's two syntaxes: arguments, blocks, comments; and what is neither, with its place.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  bareName,
  bareNames,
  evaluate,
  parseHcl,
  parseHclJson,
  type HclBody,
  type HclSchema,
} from "#src/hcl/index.js";
import { expressionOf, scopeOf } from "../../support/hcl.js";

/** A body with its values, as JSON shows it. */
function shown(body: HclBody): unknown {
  return {
    ...Object.fromEntries(
      body.attributes.map(({ name, value }) => [name, evaluate(value, scopeOf({ x: 1 }))]),
    ),
    ...(body.blocks.length === 0
      ? {}
      : {
          blocks: body.blocks.map(({ type, labels, body: inner }) => [
            type,
            ...labels,
            shown(inner),
          ]),
        }),
  };
}

const native = (text: string): unknown => shown(parseHcl({ file: "bake.hcl", text }));

describe("a file in the native syntax", () => {
  const rows: readonly (readonly [string, string, unknown])[] = [
    ["is empty", "", {}],
    ["has comments only", "# a\n// b\n/* c\nd */", {}],
    ["begins with a byte order mark", "\ufeffa = 1\n", { a: 1 }],
    ["ends without a newline", "a = 1", { a: 1 }],
    ["has comments between", "a /* x */ = 1 # y\n\nb = 2 // z\n", { a: 1, b: 2 }],
    ["has Windows' newlines", "a = 1\r\nb = {\r\n}\r\n", { a: 1, b: {} }],
    ["has names of other scripts", "größe-1 = 2\n_x = 3\n", { "größe-1": 2, _x: 3 }],
    [
      "has blocks",
      'target "app" {\n  tags = ["a"]\n}\ntarget db "x" {}\n',
      {
        blocks: [
          ["target", "app", { tags: ["a"] }],
          ["target", "db", "x", {}],
        ],
      },
    ],
    [
      "has blocks within blocks",
      'variable "A" {\n  default = "x"\n  validation {\n    condition = x == 1\n  }\n}\n',
      {
        blocks: [
          ["variable", "A", { default: "x", blocks: [["validation", { condition: true }]] }],
        ],
      },
    ],
    ["has a block on one line", "b { a = 1 }\n", { blocks: [["b", { a: 1 }]] }],
    ["has a label with escapes", 'b "x\\"$${y}" {}\n', { blocks: [["b", 'x"${y}', {}]] }],
    ["goes on after a heredoc", "a = <<E\nx\nE\nb = 2\n", { a: "x\n", b: 2 }],
  ];
  for (const [what, text, wanted] of rows)
    it(`is read if it ${what}`, () => {
      assert.deepEqual(native(text), wanted);
    });

  it("says where its parts are", () => {
    const text = '\n  a = [1,\n 2]\ntarget "app" {\n}\n';
    const { attributes, blocks } = parseHcl({ file: "bake.hcl", text });
    assert.deepEqual(attributes[0]?.range, {
      startLine: 2,
      startColumn: 3,
      endLine: 3,
      endColumn: 4,
    });
    assert.deepEqual(blocks[0]?.range, { startLine: 4, startColumn: 1, endLine: 4, endColumn: 13 });
  });

  const errors: readonly (readonly [
    text: string,
    place: string,
    message: RegExp,
    hint?: RegExp,
  ])[] = [
    ["a = 1\na = 2\n", "2:1", /^a is set twice, before on line 1$/],
    ["a = 1 b = 2\n", "1:7", /an argument ends with a newline; found b/],
    ["a = 1, b = 2\n", "1:6", /ends with a newline/, /not by commas/],
    ["a\n", "1:2", /expected = or a block after a, found the end of the line/, /a = value/],
    ['"a" = 1\n', "1:1", /the name of an argument is not quoted/],
    ["5 = 1\n", "1:1", /expected an argument or a block, found 5/],
    ["}\n", "1:1", /expected an argument or a block, found }/],
    ["a {\n", "1:3", /no closing brace/],
    ["a = {\n", "2:1", /an expression is missing before the end of the file/],
    ["a {\n} b {\n}\n", "2:3", /a block ends with a newline/],
    ["a {} {}\n", "1:6", /a block ends with a newline/],
    ["a = {} = 1\n", "1:8", /found =/],
    ["a b = 1\n", "1:5", /expected a label or {/, /no = before its brace/],
    ["a\n{\n}\n", "1:2", /found the end of the line/],
    ["a { b = 1, c = 2 }\n", "1:10", /expected } on the line/, /on a line of its own/],
    ["a { b {} }\n", "1:5", /expected an argument in the block, found b/],
    ['a "x${b}" {}\n', "1:5", /a label is a plain string/],
    ['a "x {}\n', "1:3", /no closing quote/],
    ["a = \n", "1:5", /an expression is missing before the end of the line/],
    ["a = 1 +\n", "1:8", /an expression is missing/],
    ["a = (1\n", "2:1", /expected \) to close/],
    ["a = [1 2]\n", "1:8", /expected , or \] after an element/],
    ["a = [for, b]\n", "1:9", /name of a variable for "for"/, /parentheses or quotes/],
    ["a = [for v in x]\n", "1:16", /expected : after the collection/],
    ["a = [for v of x: v]\n", "1:12", /expected in after the names/],
    ["a = [for v in x: v => 1]\n", "1:20", /a list has no keys/],
    ["a = {for v in x: v}\n", "1:19", /an object needs key => value/],
    ["a = [for v in x: v...]\n", "1:19", /only the values of an object are grouped/],
    ["a = {b}\n", "1:7", /expected = and a value, found }/],
    ["a = {b = 1 c = 2}\n", "1:12", /expected , or a newline or } after an element/],
    ["a = {b.c = 1}\n", "1:6", /the key of the object is not clear/, /Parentheses/],
    ["a = f(1 2)\n", "1:9", /expected , or \) after an argument of f/],
    ["a = f(b..., c)\n", "1:11", /expected \) right after .../],
    ["a = ns::f\n", "1:10", /expected \( after ns::f/],
    ["a = b.\n", "1:7", /expected the name of an attribute/],
    ["a = b.0.1\n", "1:7", /^.0.1 is not clear$/, /Write \[0\]\[1\]/],
    ["a = b.*.*\n", "1:9", /a splat with .\* cannot stand in another/],
    ["a = b[*\n", "1:8", /expected \] right after \[\*/],
    ["a = b[0\n", "2:1", /expected \] after the index/],
    ["a = x ? 1\n", "1:10", /expected : and what holds otherwise/],
    ["a = 1.2.3\n", "1:5", /1.2.3 is not a number/],
    ["a = 1e999\n", "1:5", /1e999 is not a number/],
    ["a = 'x'\n", "1:5", /found '/, /double quotes/],
    ["a = b & c\n", "1:7", /found &/, /&&/],
    ["a = b | c\n", "1:7", /found \|/, /\|\|/],
    ["a = 1; b = 2\n", "1:6", /found ;/, /separated by newlines/],
    ["a = 1 /* x\n", "1:7", /found \/\* x/, /\*\/ is missing/],
    ['a = "x\n"\n', "1:5", /no closing quote/, /heredoc/],
    ['a = "\\q"\n', "1:6", /\\q is not a valid escape/],
    ['a = "\\u12"\n', "1:6", /four hexadecimal digits/],
    ['a = "\\U00110000"\n', "1:6", /beyond the last character/],
    ['a = "${b"\n', "1:9", /expected } to close \${/, /\$\${/],
    ['a = "${b c}"\n', "1:10", /expected } to close/],
    ['a = "%{ iff b }"\n', "1:9", /iff is not a directive of templates \(did you mean if\?\)/],
    ['a = "%{ if b }x"\n', "1:6", /%{ if } has no %{ endif }/],
    ['a = "%{ for v in b }x"\n', "1:6", /%{ for } has no %{ endfor }/],
    ['a = "%{ endif }"\n', "1:6", /unexpected %{ endif }/],
    ['a = "%{ for v in b }%{ endif }"\n', "1:21", /unexpected %{ endif }/],
    ['a = "%{ if b }%{ else }%{ else }%{ endif }"\n', "1:6", /a second %{ else }/],
    ["a = <<EOT\nx\n", "1:5", /the heredoc has no EOT on a line of its own/],
  ];
  for (const [text, place, message, hint] of errors)
    it(`is an error at ${place}: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseHcl({ file: "bake.hcl", text }),
        (error) => {
          assert.ok(isTsbuildError(error, "HCL_SYNTAX"), String(error));
          assert.match(error.message, message);
          if (hint !== undefined) assert.match(error.hint ?? "", hint);
          const { file, text: whole, range } = error.location ?? {};
          assert.deepEqual([file, whole], ["bake.hcl", text]);
          assert.equal(`${range?.startLine}:${range?.startColumn}`, place);
          return true;
        },
      );
    });
});

describe("a file in the JSON syntax", () => {
  const schema: HclSchema = {
    target: { labels: 1 },
    pair: { labels: 2 },
    variable: { labels: 1, blocks: { validation: { labels: 0 } } },
  };
  const json = (text: string): unknown => shown(parseHclJson({ file: "bake.json", text }, schema));

  const rows: readonly (readonly [string, string, unknown])[] = [
    ["is empty", "{}", {}],
    ["is a list of objects", '[{"a": 1}, {"b": 2}]', { a: 1, b: 2 }],
    ["has comments", '{"//": "about this", "a": null}', { a: null }],
    [
      "has templates in strings, as keys too",
      '{"a": {"k${x}": ["v${x}", "${x}", 1.5, true]}}',
      { a: { k1: ["v1", 1, 1.5, true] } },
    ],
    ["has escapes", '{"a": "\\u00e9\\n$${x}"}', { a: "é\n${x}" }],
    ["has a name like JavaScript's", '{"__proto__": 1}', JSON.parse('{"__proto__": 1}')],
    [
      "has blocks as objects",
      '{"target": {"app": {"a": 1}, "db": {}}}',
      {
        blocks: [
          ["target", "app", { a: 1 }],
          ["target", "db", {}],
        ],
      },
    ],
    [
      "has blocks as arrays, on all levels",
      '{"target": [{"app": [{"a": 1}, {"a": 2}]}, {"db": {}}]}',
      {
        blocks: [
          ["target", "app", { a: 1 }],
          ["target", "app", { a: 2 }],
          ["target", "db", {}],
        ],
      },
    ],
    [
      "says a block twice",
      '{"target": {"app": {"a": 1}, "app": {"a": 2}}, "target": {"app": {}}}',
      {
        blocks: [
          ["target", "app", { a: 1 }],
          ["target", "app", { a: 2 }],
          ["target", "app", {}],
        ],
      },
    ],
    ["has several labels", '{"pair": {"x": {"y": {}}}}', { blocks: [["pair", "x", "y", {}]] }],
    ["has no blocks", '{"target": [], "variable": null}', {}],
    [
      "has blocks within blocks",
      '{"variable": {"A": {"validation": [{"c": 1}, {"c": 2}], "target": {"no": "block"}}}}',
      {
        blocks: [
          [
            "variable",
            "A",
            {
              target: { no: "block" },
              blocks: [
                ["validation", { c: 1 }],
                ["validation", { c: 2 }],
              ],
            },
          ],
        ],
      },
    ],
  ];
  for (const [what, text, wanted] of rows)
    it(`is read if it ${what}`, () => {
      assert.deepEqual(json(text), wanted);
    });

  const errors: readonly (readonly [text: string, place: string, message: RegExp])[] = [
    ["", "1:1", /expected a value/],
    ["{", "1:2", /expected a string/],
    ['{"a": 1} x', "1:10", /expected the end of the file/],
    ['{"a" 1}', "1:6", /expected : after the name/],
    ['{"a": 1,}', "1:9", /expected a string/],
    ["[1,]", "1:4", /expected a value/],
    ['{"a": 01}', "1:8", /expected , or }/],
    ['{"a": 1e999}', "1:12", /the number is too large/],
    ['{"a": "x\ny"}', "1:7", /expected a value|expected a string/],
    ['"a"', "1:1", /expected an object with arguments and blocks/],
    ["[1]", "1:2", /expected an object with arguments and blocks/],
    ['{"a": 1,\n"a": 2}', "2:1", /a is set twice, before on line 1/],
    ['{"target": 1}', "1:12", /expected an object with the labels of target/],
    ['{"target": {"app": "x"}}', "1:20", /target is a block: an object or an array/],
    ['{"target": {"app": [1]}}', "1:21", /expected an object/],
  ];
  for (const [text, place, message] of errors)
    it(`is an error at ${place}: ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => json(text),
        (error) => {
          assert.ok(isTsbuildError(error, "HCL_SYNTAX"), String(error));
          assert.match(error.message, message);
          const { range } = error.location ?? {};
          assert.equal(`${range?.startLine}:${range?.startColumn}`, place);
          return true;
        },
      );
    });

  it("may have a string that is no template, as long as nobody asks", () => {
    const { attributes } = parseHclJson({ file: "bake.json", text: '{\n"a": "${"}' }, schema);
    const [attribute] = attributes;
    assert.ok(attribute);
    assert.throws(
      () => evaluate(attribute.value, scopeOf()),
      (error) => isTsbuildError(error, "HCL_SYNTAX") && error.location?.range.startLine === 2,
    );
  });
});

describe("bare names", () => {
  it("are known without a value", () => {
    assert.deepEqual(bareNames(expressionOf("[a, b]")), ["a", "b"]);
    assert.deepEqual(bareNames(expressionOf("[]")), []);
    assert.equal(bareNames(expressionOf("[a, b.c]")), undefined);
    assert.equal(bareNames(expressionOf("a")), undefined);
    assert.equal(bareName(expressionOf("a")), "a");
    assert.equal(bareName(expressionOf("null")), "null");
    assert.equal(bareName(expressionOf('"a"')), undefined);
    assert.equal(bareName(expressionOf("(a)")), undefined);
    const { attributes } = parseHclJson({ file: "x", text: '{"p": ["a", "b"], "v": "c d"}' }, {});
    const [list, other] = attributes;
    assert.ok(list && other);
    assert.deepEqual(bareNames(list.value), ["a", "b"]);
    assert.equal(bareName(other.value), undefined);
  });
});
