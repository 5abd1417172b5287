// SPDX-License-Identifier: Apache-2.0
// Parsers of whole texts: of an expression, or of a template as the strings of JSON are.

import { parseExpression } from "./parse-expression.js";
import { parseTemplate } from "./parse-template.js";
import { placesIn, type Locate } from "./places.js";
import type { Node } from "./syntax-tree.js";
import { TokenStream, shown } from "./token-stream.js";
import { scan } from "./tokens.js";
import type { HclSource } from "./types.js";

/** The tokens of a text. `locate` says where it stands, if it is not the source's text itself. */
export function streamOf(
  source: HclSource,
  text: string,
  locate: Locate = placesIn(text),
): TokenStream {
  return new TokenStream(source, scan(text), locate, parseExpression);
}

/** A text that is all one template. Throws HCL_SYNTAX. */
export function parseTemplateText(source: HclSource, text: string, locate?: Locate): Node {
  const tokens = scan(text, true);
  return parseTemplate(
    new TokenStream(source, tokens, locate ?? placesIn(text), parseExpression),
    undefined,
  );
}

/** A text that is all one expression. Throws HCL_SYNTAX. */
export function parseExpressionText(source: HclSource, text: string, locate?: Locate): Node {
  const stream = streamOf(source, text, locate);
  return stream.withNewlines(false, () => {
    const node = stream.expression();
    if (!stream.is("end")) stream.fail(`expected the end, found ${shown(stream.peek())}`);
    return node;
  });
}
