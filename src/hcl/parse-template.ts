// SPDX-License-Identifier: Apache-2.0
// Templates: first a flat list of literals, interpolations and directives, in which white space is taken away where a tilde or
// `<<-` says so; then a tree.

import { didYouMean } from "../base/index.js";
import { unescape } from "./literals.js";
import { parseLoop } from "./parse-for.js";
import { withoutIndentation } from "./indentation.js";
import { joined, type Part } from "./template-parts.js";
import type { Node } from "./syntax-tree.js";
import { hintFor, shown, type TokenStream } from "./token-stream.js";
import type { Token } from "./tokens.js";

/** The opening quote or heredoc has been taken; without one, the template ends with the text. */
export function parseTemplate(stream: TokenStream, open: Token | undefined): Node {
  const start = open?.start ?? 0;
  let parts = stream.deeper(() => partsUpToEnd(stream, open));
  if (open?.text.startsWith("<<-") === true) parts = withoutIndentation(parts);
  return joined(stream, start, parts);
}

function partsUpToEnd(stream: TokenStream, open: Token | undefined): Part[] {
  const parts: Part[] = [];
  let trimNext = false;
  for (;;) {
    // A newline is text here, and no token.
    const token = stream.next();
    if (token.kind === closing(open)) return parts;
    if (token.kind === "quoted" || token.kind === "plain") {
      const value = literal(stream, token);
      parts.push({ kind: "text", token, value: trimNext ? value.trimStart() : value });
      trimNext = false;
      continue;
    }
    if (token.kind !== "interpolation" && token.kind !== "directive")
      stream.fail(
        open?.kind === "heredoc-open"
          ? `the heredoc has no ${open.text.replace(/^<<-?/, "").trim()} on a line of its own`
          : "the string has no closing quote",
        open,
        hintFor(token),
      );
    const last = parts.at(-1);
    if (token.text.endsWith("~") && last?.kind === "text")
      parts[parts.length - 1] = { ...last, value: last.value.trimEnd() };
    parts.push(stream.withNewlines(false, () => sequence(stream, token)));
    trimNext = stream.next().text === "~}";
  }
}

function closing(open: Token | undefined): string {
  if (open === undefined) return "end";
  return open.kind === "quote-open" ? "quote-close" : "heredoc-close";
}

function literal(stream: TokenStream, token: Token): string {
  try {
    return unescape(token.text, token.kind === "quoted");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return stream.fail(error.message, token);
  }
}

function sequence(stream: TokenStream, open: Token): Part {
  const part =
    open.kind === "interpolation"
      ? ({ kind: "value", token: open, value: stream.expression() } as const)
      : directive(stream, open);
  if (!stream.is("sequence-end")) {
    const token = stream.peek();
    stream.fail(
      `expected } to close ${open.text}, found ${shown(token)}`,
      token,
      hintFor(token) ??
        "A text that is meant to have ${ in it writes $${, and %%{ for %{; quotes within ${ } are not escaped.",
    );
  }
  return part;
}

const directives = ["if", "else", "endif", "for", "endfor"] as const;

function directive(stream: TokenStream, token: Token): Part {
  const word = stream.next();
  const name = directives.find((known) => known === word.text);
  if (word.kind !== "identifier" || name === undefined)
    return stream.fail(
      `${shown(word)} is not a directive of templates${didYouMean(word.text, directives)}`,
      word,
      `These are ${directives.join(", ")}; a text that is meant to have %{ in it writes %%{.`,
    );
  if (name === "if") return { kind: "if", token, condition: stream.expression() };
  if (name === "for") return { kind: "for", token, ...parseLoop(stream) };
  return { kind: name, token };
}
