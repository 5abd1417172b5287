// SPDX-License-Identifier: Apache-2.0
// Parses WWW-Authenticate (RFC 9110, section 11.6.1): what a registry wants to see before it answers.

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** Names lower case. */
  readonly parameters: Readonly<Record<string, string>>;
}

const maxHeader = 8192;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const space = /[ \t]*/y;
const quoted = /"((?:[^"\\]|\\.)*)"/y;
const bare = /[^\s,"]+/y;

/** Reads a header from left to right; what cannot be read ends it. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.slice(0, maxHeader);
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match[1] ?? match[0];
  }

  /** `name=value`, or undefined with nothing taken. */
  parameter(): readonly [name: string, value: string] | undefined {
    const start = this.#at;
    const name = this.take(token);
    this.take(space);
    if (name === undefined || this.take(/=/y) === undefined) {
      this.#at = start;
      return undefined;
    }
    this.take(space);
    const text = this.take(quoted);
    const value = text === undefined ? this.take(bare) : text.replace(/\\(.)/g, "$1");
    return [name.toLowerCase(), value ?? ""];
  }
}

/** The challenges of a header, in order. Never throws. */
export function parseChallenges(header: string): Challenge[] {
  const scanner = new Scanner(header);
  const challenges: Challenge[] = [];
  while (!scanner.done) {
    scanner.take(/[\s,]*/y);
    const scheme = scanner.take(token);
    if (scheme === undefined) break;
    const parameters: (readonly [string, string])[] = [];
    for (;;) {
      scanner.take(/[\s,]*/y);
      const parameter = scanner.parameter();
      if (parameter === undefined) break;
      parameters.push(parameter);
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.fromEntries(parameters) });
  }
  return challenges;
}
