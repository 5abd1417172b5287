// SPDX-License-Identifier: Apache-2.0
// Tables of comma-separated values: the first line names the columns.

import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { objectOf } from "../values.js";
import { spend } from "../work.js";
import { takes, text } from "./parameters.js";

export const csv: Readonly<Record<string, HclFunction>> = {
  csvdecode: takes({ str: text }, ({ str }) => {
    const [header, ...rows] = records(str);
    if (header === undefined) throw argumentError("there is no line with the names of the columns");
    const seen = new Set<string>();
    const twice = header.fields.find((name) => seen.size === seen.add(name).size);
    if (twice !== undefined) throw argumentError(`two columns are named ${brief(twice)}`);
    return rows.map(({ fields, line }) => {
      if (fields.length !== header.fields.length)
        throw argumentError(
          `line ${line} has ${fields.length} fields, and the first has ${header.fields.length}`,
        );
      return objectOf(header.fields.map((name, i) => [name, fields[i] ?? null]));
    });
  }),
};

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

const quoted = /"((?:[^"]|"")*)"/y;
const bare = /[^",\n]*/y;

function records(str: string): CsvRecord[] {
  const text = str.replaceAll("\r\n", "\n");
  const found: CsvRecord[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    if (text[at] === "\n") {
      // An empty line is no record.
      at++;
      line++;
      continue;
    }
    const fields: string[] = [];
    const first = line;
    for (;;) {
      const pattern = text[at] === '"' ? quoted : bare;
      pattern.lastIndex = at;
      const match = pattern.exec(text);
      if (match === null) throw argumentError(`a quote on line ${line} is not closed`);
      const [whole, inner] = match;
      fields.push(inner === undefined ? whole : inner.replaceAll('""', '"'));
      line += whole.split("\n").length - 1;
      at += whole.length;
      const next = text[at];
      if (next !== undefined && next !== "," && next !== "\n")
        throw argumentError(
          `a field on line ${line} has a quote that it does not begin or end with`,
        );
      at++;
      if (next !== ",") break;
    }
    spend(fields.length);
    found.push({ line: first, fields });
    line++;
  }
  return found;
}
