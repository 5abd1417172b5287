// SPDX-License-Identifier: Apache-2.0
// Functions of texts. A character is what a reader sees as one: letters with their accents, and emoji of several parts.

import { compareNames } from "../../base/index.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { allow } from "../work.js";
import { characters } from "./characters.js";
import { number, takes, takesMore, text, texts as textList, whole } from "./parameters.js";

export const texts: Readonly<Record<string, HclFunction>> = {
  upper: takes({ str: text }, ({ str }) => eachLetter(str, (letter) => letter.toUpperCase())),
  lower: takes({ str: text }, ({ str }) => eachLetter(str, (letter) => letter.toLowerCase())),
  title: takes({ str: text }, ({ str }) => title(str)),
  strlen: takes({ str: text }, ({ str }) => characters(str).length),
  reverse: takes({ str: text }, ({ str }) => [...characters(str)].reverse().join("")),
  substr: takes({ str: text, offset: whole, length: whole }, ({ str, offset, length }) => {
    const all = characters(str);
    if (offset >= 0 && length === 0) return "";
    const start = Math.max(0, offset < 0 ? offset + all.length : offset);
    // From the end, no length is all of it.
    return all.slice(start, length <= 0 ? undefined : start + length).join("");
  }),
  chomp: takes({ str: text }, ({ str }) => {
    let end = str.length;
    while (str[end - 1] === "\n" || str[end - 1] === "\r") end--;
    return str.slice(0, end);
  }),
  indent: takes({ spaces: whole, str: text }, ({ spaces, str }) => {
    if (spaces < 0) throw argumentError("spaces must not be negative");
    allow("text", spaces);
    return replaced(str, "\n", `\n${" ".repeat(spaces)}`);
  }),
  replace: takes({ str: text, substr: text, replace: text }, ({ str, substr, replace }) =>
    replaced(str, substr, replace),
  ),
  split: takes({ separator: text, str: text }, ({ separator, str }) =>
    separator === "" ? Array.from(str) : str.split(separator),
  ),
  join: takesMore(
    { separator: text },
    textList,
    ({ separator }, lists) => join(separator, lists),
    1,
  ),
  trim: takes({ str: text, cutset: text }, ({ str, cutset }) => trim(str, new Set(cutset))),
  trimprefix: takes({ str: text, prefix: text }, ({ str, prefix }) =>
    str.startsWith(prefix) ? str.slice(prefix.length) : str,
  ),
  trimsuffix: takes({ str: text, suffix: text }, ({ str, suffix }) =>
    str.endsWith(suffix) ? str.slice(0, str.length - suffix.length) : str,
  ),
  trimspace: takes({ str: text }, ({ str }) => str.trim()),
  sort: takes({ list: textList }, ({ list }) => {
    const given = list.filter((element) => element !== null);
    if (given.length < list.length) throw argumentError("null cannot be sorted");
    return given.sort(compareNames);
  }),
  basename: takes({ path: text }, ({ path }) => basename(path)),
  dirname: takes({ path: text }, ({ path }) => dirname(path)),
  // What the name of a target may have.
  sanitize: takes({ name: text }, ({ name }) => name.replace(/[^a-zA-Z0-9_-]/gu, "_")),
  byteslen: takes({ buf: noBytes }, () => 0),
  bytesslice: takes({ buf: noBytes, offset: number, length: number }, () => null),
};

/** The buffers that these are for come from no function of files of build targets. */
function noBytes(): never {
  throw argumentError("buf must be a buffer of bytes, and there is no such value here");
}

/** One for one: what becomes several letters stays. */
function eachLetter(str: string, change: (letter: string) => string): string {
  if (/^[\0-\x7f]*$/.test(str)) return change(str);
  return Array.from(str, (letter) => {
    const changed = change(letter);
    return Array.from(changed).length === 1 ? changed : letter;
  }).join("");
}

function title(str: string): string {
  return str.replace(/[\p{L}\p{N}_]+|[^\0-\x7f\s]+/gu, (word) => {
    const [first = ""] = word;
    return eachLetter(first, (letter) => letter.toUpperCase()) + word.slice(first.length);
  });
}

/** Neither of the two has patterns in it. */
function replaced(str: string, part: string, by: string): string {
  // Between all letters, and at both ends.
  const pieces = part === "" ? ["", ...Array.from(str), ""] : str.split(part);
  allow("text", str.length + (pieces.length - 1) * Math.max(0, by.length - part.length));
  return pieces.join(by);
}

function join(separator: string, lists: readonly (readonly (string | null)[])[]): string {
  const elements = lists.flat();
  const given = elements.filter((element) => element !== null);
  if (given.length < elements.length) throw argumentError("null cannot be part of a text");
  allow(
    "text",
    given.reduce((sum, element) => sum + element.length + separator.length, 0),
  );
  return given.join(separator);
}

function trim(str: string, cut: ReadonlySet<string>): string {
  const letters = Array.from(str);
  let [start, end] = [0, letters.length];
  while (start < end && cut.has(letters[start] ?? "")) start++;
  while (end > start && cut.has(letters[end - 1] ?? "")) end--;
  return letters.slice(start, end).join("");
}

function basename(path: string): string {
  if (path === "") return ".";
  const bare = withoutSlashes(path);
  return bare === "" ? "/" : bare.slice(bare.lastIndexOf("/") + 1);
}

/** As a shortest path: without `.`, `..` and empty steps, wherever that can be. */
function dirname(path: string): string {
  const steps: string[] = [];
  const rooted = path.startsWith("/");
  for (const step of path.slice(0, path.lastIndexOf("/") + 1).split("/")) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.length > 0 && steps.at(-1) !== "..") steps.pop();
    else if (!rooted) steps.push(step);
  }
  const clean = steps.join("/");
  return rooted ? `/${clean}` : clean === "" ? "." : clean;
}

function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end--;
  return path.slice(0, end);
}
