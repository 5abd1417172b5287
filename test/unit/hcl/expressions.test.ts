// SPDX-License-Identifier: Apache-2.0
// Expressions: what the specification of HCL's native syntax promises, one row for each promise.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import { functionNames, rootNames, type HclObject, type HclValue } from "#src/hcl/index.js";
import { expressionOf, valueOf } from "../../support/hcl.js";

const variables: HclObject = {
  a: 1,
  text: "abc",
  nothing: null,
  list: ["x", "y", "z"],
  people: [
    { name: "Ann", tags: ["t1", "t2"] },
    { name: "Bob", tags: ["t3"] },
  ],
  person: { name: "Ann", "with-dash": 5, "": "empty" },
  for: 3,
};

function values(what: string, rows: readonly (readonly [string, HclValue])[]): void {
  describe(what, () => {
    for (const [text, wanted] of rows)
      it(`${text.replaceAll("\n", "\\n")} is ${JSON.stringify(wanted)}`, () => {
        assert.deepEqual(valueOf(text, variables), wanted);
      });
  });
}

values("a literal", [
  ["12", 12],
  ["1.5", 1.5],
  ["1e3", 1000],
  ["2E-2", 0.02],
  ["true", true],
  ["false", false],
  ["null", null],
  ['"hi"', "hi"],
  ['""', ""],
  ['"\\n\\r\\t\\"\\\\"', '\n\r\t"\\'],
  ['"\\u00e9\\U0001F355"', "é🍕"],
  // Letters with accents are one, however they are written.
  ['"e\u0301"', "\u00e9"],
  ['"$${a} %%{ if } $ % $a"', "${a} %{ if } $ % $a"],
  ['"$$${a}"', "$${a}"],
]);

values("an operator", [
  ["1 + 2 * 3", 7],
  ["(1 + 2) * 3", 9],
  ["10 - 2 - 3", 5],
  ["12 / 2 * 3", 18],
  ["7 % 4", 3],
  ["-7 % 4", -3],
  ["5 % 0", 5],
  ["0.1 + 0.2", 0.3],
  ["1.1 * 3 == 3.3", true],
  ["-46 + 5", -41],
  ["-(1 + 2)", -3],
  ["--1", 1],
  ["!true || true", true],
  ["1 + 1 == 2 && 3 > 2", true],
  ["true || false && false", true],
  ["1 < 2 == true", true],
  ['"5" + 1', 6],
  ['"2" > 1', true],
  ['"1" == 1', false],
  ["null == null", true],
  ["[1, 2] == [1, 2]", true],
  ["{a = 1} == {a = 2}", false],
  ["{a = 1} != {b = 1}", true],
  // One side decides, even where the other has no value.
  ["false && nope", false],
  ["nope || true", true],
  ["(1 +\n2)", 3],
]);

values("a conditional", [
  ["true ? 1 : 2", 1],
  ["a == 2 ? 1 : 2", 2],
  ['"true" ? 1 : 2', 1],
  ["false ? 1 : true ? 2 : 3", 2],
  ['true ? 1 : "x"', "1"],
  ['false ? true : "x"', "x"],
  ["true ? null : 5", null],
  ["true ? 5 : null", 5],
  ['true ? [] : ["a"]', []],
  ['true ? [1] : ["a", "b"]', ["1"]],
  ["true ? {a = 1} : {a = 1, b = true ? null : 2}", { a: 1 }],
  ['true ? {a = 1} : {b = "x"}', { a: "1" }],
  // The other result has no value, which is of no interest.
  ["true ? 1 : nope", 1],
  ['length(list) > 5 ? list[5] : "few"', "few"],
]);

values("a list or an object", [
  ["[]", []],
  ["[1, 'x']".replaceAll("'", '"'), [1, "x"]],
  ["[\n1,\n2,\n]", [1, 2]],
  ["[(for), a]", [3, 1]],
  ["{}", {}],
  ["{a = 1, b : 2}", { a: 1, b: 2 }],
  ['{\n  a = 1 # one\n  "b" = 2\n\n  (text) = 3, true = 4\n}', { a: 1, b: 2, abc: 3, true: 4 }],
  ['{"x-${a}" = 1}', { "x-1": 1 }],
  ['{"${text}" = 1}', { abc: 1 }],
  ["{a = 1, a = 2}", { a: 2 }],
  ["{a = {\n}, b = [\n]}", { a: {}, b: [] }],
  ["{for-each = 1}", { "for-each": 1 }],
  ['{"for" = 1, baz = 2}', { for: 1, baz: 2 }],
]);

