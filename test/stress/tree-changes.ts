// SPDX-License-Identifier: Apache-2.0
// Random changes to a tree, as lines for tree-op. The names are few, so that changes meet: a file becomes a directory, a
// directory is removed and made again, links lead to what has changed.

import type { Random } from "../support/random.js";

/** Components of paths: odd ones among them, as bytes in Latin-1. */
const names: readonly string[] = [
  ...["a", "b", "c", "d", "e"],
  "d e",
  "-x",
  "new\nline",
  "\xc3\xbcn\xc3\xaf",
  "\xff\xfe",
  "*",
  "back\\slash",
  "...",
  "wh.a",
  ".wh",
  " ",
  "%s",
  "=",
  "L".repeat(120),
  `${"L".repeat(254)}n`,
  "\x01\x7f",
];

const kinds = {
  ...{ file: 20, append: 4, overwrite: 4, sparse: 2, directory: 16, symlink: 6, link: 8 },
  ...{ relink: 3, fifo: 1, device: 1, socket: 1, remove: 10, rename: 9, copy: 4, mode: 6 },
  ...{ owner: 4, attribute: 4, capability: 2, lessAttribute: 2, time: 5, again: 4, same: 4 },
};

export interface ChangeOptions {
  readonly count: number;
  /** Device nodes can be made. */
  readonly devices: boolean;
}

/** So many changes to what is below `top`. */
export function randomChanges(
  random: Random,
  top: string,
  { count, devices }: ChangeOptions,
): string[] {
  const path = (): string => {
    const parts = [top];
    for (let depth = 1 + random.below(3); depth > 0; depth--)
      parts.push(random.chance(70) ? random.pick(names.slice(0, 5)) : random.pick(names));
    // Once in a while longer than any field of a header.
    if (random.chance(2)) parts.push("L".repeat(120), "tail");
    return parts.join("/");
  };
  const size = (): number => random.pick([0, 1, 10, 511, 512, 513, 5000, 70_000]);
  const seed = (): number => random.below(5);
  const change = (): (string | number)[][] => {
    const at = path();
    switch (random.weighted(kinds)) {
      case "file":
        return [["f", at, size(), seed()]];
      case "append":
        return [["a", at, 1 + size(), seed()]];
      case "overwrite":
        return [["o", at, random.below(600), seed()]];
      case "sparse":
        return [["s", at, 1 + random.below(3_000_000), random.below(2_000_000)]];
      case "directory":
        return [["d", at]];
      case "symlink":
        return [
          ["l", at, random.pick([...names, path(), "../a", "/etc/passwd", "/", "a".repeat(300)])],
        ];
      case "link":
        return [["h", at, path()]];
      case "relink":
        return [["H", at, path()]];
      case "fifo":
        return [["p", at]];
      case "device":
        return devices
          ? [["n", at, random.pick(["c", "b"]), 1 + random.below(300), random.below(300)]]
          : [];
      case "socket":
        return [["k", at]];
      case "remove":
        return [["u", at]];
      case "rename":
        return [["r", at, path()]];
      case "copy":
        return [["c", at, path()]];
      case "mode":
        return [
          ["m", at, random.pick(["0", "644", "755", "600", "4755", "2755", "1777", "7777", "111"])],
        ];
      case "owner":
        return [["w", at, random.pick([0, 1, 1000, 65534]), random.pick([0, 1, 50, 65534])]];
      case "attribute":
        return [
          [
            "x",
            at,
            `user.${random.pick(["a", "b.c", "\xc3\xbc", "="])}`,
            random.pick(["", "v", "a\nb", "x".repeat(500)]),
          ],
        ];
      case "capability":
        return [["C", at]];
      case "lessAttribute":
        return [["X", at, random.pick(["user.a", "user.b.c", "security.capability"])]];
      case "time":
        return [
          [
            "t",
            at,
            random.pick([
              0, 1, 999_999_999, 1_700_000_000, -1, -100_000, 5_000_000_000, 9_000_000_000,
            ]),
            random.pick([0, 999_999_999]),
          ],
        ];
      case "again": // opaque
        return [
          ["u", at],
          ["d", at],
          ["f", `${at}/${random.pick(names)}`, size(), seed()],
        ];
      case "same": // of the same content and time as others
        return [
          ["f", at, 10, 1],
          ["t", at, 1_700_000_000, 0],
        ];
    }
  };
  const lines: string[] = [];
  while (lines.length < count)
    for (const fields of change())
      lines.push(fields.map((field) => encode(String(field))).join(" "));
  return lines;
}

function encode(text: string): string {
  return text.replace(/[^!-$&-~]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
