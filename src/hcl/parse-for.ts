// SPDX-License-Identifier: Apache-2.0
// For expressions: `[for ...]` and `{for ...}`.

import type { Node } from "./syntax-tree.js";
import { hintFor, shown, type TokenStream } from "./token-stream.js";
import type { Token } from "./tokens.js";

/** `for` right after the bracket is never a name. */
export function isFor(stream: TokenStream): boolean {
  return stream.isWord("for");
}

/** The names and the collection of a loop. `for` has been taken. */
export function parseLoop(stream: TokenStream): {
  readonly keyName: string | undefined;
  readonly valueName: string;
  readonly collection: Node;
} {
  const first = variable(stream);
  const second = stream.takeSymbol(",") ? variable(stream) : undefined;
  if (!stream.isWord("in"))
    stream.fail(`expected in after the names of for, found ${shown(stream.peek())}`);
  stream.next();
  const collection = stream.expression();
  return second === undefined
    ? { keyName: undefined, valueName: first, collection }
    : { keyName: first, valueName: second, collection };
}

function variable(stream: TokenStream): string {
  const token = stream.next();
  if (token.kind === "identifier") return token.text;
  return stream.fail(
    `expected the name of a variable for "for", found ${shown(token)}`,
    token,
    "An element that is named for stands in parentheses or quotes.",
  );
}

/** The bracket has been taken. */
export function parseFor(stream: TokenStream, open: Token): Node {
  stream.next();
  const loop = parseLoop(stream);
  if (!stream.takeSymbol(":"))
    stream.fail(`expected : after the collection of for, found ${shown(stream.peek())}`);
  let value = stream.expression();
  let key: Node | undefined;
  if (stream.isSymbol("=>")) {
    if (open.text === "[") stream.fail("a list has no keys", undefined, "Braces make an object.");
    stream.next();
    key = value;
    value = stream.expression();
  } else if (open.text === "{")
    stream.fail("an object needs key => value", undefined, "Brackets make a list.");
  const ellipsis = stream.peek();
  const grouped = stream.takeSymbol("...");
  if (grouped && open.text === "[")
    stream.fail("only the values of an object are grouped", ellipsis);
  let condition: Node | undefined;
  if (stream.isWord("if")) {
    stream.next();
    condition = stream.expression();
  }
  if (!stream.takeSymbol(open.text === "[" ? "]" : "}"))
    stream.fail(
      `expected the end of for, found ${shown(stream.peek())}`,
      undefined,
      hintFor(stream.peek()),
    );
  return stream.node(open.start, { kind: "for", ...loop, key, value, condition, grouped });
}
