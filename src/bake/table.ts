// SPDX-License-Identifier: Apache-2.0
// A table whose columns are aligned with tabs: each is as wide as its widest cell, up to the next stop of eight.

import { largest } from "../base/index.js";

const stop = 8;

/** Ends with a newline. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = largest(
    rows.map((row) => row.length),
    0,
  );
  const widths = Array.from({ length: columns }, (_, i) => {
    const widest = largest(
      rows.map((row) => Array.from(row[i] ?? "").length),
      0,
    );
    return Math.ceil((widest + 1) / stop) * stop;
  });
  const lines = rows.map((row) =>
    row
      .map((cell, i) => {
        if (i === row.length - 1) return cell;
        return cell + "\t".repeat(Math.ceil(((widths[i] ?? 0) - Array.from(cell).length) / stop));
      })
      .join(""),
  );
  return `${lines.join("\n")}\n`;
}
