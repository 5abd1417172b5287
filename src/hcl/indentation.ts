// SPDX-License-Identifier: Apache-2.0
// `<<-`: the blanks that all lines of a heredoc begin with are no part of it. Values that are inserted do not count.

import type { Part } from "./template-parts.js";

/** The parts without what their lines are indented by. A line of nothing but blanks has no say. */
export function withoutIndentation(parts: readonly Part[]): Part[] {
  const leading = new Set<number>();
  let least = Infinity;
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    if (i > 0 && !(before?.kind === "text" && before.value.endsWith("\n"))) return;
    if (part.kind !== "text") {
      least = 0;
      return;
    }
    const blanks = part.value.length - part.value.trimStart().length;
    if (blanks === part.value.length && part.value.endsWith("\n")) return;
    least = Math.min(least, blanks);
    leading.add(i);
  });
  if (!Number.isFinite(least)) return [...parts];
  return parts.map((part, i) =>
    part.kind === "text" && leading.has(i) ? { ...part, value: part.value.slice(least) } : part,
  );
}
