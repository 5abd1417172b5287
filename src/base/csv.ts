// SPDX-License-Identifier: Apache-2.0
// One line of comma-separated values as RFC 4180 has it: `a,"b,c","d ""e"""`. The values of --mount, --device and --output.

/** The fields, or undefined when the quoting is wrong. Empty text has no fields. */
export function csvFields(text: string): readonly string[] | undefined {
  if (text === "") return [];
  const fields: string[] = [];
  let position = 0;
  for (;;) {
    if (text.charAt(position) === '"') {
      const quoted = /"((?:[^"]|"")*)"(?=,|$)/y;
      quoted.lastIndex = position;
      const match = quoted.exec(text);
      if (match === null) return undefined;
      fields.push((match[1] ?? "").replaceAll('""', '"'));
      position = quoted.lastIndex;
    } else {
      const comma = text.indexOf(",", position);
      const end = comma === -1 ? text.length : comma;
      const field = text.slice(position, end);
      if (field.includes('"')) return undefined;
      fields.push(field);
      position = end;
    }
    if (position >= text.length) return fields;
    position++;
  }
}
