// SPDX-License-Identifier: Apache-2.0
// Files that mean harm: depth, endless work, and texts and lists that grow without end. Each must end, soon and with an error of ours.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTsbuildError } from "#src/base/index.js";
import {
  convert,
  evaluate,
  parseHcl,
  parseHclJson,
  rootNames,
  type HclScope,
  type HclValue,
} from "#src/hcl/index.js";
import { expressionOf, scopeOf, typeOf, valueOf } from "../../support/hcl.js";

const limited = (error: unknown): boolean => isTsbuildError(error, "HCL_LIMIT");
const many = 100_000;

describe("nesting", () => {
  const rows: readonly (readonly [what: string, text: string])[] = [
    ["lists", "[".repeat(many)],
    ["objects", "{a=".repeat(many)],
    ["parentheses", "(".repeat(many)],
    ["signs", "-".repeat(many) + "1"],
    ["negations", "!".repeat(many) + "true"],
    ["conditionals", "a ? 1 : ".repeat(many) + "1"],
    ["calls", "f(".repeat(many)],
    ["templates", '"${'.repeat(many)],
    ["indices", "a[".repeat(many)],
    ["full splats", "a" + "[*]".repeat(many)],
    ["directives", '"' + "%{ if a }".repeat(many) + '"'],
  ];
  for (const [what, text] of rows)
    it(`of ${what} ends`, () => {
      assert.throws(() => expressionOf(text), limited);
    });

  it("of blocks ends", () => {
    assert.throws(() => parseHcl({ file: "x", text: "a {\n".repeat(many) }), limited);
  });

  it("of JSON ends", () => {
    assert.throws(() => parseHclJson({ file: "x", text: "[".repeat(many) }, {}), limited);
    assert.throws(() => valueOf(`jsondecode("${"[".repeat(many)}${"]".repeat(many)}")`));
  });

  it("of as many levels as a person writes does not", () => {
    const depth = 50;
    assert.deepEqual(
      valueOf("[".repeat(depth) + "]".repeat(depth)),
      JSON.parse("[".repeat(depth) + "]".repeat(depth)),
    );
    assert.equal(valueOf("1 + ".repeat(300) + "1"), 301);
  });

  it("of long chains in parentheses in long chains ends, wherever they are looked at", () => {
    let text = "a";
    for (let i = 0; i < 150; i++) text = `(${text}${" + a".repeat(400)})`;
    const expression = expressionOf(text);
    assert.throws(() => evaluate(expression, scopeOf({ a: 1 })), limited);
    try {
      assert.deepEqual(rootNames(expression), ["a"]);
    } catch (error) {
      assert.ok(limited(error), String(error));
    }
  });

  it("of values ends where they are walked", () => {
    const nested = (): HclValue => {
      let value: HclValue = [];
      for (let i = 0; i < many; i++) value = [value];
      return value;
    };
    const value = nested();
    assert.throws(() => valueOf("flatten(v)", { v: value }), limited);
    assert.throws(() => valueOf("v == w", { v: value, w: nested() }), limited);
    assert.throws(() => valueOf("jsonencode(v)", { v: value }), limited);
    assert.throws(() => convert(value, typeOf("list(any)")), limited);
  });

  it("of variables ends, although each is shallow", () => {
    const scope: HclScope = {
      ...scopeOf(),
      variable: (name) => evaluate(expressionOf(`${name}x`), scope),
    };
    assert.throws(() => evaluate(expressionOf("x"), scope), limited);
  });
});

describe("work", () => {
  const rows: readonly (readonly [what: string, text: string])[] = [
    [
      "loops within loops",
      "[for a in range(1000): [for b in range(1000): [for c in range(1000): 1]]]",
    ],
    ["a product", "setproduct(range(1000), range(1000), range(1000))"],
    ["a search that tracks back", `regex("(a+)+$", "${"a".repeat(50)}!")`],
    [
      "a long text, searched often",
      '[for a in range(1000): [for b in range(1000): regexall("a", long)]]',
    ],
    ["a long text, joined often", '[for a in range(1000): [for b in range(1000): "x${long}"]]'],
    ["a long list, compared often", "[for a in range(1000): [for b in range(1000): big == other]]"],
    [
      "a long list, searched often",
      "[for a in range(1000): [for b in range(1000): contains(big, 5)]]",
    ],
    ["a long text, counted often", "[for a in range(1000): [for b in range(1000): strlen(long)]]"],
  ];
  const big = Array.from({ length: 50_000 }, (_, i) => i + 10);
  const variables = { long: "é".repeat(100_000), big, other: [...big] };
  for (const [what, text] of rows)
    it(`of ${what} ends`, { timeout: 60_000 }, () => {
      assert.throws(() => valueOf(text, variables), limited);
    });

  it("that has come to its end is not tried again", () => {
    assert.throws(() => valueOf(`try(regex("(a+)+$", "${"a".repeat(50)}!"), "x")`), limited);
    assert.throws(
      () => valueOf("true ? 1 : setproduct(range(1000), range(1000), range(1000))"),
      limited,
    );
  });

  it("of one expression is no matter of the next", () => {
    const text = "length(flatten([for a in range(1000): [for b in range(100): b]]))";
    for (let i = 0; i < 20; i++) assert.equal(valueOf(text), 100_000);
  });
});

describe("growth", () => {
  const rows: readonly (readonly [what: string, text: string])[] = [
    ["doubled texts", '"${v}${v}${v}${v}${v}${v}${v}${v}${v}"'],
    ["joined texts", "join(v, range(100))"],
    ["replaced letters", 'replace(v, "a", v)'],
    ["letters between letters", 'replace(v, "", v)'],
    ["indentation", "indent(1000000000, v)"],
    ["width", 'format("%1000000000d", 1)'],
    ["precision", 'format("%.1000000000f", 1)'],
    ["matches", 'regex_replace(v, "a", v)'],
    ["lists", "concat([for x in range(1000): big]...)"],
    ["texts of JSON", "jsonencode([for x in range(1000): v])"],
    ["a flat list", "flatten([for x in range(1000): big])"],
    ["letters", 'split("", "${v}${v}")'],
  ];
  const variables = {
    v: "a".repeat(1_000_000),
    big: Array.from({ length: 10_000 }, () => null),
  };
  for (const [what, text] of rows)
    it(`by ${what} ends`, { timeout: 60_000 }, () => {
      assert.throws(
        () => valueOf(text, variables),
        (error) => limited(error) || isTsbuildError(error, "HCL_EVALUATION"),
      );
    });

  it("of messages ends too", () => {
    for (const text of ["1 + v", "list[v]", "parseint(v, 10)", "convert(v, number)"])
      assert.throws(
        () => valueOf(text, { ...variables, list: [1] }),
        (error) => isTsbuildError(error) && error.message.length < 300,
      );
  });
});

describe("a scanner", () => {
  it("reads what goes on and on in one go", { timeout: 20_000 }, () => {
    for (const text of ["/*".repeat(500_000), '"'.repeat(500_001), "a\n".repeat(100_000)])
      assert.throws(() => parseHcl({ file: "x", text }));
    const long = `a = "${"$a%".repeat(500_000)}"\nb = <<E\n${"$a%\n".repeat(200_000)}E\n`;
    const { attributes } = parseHcl({ file: "x", text: long });
    assert.equal(attributes.length, 2);
  });
});
