// SPDX-License-Identifier: Apache-2.0
// What the parsers make of expressions. Outside of the room a node is an opaque HclExpression.

import type { HclExpression, HclValue } from "./types.js";

export type Node = HclExpression & NodeShape;

export type UnaryOperator = "-" | "!";
export type BinaryOperator =
  "||" | "&&" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%";

export interface ForShape {
  readonly kind: "for";
  readonly keyName: string | undefined;
  readonly valueName: string;
  readonly collection: Node;
  /** Makes an object; without it, a list. */
  readonly key: Node | undefined;
  readonly value: Node;
  readonly condition: Node | undefined;
  readonly grouped: boolean;
}

export interface TemplateShape {
  readonly kind: "template";
  readonly parts: readonly Node[];
}

export interface ObjectItem {
  /** A bare name is a literal here. */
  readonly key: Node;
  readonly value: Node;
}

export type NodeShape =
  | { readonly kind: "literal"; readonly value: HclValue; readonly word?: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "attribute"; readonly of: Node; readonly name: string }
  | { readonly kind: "index"; readonly of: Node; readonly key: Node }
  /** `each` is evaluated once for each element, which `item` stands for in it. */
  | { readonly kind: "splat"; readonly of: Node; readonly each: Node }
  | { readonly kind: "item" }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Node[];
      /** The last argument is a list of arguments. */
      readonly expand: boolean;
    }
  | { readonly kind: "tuple"; readonly items: readonly Node[] }
  | { readonly kind: "object"; readonly items: readonly ObjectItem[] }
  | ForShape
  | {
      readonly kind: "conditional";
      readonly condition: Node;
      readonly yes: Node;
      readonly no: Node;
    }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Node }
  | TemplateShape
  /** The texts of a loop in a template, joined. */
  | { readonly kind: "join"; readonly of: Node }
  /** Parentheses, or a template that is nothing but one interpolation. */
  | { readonly kind: "wrap"; readonly of: Node }
  /** A string of a JSON file: a template, read once it is asked for. */
  | {
      readonly kind: "json-string";
      readonly text: string;
      readonly template: () => Node;
      /** The text as an expression, for type constraints and names. */
      readonly expression: () => Node;
    };

/** Narrows what came back from outside of the room. */
export function nodeOf(expression: HclExpression): Node {
  if (!("kind" in expression)) throw new TypeError("not an expression of this room");
  return expression as Node;
}
