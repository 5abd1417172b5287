// SPDX-License-Identifier: Apache-2.0
// A random case: pieces that can be taken away one by one, so that what is left of a difference is small.

import type { ConformanceCase, ContextSpec } from "../../conformance/case.js";

export interface PeerCase {
  /** Of the grammar that made it. */
  readonly family: string;
  /** Instructions with their line ends, one a piece: together the Dockerfile. */
  readonly pieces: readonly string[];
  readonly context: ContextSpec;
  readonly args: readonly string[];
  readonly images: readonly string[];
  /** Every piece but the first few stands alone: one that fails says nothing of the others. */
  readonly head?: number;
  /** A last stage collects what the stages called `c` and a number made. */
  readonly collect?: true;
}

/** The case as the builders of the conformance tests take it. */
export function asConformance(test: PeerCase): ConformanceCase {
  const { family, context, args, images } = test;
  return {
    name: family,
    dockerfile: dockerfileOf(test),
    context,
    args,
    images,
    // Contexts under this name are made whatever else is there.
    beside: { "secret.txt": "secret\n" },
  };
}

export function dockerfileOf({ pieces, collect }: PeerCase): string {
  const text = pieces.join("");
  if (collect === undefined) return text;
  const stages = [...text.matchAll(/ AS (c\d+)$/gm)].map(([, name = ""]) => name);
  const copies = stages.map((name) => `COPY --from=${name} / /${name}/\n`);
  return `${text}FROM scratch\n${copies.join("")}`;
}

/** Whether the pieces that stand alone can be taken apart. */
export function canSplit({ head, pieces }: PeerCase): boolean {
  return head !== undefined && pieces.length > head + 1;
}
