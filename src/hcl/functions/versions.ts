// SPDX-License-Identifier: Apache-2.0
// Versions and what they are asked to be: `>= 1.2, < 2 || ~3.1`.

import { brief } from "../brief.js";
import { argumentError } from "../errors.js";
import type { HclFunction } from "../types.js";
import { takes, text } from "./parameters.js";

export const versions: Readonly<Record<string, HclFunction>> = {
  semvercmp: takes({ version: text, contraint: text }, ({ version, contraint }) => {
    const parsed = parseVersion(version);
    return parseConstraint(contraint).some(
      ({ all, prereleases }) =>
        // One that is not finished is meant only by who mentions such versions.
        (parsed.prerelease === "" || prereleases) && all.every((holds) => holds(parsed)),
    );
  }),
};

interface Version {
  readonly numbers: readonly [number, number, number];
  readonly prerelease: string;
}

interface Wanted extends Version {
  /** How many of the numbers are given. */
  readonly given: 0 | 1 | 2 | 3;
}

type Check = (version: Version) => boolean;

interface Alternative {
  readonly all: readonly Check[];
  readonly prereleases: boolean;
}

const tail = String.raw`(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?`;
const exact = new RegExp(String.raw`^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?${tail}$`);
const place = String.raw`(\d{1,15}|[xX*])`;
const loose = String.raw`v?${place}(?:\.${place})?(?:\.${place})?${tail}`;
const constraint = new RegExp(
  String.raw`\s*(=|!=|>=|=>|<=|=<|>|<|~>|~|\^)?\s*${loose}\s*(?:,\s*|(?=\s|$))`,
  "y",
);
const span = new RegExp(String.raw`\s*(${loose})\s+-\s+(${loose})\s*`, "g");

function parseVersion(given: string): Version {
  const match = exact.exec(given);
  if (match === null) throw argumentError(`${brief(given)} is not a version such as 1.2.3`);
  const [, major = "", minor = "0", patch = "0", prerelease = ""] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease };
}

function parseConstraint(given: string): Alternative[] {
  if (given.length > 10_000) throw argumentError("the constraint is too long");
  // `1.2 - 1.4` says both ends.
  const plain = given.replace(
    span,
    (...[, low, , , , , high]: string[]) => ` >=${low ?? ""}, <=${high ?? ""} `,
  );
  return plain.split("||").map((alternative) => {
    const all: Check[] = [];
    let prereleases = false;
    for (
      let at = 0;
      at < alternative.trimEnd().length || all.length === 0;
      at = constraint.lastIndex
    ) {
      constraint.lastIndex = at;
      const match = constraint.exec(alternative);
      if (match === null) throw argumentError(`${brief(given)} is not a constraint such as >= 1.2`);
      const [, operator = "", major, minor, patch, prerelease = ""] = match;
      if (prerelease !== "") prereleases = true;
      const wanted = wantedVersion([major, minor, patch], prerelease);
      all.push((version) => holds(operator, version, wanted));
    }
    return { all, prereleases };
  });
}

function wantedVersion(parts: readonly (string | undefined)[], prerelease: string): Wanted {
  const any = parts.findIndex((part) => part === undefined || /^[xX*]$/.test(part));
  const given = any === -1 ? 3 : any;
  const [major = 0, minor = 0, patch = 0] = parts.slice(0, given).map(Number);
  return { numbers: [major, minor, patch], prerelease, given: given as Wanted["given"] };
}

function holds(operator: string, version: Version, wanted: Wanted): boolean {
  const order = compare(version, wanted);
  const [major, minor] = version.numbers;
  const [wantedMajor, wantedMinor] = wanted.numbers;
  const partial = wanted.given < 3;
  switch (operator) {
    case "!=":
      if (!partial || wanted.given === 0) return order !== 0;
      if (!samePlaces(version, wanted, wanted.given)) return true;
      return wanted.given === 2 && comparePrereleases(version.prerelease, wanted.prerelease) !== 0;
    case ">":
      if (!partial || wanted.given === 0 || major !== wantedMajor) return order > 0;
      return wanted.given === 2 && minor > wantedMinor;
    case "<":
      return order < 0;
    case ">=":
    case "=>":
      return order >= 0;
    case "<=":
    case "=<":
      if (!partial) return order <= 0;
      if (major !== wantedMajor) return major < wantedMajor;
      return wanted.given === 1 || minor <= wantedMinor;
    case "^":
      return order >= 0 && caret(version, wanted);
    case "~":
    case "~>":
      return tilde(version, wanted, order);
    default:
      return partial ? tilde(version, wanted, order) : order === 0;
  }
}

/** The same as far as two numbers are given. */
function tilde(version: Version, wanted: Wanted, order: number): boolean {
  if (order < 0) return false;
  const [major, minor, patch] = wanted.numbers;
  const anything = wanted.given === 0 || (wanted.given === 3 && major + minor + patch === 0);
  return anything || samePlaces(version, wanted, Math.min(2, wanted.given));
}

/** The same up to the first number that is not zero. */
function caret(version: Version, wanted: Wanted): boolean {
  const [major, minor] = wanted.numbers;
  if (major > 0 || wanted.given === 1) return samePlaces(version, wanted, 1);
  if (minor > 0 || wanted.given === 2) return samePlaces(version, wanted, 2);
  return samePlaces(version, wanted, 3);
}

function samePlaces(a: Version, b: Version, count: number): boolean {
  return a.numbers.every((number, i) => i >= count || number === b.numbers[i]);
}

function compare(a: Version, b: Version): number {
  for (const [i, number] of a.numbers.entries()) {
    const other = b.numbers[i] ?? 0;
    if (number !== other) return number - other;
  }
  return comparePrereleases(a.prerelease, b.prerelease);
}

/** None comes after all. */
function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === "" || b === "") return a === "" ? 1 : -1;
  const [left, right] = [a.split("."), b.split(".")];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x, y] = [left[i], right[i]];
    if (x === y) continue;
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    const [numericX, numericY] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (numericX && numericY) return Number(x) - Number(y);
    if (numericX !== numericY) return numericX ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return 0;
}
