// SPDX-License-Identifier: Apache-2.0
// The text of a template.

import { toText } from "./convert.js";
import { blaming, evaluationError } from "./errors.js";
import type { Node } from "./syntax-tree.js";
import type { HclValue } from "./types.js";
import { isList } from "./values.js";
import { allow, within } from "./work.js";

export function templateText(parts: readonly Node[], value: (node: Node) => HclValue): string {
  let text = "";
  for (const part of parts) {
    text += textOf(part, value(part));
    within("text", text.length);
  }
  allow("text", text.length);
  return text;
}

/** The texts of a loop. */
export function joinedText(node: Node, values: HclValue): string {
  const texts = isList(values) ? values.map((value) => textOf(node, value)) : [];
  allow(
    "text",
    texts.reduce((sum, text) => sum + text.length, 0),
  );
  return texts.join("");
}

function textOf(node: Node, value: HclValue): string {
  if (value === null) throw evaluationError(node, "null cannot be part of a text");
  return blaming(node, () => toText(value, "part of a text"));
}
