// SPDX-License-Identifier: Apache-2.0
// Terms of expressions: literals, names, calls, parentheses, and the constructors of lists and objects.

import { parseNumber } from "./literals.js";
import { isFor, parseFor } from "./parse-for.js";
import { parseTemplate } from "./parse-template.js";
import type { Node, ObjectItem } from "./syntax-tree.js";
import { hintFor, shown, type TokenStream } from "./token-stream.js";
import type { Token } from "./tokens.js";

const words: ReadonlyMap<string, null | boolean> = new Map([
  ["true", true],
  ["false", false],
  ["null", null],
]);

/** Takes a term from the stream. */
export function parseTerm(stream: TokenStream): Node {
  const token = stream.next();
  switch (token.kind) {
    case "number":
      return stream.node(token.start, { kind: "literal", value: numberOf(stream, token) });
    case "identifier":
      return word(stream, token);
    case "quote-open":
    case "heredoc-open":
      return parseTemplate(stream, token);
    case "symbol":
      if (token.text === "(") return parenthesized(stream, token);
      if (token.text === "[") return tuple(stream, token);
      if (token.text === "{") return object(stream, token);
      break;
    default:
  }
  return stream.fail(
    token.kind === "newline" || token.kind === "end"
      ? `an expression is missing before ${shown(token)}`
      : `expected an expression, found ${shown(token)}`,
    token,
    hintFor(token),
  );
}

function word(stream: TokenStream, token: Token): Node {
  if (stream.isSymbol("(") || stream.isSymbol("::")) return call(stream, token);
  const value = words.get(token.text);
  if (value !== undefined)
    return stream.node(token.start, { kind: "literal", value, word: token.text });
  return stream.node(token.start, { kind: "variable", name: token.text });
}

function parenthesized(stream: TokenStream, open: Token): Node {
  const of = stream.withNewlines(false, () => {
    const inner = stream.expression();
    if (!stream.takeSymbol(")"))
      stream.fail(
        `expected ) to close the parenthesis, found ${shown(stream.peek())}`,
        undefined,
        hintFor(stream.peek()),
      );
    return inner;
  });
  return stream.node(open.start, { kind: "wrap", of });
}

function call(stream: TokenStream, first: Token): Node {
  let name = first.text;
  while (stream.takeSymbol("::")) {
    const token = stream.next();
    if (token.kind !== "identifier") stream.fail("expected the name of a function after ::", token);
    name += `::${token.text}`;
  }
  if (!stream.takeSymbol("(")) stream.fail(`expected ( after ${name}`);
  const args: Node[] = [];
  let expand = false;
  stream.withNewlines(false, () => {
    while (!stream.takeSymbol(")")) {
      args.push(stream.expression());
      if (stream.takeSymbol("...")) {
        expand = true;
        if (!stream.isSymbol(")")) stream.fail("expected ) right after ...");
      } else if (!stream.takeSymbol(",") && !stream.isSymbol(")")) {
        const token = stream.peek();
        stream.fail(
          `expected , or ) after an argument of ${name}, found ${shown(token)}`,
          token,
          hintFor(token),
        );
      }
    }
  });
  return stream.node(first.start, { kind: "call", name, args, expand });
}

function tuple(stream: TokenStream, open: Token): Node {
  return stream.withNewlines(false, () => {
    if (isFor(stream)) return parseFor(stream, open);
    const items: Node[] = [];
    while (!stream.takeSymbol("]")) {
      items.push(stream.expression());
      if (!stream.takeSymbol(",") && !stream.isSymbol("]")) {
        const token = stream.peek();
        stream.fail(
          `expected , or ] after an element of the list, found ${shown(token)}`,
          token,
          hintFor(token) ?? "Elements are separated by commas.",
        );
      }
    }
    return stream.node(open.start, { kind: "tuple", items });
  });
}

function object(stream: TokenStream, open: Token): Node {
  const loop = stream.withNewlines(false, () =>
    isFor(stream) ? parseFor(stream, open) : undefined,
  );
  if (loop !== undefined) return loop;
  return stream.withNewlines(true, () => {
    const items: ObjectItem[] = [];
    for (;;) {
      while (stream.is("newline")) stream.next();
      if (stream.takeSymbol("}")) break;
      items.push(objectItem(stream));
      if (stream.takeSymbol(",") || stream.is("newline") || stream.isSymbol("}")) continue;
      const token = stream.peek();
      stream.fail(
        `expected , or a newline or } after an element of the object, found ${shown(token)}`,
        token,
        hintFor(token),
      );
    }
    return stream.node(open.start, { kind: "object", items });
  });
}

function objectItem(stream: TokenStream): ObjectItem {
  const token = stream.peek();
  const key = keyOf(stream, stream.expression(), token);
  if (!stream.takeSymbol("=") && !stream.takeSymbol(":")) {
    const found = stream.peek();
    stream.fail(`expected = and a value, found ${shown(found)}`, found, hintFor(found));
  }
  return { key, value: stream.expression() };
}

function keyOf(stream: TokenStream, key: Node, token: Token): Node {
  const name = key.kind === "variable" ? key.name : key.kind === "literal" ? key.word : undefined;
  if (name !== undefined) return stream.node(token.start, { kind: "literal", value: name });
  let root = key;
  while (root.kind === "attribute" || root.kind === "index") root = root.of;
  if (root !== key && root.kind === "variable")
    stream.fail(
      "the key of the object is not clear",
      token,
      "Parentheses around it make it a reference, quotes make it a name.",
    );
  return key;
}

/** The value of a number. */
export function numberOf(stream: TokenStream, token: Token): number {
  return parseNumber(token.text) ?? stream.fail(`${token.text} is not a number`, token);
}
