// SPDX-License-Identifier: Apache-2.0
// Making text from strangers safe to print, and guessing what a misspelt word meant.

// Everything but tab and newline below space, DEL, and the C1 range; what ends a line for some readers; and what turns the direction
// of writing, so that a line shows another text than it has.
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

// `##[command]` and `##vso[command]`: runners of workflows obey these wherever in a line they stand.
const runnerCommand = /##(?=[a-z]*\[)/gi;

/**
 * Replaces what commands a terminal (control characters, directions of writing) or a workflow's runner (`##[`) by `?`. Tab and newline stay. For a
 * line that the text begins, see printableLine.
 */
export function printable(text: string): string {
  return text.replace(control, "?").replace(runnerCommand, "#?");
}

/**
 * A text that begins a line. Names in it may be a stranger's, and at the beginning of a line `::error::` is a command to the runner
 * of a workflow, which disregards spaces in front of it. Further lines are marked as such.
 */
export function printableLine(text: string): string {
  return printable(text)
    .replaceAll("\n", "\n  | ")
    .replace(/^(\s*):(?=:)/, "$1?");
}

/** JSON on which a terminal and a runner of workflows do nothing either: the same value, with escapes. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent)
    .replace(control, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replace(runnerCommand, "#\\u0023");
}

/** A URL without user, password or query values: fit for logs and errors. Not a URL: unchanged. */
export function redactUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/@]*@)?([^?#]*)(\?[^#]*)?/i.exec(url);
  if (match === null) return url;
  const [whole, scheme = "", user, rest = "", query] = match;
  return (
    scheme +
    (user === undefined ? "" : "***@") +
    rest +
    (query === undefined ? "" : query.replace(/=[^&]*/g, "=***")) +
    url.slice(whole.length)
  );
}

/** A URL without credentials, and without a place for them. */
export function publicUrl(url: string): string {
  return redactUrl(url).replace("://***@", "://");
}

/** A text without the users and passwords of the URLs in it. A user alone stays where it is no secret (`ssh://git@host`). */
export function withoutCredentials(text: string): string {
  return text
    .replace(/(\bhttps?:\/\/)[^/@\s"']{1,1000}@/gi, "$1***@")
    .replace(/(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^/@:\s"']{0,1000}):[^/@\s"']{1,1000}@/gi, "$1:***@");
}

/** Edit distance (insert, delete, replace, swap of neighbours) of two short words. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/**
 * The candidate nearest to a misspelt word, if one is near enough (at most a third of the letters, at least
 * one and at most three, differ). Case does not count. Words longer than 100 characters have no neighbour.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > 100) return undefined;
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const d = distance(wanted, candidate.toLowerCase());
    if (d < bestDistance) {
      best = candidate;
      bestDistance = d;
    }
  }
  return best;
}

/** ` (did you mean X?)` or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` (did you mean ${found}?)`;
}

/** `1 t T TRUE true True` or `0 f F FALSE false False`; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return undefined;
}
