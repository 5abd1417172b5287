// SPDX-License-Identifier: Apache-2.0
// Inputs of an action that are lists: one item on a line, or several with commas between them. A line in double quotes is the text
// in them, over as many lines as it takes, with "" for a quote: how Docker's action has keys and certificates as secrets.

import { csvFields, TsbuildError } from "../../base/index.js";

interface Line {
  readonly text: string;
  readonly quoted: boolean;
}

const quotedLine = /"((?:[^"]|"")*)"[ \t]*(?=\r?\n|$)/y;
const plainLine = /([^\r\n]*)(?=\r?\n|$)/y;

/** The lines of `text` that are not blank. */
function split(name: string, text: string): Line[] {
  const lines: Line[] = [];
  let position = 0;
  while (position < text.length) {
    quotedLine.lastIndex = plainLine.lastIndex = position;
    const quoted = quotedLine.exec(text);
    const plain = quoted ?? plainLine.exec(text);
    if (plain === null) {
      position++; // a carriage return of its own
      continue;
    }
    const [whole, line = ""] = plain;
    if (quoted === null && /^"(?:[^"]|"")*$/.test(line))
      throw new TsbuildError("CLI_USAGE", `input ${name}: a quote is not closed`, {
        hint: 'A value over several lines is put in double quotes as a whole: "NAME=VALUE".',
      });
    const item = quoted === null ? line.trim() : line.replaceAll('""', '"');
    if (item !== "") lines.push({ text: item, quoted: quoted !== null });
    position += whole.length;
    position += text.startsWith("\r\n", position) ? 2 : 1;
  }
  return lines;
}

/** One item a line, commas and quotes within it as they are. */
export function linesOf(name: string, text: string): string[] {
  return split(name, text).map((line) => line.text);
}

/** Items with commas or line ends between them. */
export function itemsOf(name: string, text: string): string[] {
  return split(name, text)
    .flatMap(({ text: line, quoted }) => (quoted ? undefined : csvFields(line)) ?? line.split(","))
    .map((item) => item.trim())
    .filter((item) => item !== "");
}