values("a for expression", [
  ['[for v in ["a", "b"]: v]', ["a", "b"]],
  ['[for i, v in ["a", "b"]: i]', [0, 1]],
  ['{for i, v in ["a", "b"]: v => i}', { a: 0, b: 1 }],
  ['{for i, v in ["a", "a", "b"]: v => i...}', { a: [0, 1], b: [2] }],
  ['[for i, v in ["a", "b", "c"]: v if i < 2]', ["a", "b"]],
  ["[for k, v in {b = 1, a = 2}: k]", ["a", "b"]],
  ["[for v in {b = 1, a = 2}: v]", [2, 1]],
  ["[\nfor v in [1, 2]\n: v * 2\n]", [2, 4]],
  ["{\nfor v in [1] : v => v\n}", { 1: 1 }],
  ["[for a in [5]: a + for]", [8]],
  [
    "[for x in [1, 2]: [for y in [x, 10]: x * y]]",
    [
      [1, 10],
      [4, 20],
    ],
  ],
  ["[for x in []: nope]", []],
  ['[for s in setunion(["b"], ["a"]): s]', ["a", "b"]],
  ['[for k, s in setunion(["b"], ["a"]): k]', ["a", "b"]],
]);

values("an index, an attribute or a splat", [
  ["list[1]", "y"],
  ['list["2"]', "z"],
  ["list[a - 1]", "x"],
  ["list.0", "x"],
  ["person.name", "Ann"],
  ["person.with-dash", 5],
  ['person["name"]', "Ann"],
  ['person[""]', "empty"],
  ["people[1].tags[0]", "t3"],
  ["people.0.name", "Ann"],
  ["people[*].name", ["Ann", "Bob"]],
  ["people.*.name", ["Ann", "Bob"]],
  ["people[*].tags[0]", ["t1", "t3"]],
  ["people.*.tags[0]", ["t1", "t2"]],
  ["people[*].tags[*]", [["t1", "t2"], ["t3"]]],
  ["person.*.name", ["Ann"]],
  ["text[*]", ["abc"]],
  ["nothing[*]", []],
  ["nothing.*.x", []],
  ["[1, 2][1]", 2],
  ["{a = 5}.a", 5],
  ["(list)[0]", "x"],
  ['split(",", "p,q")[1]', "q"],
]);

values("a template", [
  ['"${a}"', 1],
  ['"${list}"', ["x", "y", "z"]],
  ['"${"${a}"}"', 1],
  ['"${""}${true}"', "true"],
  ['"a${a}b${text}"', "a1babc"],
  ['"${1.50} ${1e21} ${0.0000001}"', "1.5 1000000000000000000000 0.0000001"],
  ['"hello ${~ "world" }"', "helloworld"],
  ['"${"hello" ~}${" world"}"', "hello world"],
  ['"%{ if true ~} hello %{~ endif }"', "hello"],
  ['"%{ if a == 2 }two%{ else }other%{ endif }!"', "other!"],
  ['"%{ if false }x%{ endif }"', ""],
  ['"%{ for v in [true] }${v}%{ endfor }"', "true"],
  ['"%{ for i, v in list }${i}${v},%{ endfor }"', "0x,1y,2z,"],
  ['"%{ for v in [1, 2] }%{ if v > 1 }<${v}>%{ endif }%{ endfor }"', "<2>"],
  ['"${ {a = "}"}.a }"', "}"],
  ['"${[for v in list: "<${v}>"][0]}"', "<x>"],
  ["<<EOT\nhello\n  ${text}\nEOT", "hello\n  abc\n"],
  ["<<EOT\n  EOT", ""],
  ["<<EOT\nno EOT here\nEOTA\n\tEOT", "no EOT here\nEOTA\n"],
  ["<<EOT\r\na\r\nEOT\r", "a\r\n"],
  ['<<EOT\n\\n "quoted" $${x}\nEOT', '\\n "quoted" ${x}\n'],
  ["<<-EOT\n    hello\n      ${text}\n\n    ${a}\n    EOT", "hello\n  abc\n\n1\n"],
  // A value that begins a line is not indented.
  ["<<-EOT\n${text}\n  b\n  EOT", "abc\n  b\n"],
  ["<<EOT\n%{ for v in list ~}\n- ${v}\n%{ endfor ~}\nEOT", "- x\n- y\n- z\n"],
  ["[<<A\na\nA\n, <<B\nb\nB\n]", ["a\n", "b\n"]],
]);

values("a call", [
  ["max(1, 2, 3)", 3],
  ["max(\n1,\n2,\n)", 2],
  ["max([1, 2]...)", 2],
  ["max(0, [1, 2]...)", 2],
  ['upper("${text}")', "ABC"],
  ['try(nope, list[9], "d")', "d"],
  ["can(person.nope)", false],
  ["can(person.name)", true],
  ['convert("5", number)', 5],
]);

