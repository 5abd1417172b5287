// SPDX-License-Identifier: Apache-2.0
// Making a difference small: whatever can be taken away without losing it is taken away.

import type { PeerCase } from "./case.js";
import type { PeerComparison, PeerDifference } from "./compare.js";

/** Builds that one difference is worth. */
const budget = 80;

/** A way to make a case smaller: lists, and the case with another list in the place of one. */
interface Part {
  readonly items: (test: PeerCase) => readonly string[];
  readonly with: (test: PeerCase, items: readonly string[]) => PeerCase;
}

const parts: readonly Part[] = [
  { items: (test) => test.pieces, with: (test, pieces) => ({ ...test, pieces }) },
  { items: (test) => test.args, with: (test, args) => ({ ...test, args }) },
  {
    items: (test) => Object.keys(test.context),
    with: (test, names) => ({
      ...test,
      context: Object.fromEntries(
        Object.entries(test.context).filter(([name]) => names.includes(name)),
      ),
    }),
  },
  {
    items: (test) => wordsOf(test),
    with: (test, words) => ({ ...test, pieces: [words.join("")] }),
  },
];

/** The Dockerfile cut behind every blank, so that words can go. */
function wordsOf({ pieces }: PeerCase): string[] {
  return pieces.join("").split(/(?<=[ \n])/);
}

/** The smallest difference of the same kind that taking away finds. */
export async function shrink(
  comparison: PeerComparison,
  from: PeerDifference,
): Promise<PeerDifference> {
  let best = from;
  let left = budget;
  const attempt = async (test: PeerCase): Promise<void> => {
    if (left-- <= 0) return;
    let found;
    try {
      found = await comparison.compare(test, from.kind);
    } catch {
      return; // a context that cannot be made
    }
    if (found === undefined || found === "both fail") return;
    if (sameKind(found.kind, from.kind)) best = found;
  };
  for (const part of parts) {
    for (
      let size = Math.ceil(part.items(best.test).length / 2);
      size >= 1;
      size = Math.floor(size / 2)
    )
      for (let at = part.items(best.test).length - size; at > -size; at -= size) {
        const items = part.items(best.test);
        const start = Math.max(at, 0);
        const kept = [...items.slice(0, start), ...items.slice(at + size)];
        if (kept.length < items.length) await attempt(part.with(best.test, kept));
      }
  }
  return best;
}

/** The smaller one differs in part of what the larger one does. */
function sameKind(smaller: string, larger: string): boolean {
  if (smaller.startsWith("only") || larger.startsWith("only")) return smaller === larger;
  const kinds = new Set(larger.split(" "));
  return smaller.split(" ").every((kind) => kinds.has(kind));
}
