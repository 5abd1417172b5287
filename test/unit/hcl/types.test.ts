// SPDX-License-Identifier: Apache-2.0
// Type constraints and conversion: what fits, what it becomes, and what is said about what does not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  convert,
  formatHcl,
  parseHclJson,
  parseType,
  typeName,
  type HclValue,
} from "#src/hcl/index.js";
import { expressionOf, typeOf, valueOf } from "../../support/hcl.js";

describe("a value", () => {
  const rows: readonly (readonly [value: string, type: string, wanted: HclValue])[] = [
    ["5", "any", 5],
    ['"5"', "number", 5],
    ['"-1.5e1"', "number", -15],
    ["5", "string", "5"],
    ["1.50", "string", "1.5"],
    ["true", "string", "true"],
    ['"true"', "bool", true],
    ['"0"', "bool", false],
    ["null", "number", null],
    ['["2", 3]', "list(number)", [2, 3]],
    ['[1, "x"]', "list(any)", ["1", "x"]],
    ["[[1], []]", "list(list(string))", [["1"], []]],
    ["[3, 1, 3]", "set(number)", [1, 3]],
    ['["1", 1]', "set(string)", ["1"]],
    ["{a = 1, b = true}", "map(string)", { a: "1", b: "true" }],
    ["{a = 1, b = null}", "map(any)", { a: 1, b: null }],
    ['["1", 2]', "tuple([number, string])", [1, "2"]],
    ["{a = 1, extra = 2}", "object({a = string})", { a: "1" }],
    ['{"__proto__" = 1}', "map(string)", JSON.parse('{"__proto__": "1"}') as HclValue],
    ["{}", "object({a = optional(string)})", { a: null }],
    ["{}", 'object({a = optional(number, "5")})', { a: 5 }],
    ["{a = null}", 'object({a = optional(string, "x")})', { a: "x" }],
    [
      "[{name = 1}]",
      'list(object({name = string, tags = optional(list(string), ["t"])}))',
      [{ name: "1", tags: ["t"] }],
    ],
  ];
  for (const [value, type, wanted] of rows)
    it(`${value} as ${type} is ${JSON.stringify(wanted)}`, () => {
      assert.deepEqual(convert(valueOf(value), typeOf(type)), wanted);
    });

  const errors: readonly (readonly [value: string, type: string, message: RegExp])[] = [
    ['"oops"', "number", /^a number is required, not "oops"$/],
    ['"0x10"', "number", /a number is required/],
    ['""', "number", /a number is required/],
    ["true", "number", /a number is required, not true/],
    ["1", "bool", /a bool is required, not 1/],
    ['"True"', "bool", /a bool is required/],
    ["[1]", "string", /a string is required, not a list/],
    ['"a"', "list(string)", /a list is required, not "a"/],
    ['["oops"]', "list(number)", /^\[0\]: a number is required, not "oops"$/],
    ["{a = [1, {}]}", "map(list(string))", /^a\[1\]: a string is required, not an object$/],
    ["[1, [2]]", "list(any)", /all elements must be of one type/],
    ["[1]", "tuple([number, number])", /^2 elements are required, not 1$/],
    ["{}", "object({a = string})", /^attribute a is required$/],
    ["{tag = 1}", "object({tags = string})", /attribute tags is required \(did you mean tag\?\)/],
    ["{a = {}}", "object({a = object({b = number})})", /^a: attribute b is required$/],
    ["[]", "map(string)", /a map is required, not a list/],
  ];
  for (const [value, type, message] of errors)
    it(`${value} is no ${type}`, () => {
      assert.throws(
        () => convert(valueOf(value), typeOf(type)),
        (error) => isTsbuildError(error, "HCL_TYPE") && message.test(error.message),
      );
    });
});

describe("a type constraint", () => {
  it("may stand in a JSON file as text", () => {
    const { attributes } = parseHclJson(
      { file: "bake.json", text: '{"type": "list(object({a = number}))"}' },
      {},
    );
    const [attribute] = attributes;
    assert.ok(attribute);
    assert.deepEqual(parseType(attribute.value), typeOf("list(object({a = number}))"));
  });

  const errors: readonly (readonly [type: string, message: RegExp])[] = [
    ["boolean", /^boolean is not a type$/],
    ["BOOL", /^BOOL is not a type \(did you mean bool\?\)$/],
    ['lower("bool")', /^lower is not a type/],
    ['"string"', /this is not a type; types are any, string/],
    ["list", /list needs the types of its elements: list\(string\)/],
    ["string(number)", /string has no elements/],
    ["list(string, number)", /list has one argument/],
    ["list()", /list has one argument/],
    ["tuple(string)", /tuple takes a list/],
    ["object([string])", /object takes an object/],
    ["optional(string)", /for the attributes of an object/],
    ["object({a = optional()})", /optional has a type/],
    ['object({a = optional(number, "x")})', /the default does not fit: a number is required/],
    ['object({a = string, "a" = number})', /the attribute a is there twice/],
  ];
  for (const [type, message] of errors)
    it(`is not ${type}`, () => {
      assert.throws(
        () => parseType(expressionOf(type)),
        (error) =>
          isTsbuildError(error) &&
          /^HCL_/.test(error.code) &&
          message.test(error.message) &&
          error.location?.file === "bake.hcl",
      );
    });
});

describe("the text of a value", () => {
  it("is what the language would read", () => {
    const text = '{ a = [1, null, true], b = "$${x}\\n", c = {} }';
    assert.equal(formatHcl(valueOf(text)), text);
    assert.deepEqual(valueOf(formatHcl(valueOf(text))), valueOf(text));
  });

  it("is apart from the name of its type", () => {
    const names = ["null", "true", "1", '"a"', "[]", "{}", "setunion([])"].map((text) =>
      typeName(valueOf(text)),
    );
    assert.deepEqual(names, ["null", "bool", "number", "string", "list", "object", "set"]);
  });
});
