// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  compareOutlines,
  OutlineMaker,
  type Outline,
  type OutlineEntry,
} from "#src/steps/outlines.js";

const file = (path: string, content = "c", kind = "file 0644"): OutlineEntry => ({
  path,
  kind,
  content,
});

/** `count` files, a hundred to a directory. */
const many = (count: number): OutlineEntry[] =>
  Array.from({ length: count }, (_, i) => file(`d${Math.floor(i / 100)}/sub/f${i}`));

function outlineOf(entries: readonly OutlineEntry[]): Outline {
  const maker = new OutlineMaker();
  for (const { path, kind, content } of entries) maker.add(path, `${path} ${kind} ${content}\n`);
  return maker.outline(() => entries);
}

function compare(before: readonly OutlineEntry[], now: readonly OutlineEntry[]): readonly string[] {
  return compareOutlines(outlineOf(before), outlineOf(now));
}

describe("outlines of files", () => {
  it("name what was added, removed and changed, and how", () => {
    const before = [file("a"), file("b"), file("c"), file("d/e")];
    const now = [file("a"), file("b", "other"), file("c", "c", "file 0755"), file("d/f")];
    assert.deepEqual(compare(before, now), [
      "changed b: other content",
      "changed c: file 0644 is now file 0755",
      "removed d/e",
      "added d/f",
    ]);
  });
  it("tell no more than a few lines, and how many there are besides", () => {
    const lines = compare(many(100), []);
    assert.equal(lines.length, 21);
    assert.match(lines.at(-1) ?? "", /^and 80 more$/);
  });
  it("keep only directories of many files, and name the deepest that differs", () => {
    const before = many(5000);
    const now = before.map((entry) =>
      entry.path === "d7/sub/f777" ? file(entry.path, "x") : entry,
    );
    assert.equal(outlineOf(before).files, undefined);
    const [line, note, ...rest] = compare(before, now);
    assert.equal(line, "changed in d7/sub/");
    assert.match(note ?? "", /up to 2000 files/);
    assert.deepEqual(rest, []);
  });
  it("can be compared when only one of them is small enough for names", () => {
    const lines = compare(many(1900), [...many(1900), ...many(2100).slice(1900)]);
    assert.deepEqual(lines.slice(0, 2), ["added d19/sub/", "added d20/sub/"]);
  });
  it("stay small for any number of directories", () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => file(`x/y${i % 3}/z${i}/f`));
    const outline = outlineOf(entries);
    assert.equal(outline.allDirs, false);
    assert.deepEqual(Object.keys(outline.dirs).sort(), ["", "x", "x/y0", "x/y1", "x/y2"]);
    const changed = entries.map((entry, i) => (i === 5 ? file(entry.path, "x") : entry));
    assert.equal(compareOutlines(outline, outlineOf(changed))[0], "changed in x/y2/");
  });
});
