// SPDX-License-Identifier: Apache-2.0
// What can be said about an expression without evaluating it.

import { isTsbuildError } from "../base/index.js";
import { nodeOf, type Node } from "./syntax-tree.js";
import type { HclExpression } from "./types.js";
import { working } from "./work.js";

/** The variables that an expression mentions, each once. Those of its own loops are not among them. */
export function rootNames(expression: HclExpression): readonly string[] {
  const found = new Set<string>();
  working(() => {
    collect(nodeOf(expression), new Set(), found);
  });
  return [...found];
}

/** The functions that an expression calls, each once. */
export function functionNames(expression: HclExpression): readonly string[] {
  const found = new Set<string>();
  const visit = (node: Node): void => {
    if (node.kind === "call") found.add(node.name);
    partsOf(node).forEach(visit);
  };
  working(() => {
    visit(nodeOf(expression));
  });
  return [...found];
}

/** The names of a list of bare names, as in `params = [a, b]`; undefined: it is something else. */
export function bareNames(expression: HclExpression): readonly string[] | undefined {
  const node = nodeOf(expression);
  if (node.kind !== "tuple") return undefined;
  const names = node.items.map(bareName);
  const given = names.filter((name) => name !== undefined);
  return given.length === names.length ? given : undefined;
}

/** A bare name, as in `variadic_params = rest`; undefined: it is something else. */
export function bareName(expression: HclExpression): string | undefined {
  const given = nodeOf(expression);
  const node = given.kind === "json-string" ? parsed(given.expression) : given;
  if (node?.kind === "variable") return node.name;
  return node?.kind === "literal" ? node.word : undefined;
}

function collect(node: Node, hidden: ReadonlySet<string>, found: Set<string>): void {
  if (node.kind === "variable" && !hidden.has(node.name)) found.add(node.name);
  if (node.kind !== "for") {
    for (const part of partsOf(node)) collect(part, hidden, found);
    return;
  }
  collect(node.collection, hidden, found);
  const inner = new Set([
    ...hidden,
    node.valueName,
    ...(node.keyName === undefined ? [] : [node.keyName]),
  ]);
  for (const part of [node.key, node.value, node.condition])
    if (part !== undefined) collect(part, inner, found);
}

function partsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case "literal":
    case "variable":
    case "item":
      return [];
    case "attribute":
    case "join":
    case "wrap":
      return [node.of];
    case "index":
      return [node.of, node.key];
    case "splat":
      return [node.of, node.each];
    case "call":
      return node.args;
    case "tuple":
      return node.items;
    case "object":
      return node.items.flatMap(({ key, value }) => [key, value]);
    case "for":
      return [node.collection, node.key, node.value, node.condition].filter(
        (part) => part !== undefined,
      );
    case "conditional":
      return [node.condition, node.yes, node.no];
    case "binary":
      return [node.left, node.right];
    case "unary":
      return [node.operand];
    case "template":
      return node.parts;
    case "json-string": {
      const template = parsed(node.template);
      return template === undefined ? [] : [template];
    }
  }
}

/** A string that is no template fails once it is evaluated, not before. */
function parsed(parse: () => Node): Node | undefined {
  try {
    return parse();
  } catch (error) {
    if (!isTsbuildError(error)) throw error;
    return undefined;
  }
}
