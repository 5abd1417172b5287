// SPDX-License-Identifier: Apache-2.0
// The blocks that a file may have, and the places in it for messages.

import { TsbuildError, defined, type SourceLocation } from "../../base/index.js";
import type { HclBlock, HclExpression, HclSchema, HclSource } from "../../hcl/index.js";
import type { BakeErrorCode } from "../errors.js";

/** For the JSON syntax, in which a block looks like an attribute. */
export const bakeSchema: HclSchema = {
  target: { labels: 1 },
  group: { labels: 1 },
  variable: { labels: 1, blocks: { validation: { labels: 0 } } },
  function: { labels: 1 },
};

/** What has a place in a file. */
interface Placed {
  readonly range: HclExpression["range"];
}

export function locationIn(source: HclSource, { range }: Placed): SourceLocation {
  return { file: source.file, text: source.text, range };
}

export function errorAt(
  code: BakeErrorCode,
  message: string,
  source: HclSource,
  place: Placed,
  cause?: unknown,
): TsbuildError {
  return new TsbuildError(code, message, {
    location: locationIn(source, place),
    ...defined({ cause }),
  });
}

/** The one label of a block. */
export function labelOf(block: HclBlock): string {
  const [label, ...more] = block.labels;
  if (label !== undefined && more.length === 0) return label;
  throw errorAt(
    "BAKE_BLOCK",
    `a ${block.type} has one label, its name, not ${block.labels.length}`,
    block.body.source,
    block,
  );
}
