// SPDX-License-Identifier: Apache-2.0
// Expressions: operators by their precedence, conditionals, and what follows a term with a dot or a bracket.

import { numberOf, parseTerm } from "./parse-term.js";
import type { BinaryOperator, Node } from "./syntax-tree.js";
import { hintFor, shown, type TokenStream } from "./token-stream.js";

/** Higher binds tighter. */
const precedence: ReadonlyMap<string, number> = new Map<BinaryOperator, number>([
  ["||", 1],
  ["&&", 2],
  ["==", 3],
  ["!=", 3],
  ["<", 4],
  ["<=", 4],
  [">", 4],
  [">=", 4],
  ["+", 5],
  ["-", 5],
  ["*", 6],
  ["/", 6],
  ["%", 6],
]);

/** A chain of operators or attributes is a deep tree. */
const longestChain = 500;

/** Takes an expression from the stream. */
export function parseExpression(stream: TokenStream): Node {
  return stream.deeper(() => {
    const { start } = stream.peek();
    const condition = binary(stream, 1);
    if (!stream.takeSymbol("?")) return condition;
    const yes = parseExpression(stream);
    if (!stream.takeSymbol(":"))
      stream.fail(`expected : and what holds otherwise, found ${shown(stream.peek())}`);
    const no = parseExpression(stream);
    return stream.node(start, { kind: "conditional", condition, yes, no });
  });
}

function binary(stream: TokenStream, lowest: number): Node {
  const { start } = stream.peek();
  let left = parseOperand(stream);
  let links = 0;
  for (;;) {
    const { kind, text } = stream.peek();
    const level = kind === "symbol" ? (precedence.get(text) ?? 0) : 0;
    if (level < lowest) return left;
    if (++links > longestChain) stream.fail("too many operators in one expression");
    stream.next();
    const right = binary(stream, level + 1);
    left = stream.node(start, { kind: "binary", operator: text as BinaryOperator, left, right });
  }
}

/** A term with its signs and whatever follows it. */
export function parseOperand(stream: TokenStream): Node {
  const token = stream.peek();
  if (stream.isSymbol("-") || stream.isSymbol("!")) {
    stream.next();
    const operand = stream.deeper(() => parseOperand(stream));
    return stream.node(token.start, {
      kind: "unary",
      operator: token.text === "-" ? "-" : "!",
      operand,
    });
  }
  return traversals(stream, parseTerm(stream), token.start);
}

function traversals(stream: TokenStream, term: Node, start: number): Node {
  let node = term;
  let links = 0;
  for (;;) {
    if (++links > longestChain) stream.fail("too many attributes and indices in one expression");
    if (stream.takeSymbol(".")) node = afterDot(stream, node, start);
    else if (stream.isSymbol("[")) {
      const open = stream.next();
      if (!stream.isSymbol("*")) {
        node = bracketed(stream, node, start);
        continue;
      }
      stream.next();
      if (!stream.takeSymbol("]")) stream.fail("expected ] right after [*");
      const item = stream.node(open.start, { kind: "item" });
      // All that follows is asked of each element.
      const each = stream.deeper(() => traversals(stream, item, open.start));
      node = stream.node(start, { kind: "splat", of: node, each });
    } else return node;
  }
}

function bracketed(stream: TokenStream, of: Node, start: number): Node {
  const key = stream.withNewlines(false, () => {
    const expression = parseExpression(stream);
    if (!stream.takeSymbol("]"))
      stream.fail(
        `expected ] after the index, found ${shown(stream.peek())}`,
        undefined,
        hintFor(stream.peek()),
      );
    return expression;
  });
  return stream.node(start, { kind: "index", of, key });
}

function afterDot(stream: TokenStream, of: Node, start: number): Node {
  const token = stream.peek();
  if (!stream.isSymbol("*")) return named(stream, of, start);
  stream.next();
  let each: Node = stream.node(token.start, { kind: "item" });
  let links = 0;
  // Only attributes belong to each element here: an index picks from the list of results.
  while (stream.takeSymbol(".")) {
    if (++links > longestChain) stream.fail("too many attributes in one expression");
    if (stream.isSymbol("*")) stream.fail("a splat with .* cannot stand in another one");
    each = named(stream, each, token.start);
  }
  return stream.node(start, { kind: "splat", of, each });
}

/** A name, or a number as an older language wrote an index. */
function named(stream: TokenStream, of: Node, start: number): Node {
  const token = stream.next();
  if (token.kind === "identifier")
    return stream.node(start, { kind: "attribute", of, name: token.text });
  if (token.kind !== "number")
    return stream.fail(
      `expected the name of an attribute after the dot, found ${shown(token)}`,
      token,
    );
  if (token.text.includes("."))
    stream.fail(`.${token.text} is not clear`, token, `Write [${token.text.replace(".", "][")}].`);
  const key = stream.node(token.start, { kind: "literal", value: numberOf(stream, token) });
  return stream.node(start, { kind: "index", of, key });
}
