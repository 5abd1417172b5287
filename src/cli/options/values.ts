// SPDX-License-Identifier: Apache-2.0
// Values of flags: sizes, numbers, KEY=VALUE lists, comma-separated attributes. Every error names the flag.

import { isIP } from "node:net";
import { TsbuildError, didYouMean, parseDuration as parseGoDuration } from "../../base/index.js";
import { parseDuration } from "../../build/storage/storage.js";

/** A wrong use of the command line (exit code 2). */
export function usageError(flag: string, value: string, expected: string): TsbuildError {
  return new TsbuildError("CLI_USAGE", `invalid ${flag} ${JSON.stringify(value)}: ${expected}`);
}

/** What a flag says; an empty value is none, as where a script's variable is not set. */
export function given(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

/** The values of a flag that may be repeated, or name several at once. */
export function separated(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(","));
}

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes: `64m`, `1.5g`, `65536`. */
export function parseBytes(flag: string, value: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(value.trim());
  const unit = units[match?.[2]?.toLowerCase() ?? ""];
  if (match === null || unit === undefined)
    throw usageError(flag, value, "expected a size such as 64m or 2g");
  return Math.floor(Number(match[1]) * unit);
}

/** Milliseconds, more than none: `90s`, `1h30m`. */
export function parseTime(flag: string, value: string): number {
  const time = parseDuration(value);
  if (time === undefined || time <= 0)
    throw usageError(flag, value, "expected a duration such as 90s or 1h30m");
  return time;
}

/** Milliseconds, or 0: as Go writes durations (`1h30m`, `.5s`), and days. */
export function parseAge(flag: string, value: string): number {
  const nanoseconds = parseGoDuration(value);
  const age = nanoseconds === undefined ? parseDuration(value) : nanoseconds / 1e6;
  if (age === undefined || age < 0)
    throw usageError(flag, value, "expected a duration such as 24h, 1h30m or 7d");
  return age;
}

/** A whole number, not less than `minimum`. */
export function parseWhole(flag: string, value: string, minimum = 0): number {
  const number = Number(value);
  if (!/^-?\d+$/.test(value) || number < minimum || !Number.isSafeInteger(number))
    throw usageError(flag, value, `expected a whole number of at least ${minimum}`);
  return number;
}

function emptyKey(text: string): TsbuildError {
  const shown = JSON.stringify(text);
  return new TsbuildError("CLI_USAGE", `invalid key-value pair ${shown}: empty key`);
}

/** `NAME=VALUE` flags; without `=` the value comes from the environment, and without one there the flag does nothing. */
export function parseArguments(
  values: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const result = new Map<string, string>();
  for (const text of values) {
    const at = text.indexOf("=");
    const name = at < 0 ? text : text.slice(0, at);
    if (name === "") throw emptyKey(text);
    const value = at < 0 ? env[name] : text.slice(at + 1);
    if (value !== undefined) result.set(name, value);
  }
  return result;
}

/** `--label NAME=VALUE`; without `=` the value is empty. */
export function parseLabels(values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((text) => {
      const at = text.indexOf("=");
      const name = at < 0 ? text : text.slice(0, at);
      if (name === "") throw emptyKey(text);
      return [name, at < 0 ? "" : text.slice(at + 1)];
    }),
  );
}

/** Splits at commas that are not inside double quotes (RFC 4180: a field may be quoted as a whole, `""` is a quote). */
export function splitFields(flag: string, text: string): string[] {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more;) {
    const match = pattern.exec(text);
    if (match === null) throw usageError(flag, text, "a quote is not closed");
    const [, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    more = end === ",";
  }
  return fields;
}

/** Comma-separated `key=value` attributes with known keys. */
export function parseAttributes(
  flag: string,
  text: string,
  known: readonly string[],
): Map<string, string> {
  const result = new Map<string, string>();
  for (const field of splitFields(flag, text)) {
    const at = field.indexOf("=");
    const key = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
    if (at < 0)
      throw usageError(flag, text, `field ${JSON.stringify(field)} must be a key=value pair`);
    if (!known.includes(key))
      throw usageError(
        flag,
        text,
        `unexpected key ${JSON.stringify(key)}${didYouMean(key, known)}`,
      );
    result.set(key, field.slice(at + 1));
  }
  return result;
}

/** The resource limits of Linux, as setrlimit(2) has them in lower case. */
const ulimits: readonly string[] = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** `--ulimit nofile=1024:2048`; one number is both limits. */
export function parseUlimit(text: string): { name: string; soft: number; hard: number } {
  const match = /^([a-z]+)=(-?\d+|unlimited)(?::(-?\d+|unlimited))?$/.exec(text);
  const number = (value: string): number =>
    value === "unlimited" || value === "-1" ? -1 : parseWhole("--ulimit", value);
  if (match === null) throw usageError("--ulimit", text, "expected NAME=SOFT[:HARD]");
  const [, name = "", softText = "", hardText] = match;
  if (!ulimits.includes(name))
    throw usageError("--ulimit", text, `invalid ulimit type: ${name}${didYouMean(name, ulimits)}`);
  const soft = number(softText);
  const hard = hardText === undefined ? soft : number(hardText);
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw usageError("--ulimit", text, "the soft limit is above the hard limit");
  return { name, soft, hard };
}

/**
 * `--add-host name:address` or `name=address`, brackets around IPv6 allowed; `host-gateway` stands for this machine. A pair for
 * each of several addresses, which commas separate.
 */
export function parseHost(text: string): (readonly [name: string, address: string])[] {
  const at = text.search(/[:=]/);
  const name = text.slice(0, Math.max(at, 0));
  if (name === "" || /\s/.test(name) || at === text.length - 1)
    throw usageError("--add-host", text, "expected NAME:ADDRESS");
  return separated([text.slice(at + 1)]).map((written) => {
    const address = written.replace(/^\[(.*)\]$/, "$1");
    if (address !== "host-gateway" && isIP(address) === 0)
      throw usageError("--add-host", text, `${JSON.stringify(address)} is not an IP address`);
    return [name, address];
  });
}

/** `--dns`, addresses or `none` alone, and what else is said of the resolver. */
export function parseDns(flags: {
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
}): {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
} {
  const servers = separated(flags.dns);
  const wrong = servers.find((server) => isIP(server) === 0);
  const others = servers.length + flags.dnsSearch.length + flags.dnsOption.length > 1;
  if (wrong !== undefined && (wrong !== "none" || others))
    throw usageError("--dns", wrong, "expected IP addresses, or none alone");
  return { servers, search: separated(flags.dnsSearch), options: separated(flags.dnsOption) };
}
