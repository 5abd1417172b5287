// SPDX-License-Identifier: Apache-2.0
// A file in HCL's native syntax: arguments and blocks.

import { unescape } from "./literals.js";
import { streamOf } from "./parse-text.js";
import { hintFor, shown, type TokenStream } from "./token-stream.js";
import type { Token } from "./tokens.js";
import type { HclAttribute, HclBlock, HclBody, HclSource } from "./types.js";

/** Throws HCL_SYNTAX, with the place. */
export function parseHcl(source: HclSource): HclBody {
  return body(streamOf(source, source.text), undefined);
}

/** Up to the closing brace that is not taken, or up to the end of the file where there is no opening one. */
function body(stream: TokenStream, open: Token | undefined): HclBody {
  const attributes: HclAttribute[] = [];
  const blocks: HclBlock[] = [];
  const named = new Map<string, HclAttribute>();
  for (;;) {
    const token = stream.peek();
    if (token.kind === "newline") {
      stream.next();
      continue;
    }
    if (open === undefined ? token.kind === "end" : stream.isSymbol("}")) break;
    if (token.kind === "end")
      stream.fail("the block has no closing brace before the end of the file", open);
    if (token.kind === "quote-open") stream.fail("the name of an argument is not quoted");
    if (token.kind !== "identifier")
      stream.fail(`expected an argument or a block, found ${shown(token)}`, token, hintFor(token));
    const item = bodyItem(stream, stream.next());
    if ("labels" in item) blocks.push(item);
    else {
      const earlier = named.get(item.name);
      if (earlier !== undefined)
        stream.fail(`${item.name} is set twice, before on line ${earlier.range.startLine}`, token);
      named.set(item.name, item);
      attributes.push(item);
    }
    endOfLine(stream, "labels" in item ? "a block" : "an argument");
  }
  return { source: stream.source, attributes, blocks };
}

function bodyItem(stream: TokenStream, name: Token): HclAttribute | HclBlock {
  const next = stream.peek();
  if (stream.isSymbol("=")) return attribute(stream, name);
  if (next.kind === "identifier" || next.kind === "quote-open" || stream.isSymbol("{"))
    return block(stream, name);
  return stream.fail(
    `expected = or a block after ${name.text}, found ${shown(next)}`,
    next,
    hintFor(next) ?? `An argument is written ${name.text} = value.`,
  );
}

function attribute(stream: TokenStream, name: Token): HclAttribute {
  stream.next();
  const value = stream.expression();
  return { name: name.text, value, range: stream.range(name.start) };
}

function endOfLine(stream: TokenStream, what: string): void {
  const token = stream.peek();
  if (token.kind === "newline" || token.kind === "end") {
    stream.next();
    return;
  }
  const hint = stream.isSymbol(",")
    ? "Arguments are separated by newlines, not by commas."
    : hintFor(token);
  stream.fail(`${what} ends with a newline; found ${shown(token)}`, token, hint);
}

function block(stream: TokenStream, type: Token): HclBlock {
  const labels: string[] = [];
  while (!stream.isSymbol("{")) {
    const token = stream.next();
    if (token.kind === "identifier") labels.push(token.text);
    else if (token.kind === "quote-open") labels.push(label(stream, token));
    else
      stream.fail(
        `expected a label or { for the block ${type.text}, found ${shown(token)}`,
        token,
        stream.isSymbol("=") || token.text === "="
          ? "A block has no = before its brace."
          : hintFor(token),
      );
  }
  const range = stream.range(type.start);
  const open = stream.next();
  const inner = stream.deeper(() => blockBody(stream, open));
  if (!stream.takeSymbol("}"))
    stream.fail(
      `expected } on the line of the block's only argument, found ${shown(stream.peek())}`,
      undefined,
      "A block with several arguments has each of them on a line of its own.",
    );
  return { type: type.text, labels, body: inner, range };
}

function blockBody(stream: TokenStream, open: Token): HclBody {
  const first = stream.peek();
  if (first.kind === "newline" || first.kind === "end" || stream.isSymbol("}"))
    return body(stream, open);
  // One argument may stand between the braces on the same line.
  const name = stream.next();
  if (name.kind !== "identifier" || !stream.isSymbol("="))
    stream.fail(`expected an argument in the block, found ${shown(name)}`, name, hintFor(name));
  return { source: stream.source, attributes: [attribute(stream, name)], blocks: [] };
}

function label(stream: TokenStream, open: Token): string {
  let text = "";
  for (;;) {
    const token = stream.next();
    if (token.kind === "quote-close") break;
    if (token.kind === "interpolation" || token.kind === "directive")
      stream.fail(`a label is a plain string, without ${token.text.slice(0, 2)} in it`, token);
    if (token.kind !== "quoted")
      stream.fail("the string has no closing quote", open, hintFor(token));
    text += token.text;
  }
  try {
    return unescape(text, true);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return stream.fail(error.message, open);
  }
}