describe("an expression without a value", () => {
  const rows: readonly (readonly [text: string, column: number, message: RegExp])[] = [
    ["nope", 9, /^there is no variable nope$/],
    ["lists", 9, /^there is no variable lists \(did you mean list\?\)$/],
    ["uper(1)", 9, /^there is no function uper \(did you mean upper\?\)$/],
    ["1 + nope", 13, /no variable/],
    ['"a" + 1', 9, /^the operand of \+ must be a number, not "a"$/],
    ["[1] + 1", 9, /must be a number, not a list/],
    ["1 && true", 9, /must be true or false|no value/],
    ["!5", 10, /^the operand of ! must be true or false, not 5$/],
    ["1 / 0", 9, /^division by zero$/],
    ["null + 1", 9, /must be a number, not null/],
    ["person.nam", 9, /^the object has no attribute nam \(did you mean name\?\)$/],
    ["person.__proto__", 9, /no attribute __proto__/],
    ['person["constructor"]', 9, /no attribute constructor/],
    ["person.toString", 9, /no attribute toString/],
    ["text.length", 9, /^a string has no attribute length$/],
    ["list.length", 9, /a list has no attribute length/],
    ["nothing.x", 9, /^null has no attribute x$/],
    ["nothing[0]", 9, /^null has no elements$/],
    ["list[3]", 9, /^the list has 3 elements, the last one is \[2\], not \[3\]$/],
    ["list[-1]", 9, /whole number from 0, not -1/],
    ["list[0.5]", 9, /whole number from 0, not 0.5/],
    ['list["x"]', 9, /number/],
    ["list[null]", 9, /null cannot be an index/],
    ["[][0]", 9, /the list has no elements/],
    ["setunion([1])[0]", 9, /a set have no index/],
    ["a ? 1 : 2", 9, /a condition must be true or false, not 1/],
    ["null ? 1 : 2", 9, /the condition is null/],
    ["true ? 1 : true", 9, /^a number and a bool cannot be the two results/],
    ['true ? "a" : ["a"]', 9, /a string and a list cannot/],
    ["true ? {a = [1]} : {a = 1}", 9, /an object and an object cannot/],
    ['"x${list}"', 13, /^part of a text must be a string, not a list$/],
    ['"x${null}"', 13, /null cannot be part of a text/],
    ["[for v in text: v]", 19, /visits the elements of a list or an object, and this is a string/],
    ["[for v in null: v]", 19, /and this is null/],
    ['{for v in ["a", "a"]: v => 1}', 31, /two elements have the key "a"/],
    ["{for v in [null]: v => 1}", 27, /null cannot be the key/],
    ["[for v in list: v if v]", 30, /the condition after if must be true or false/],
    ["[for v in list: v if null]", 30, /condition after if is null/],
    ["{(null) = 1}", 10, /null cannot be the key/],
    ["{(list) = 1}", 10, /the key of an object must be a string, not a list/],
    ["max(1...)", 13, /only a list can be followed by .../],
    ["1e308 * 10", 9, /too large/],
    ["upper(null)", 9, /^upper: str must be a string, not null$/],
  ];
  for (const [text, column, message] of rows)
    it(`is an error at its place: ${text}`, () => {
      assert.throws(
        () => valueOf(text, variables),
        (error) => {
          assert.ok(isTsbuildError(error), String(error));
          assert.match(error.code, /^HCL_(EVALUATION|TYPE)$/);
          assert.match(error.message, message);
          assert.equal(error.location?.file, "bake.hcl");
          assert.deepEqual(
            [error.location.range.startLine, error.location.range.startColumn],
            [1, column],
          );
          return true;
        },
      );
    });
});

describe("objects of a scope", () => {
  it("are read only where the expression asks", () => {
    const read: string[] = [];
    const app = Object.defineProperties(
      {},
      Object.fromEntries(
        ["tags", "args"].map((name) => [
          name,
          { enumerable: true, get: () => (read.push(name), [name]) },
        ]),
      ),
    ) as HclObject;
    const target = { app };
    assert.deepEqual(valueOf("target.app.tags[0]", { target }), "tags");
    assert.deepEqual(read, ["tags"]);
    assert.deepEqual(valueOf('target["app"].args', { target }), ["args"]);
    assert.deepEqual(read, ["tags", "args"]);
    valueOf("keys(target.app)", { target });
    valueOf("true ? target.app : target.app", { target });
    assert.deepEqual(read, ["tags", "args"]);
    valueOf("values(target.app)", { target });
    assert.equal(read.length, 4);
  });

  it("may have names that JavaScript's objects have", () => {
    const value = valueOf('{"__proto__" = {x = 1}, constructor = 2}');
    assert.deepEqual(Object.keys(value as HclObject), ["__proto__", "constructor"]);
    assert.equal(valueOf('{"__proto__" = {x = 1}}.__proto__.x'), 1);
  });
});

describe("the names in an expression", () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ["a + b.c[d]", ["a", "b", "d"]],
    ['"x${a}%{ if b }${c}%{ endif }"', ["a", "b", "c"]],
    ['[for k, v in m: "${k}${v}${w}" if z]', ["m", "w", "z"]],
    ["[for v in v: v]", ["v"]],
    ["{for v in m: v => x...}", ["m", "x"]],
    ["{key = a, (other) = b}", ["a", "other", "b"]],
    ["upper(a).*.b", ["a"]],
    ["p[*].x[i]", ["p", "i"]],
    ["a ? a : true", ["a"]],
  ];
  for (const [text, names] of rows)
    it(`are ${names.join(", ")} for ${text}`, () => {
      assert.deepEqual(rootNames(expressionOf(text)), names);
    });

  it("are told from those of functions", () => {
    const text = 'upper("${lower(a)}", [for v in keys(b): f(v)]...)';
    assert.deepEqual(functionNames(expressionOf(text)), ["upper", "lower", "keys", "f"]);
  });
});
