// SPDX-License-Identifier: Apache-2.0
// The value of --chmod: octal, or symbolic as chmod(1) has it with a umask of 0. Parsed once, applied to many files.

import { TsbuildError } from "../../base/index.js";
import type { SourceLocation } from "../../base/index.js";

/** One `who op permissions`. */
interface Clause {
  /** Bits that may change. */
  readonly who: number;
  readonly operator: "+" | "-" | "=";
  readonly permissions: number;
  /** `X`: execute, if it is a directory or anybody may execute already. */
  readonly conditional: boolean;
  /** Classes whose permissions are taken over. */
  readonly copies: readonly ("u" | "g" | "o")[];
}

/** A parsed --chmod. */
export type ModeSpec =
  | { readonly kind: "octal"; readonly mode: number }
  | { readonly kind: "symbolic"; readonly clauses: readonly Clause[] };

const setIds = 0o6000;
const sticky = 0o1000;
const execute = 0o111;
const shifts = { u: 6, g: 3, o: 0 } as const;
const whoBits: Readonly<Record<string, number>> = {
  u: 0o4700,
  g: 0o2070,
  o: 0o0007,
  a: 0o6777,
};
const permissionBits: Readonly<Record<string, number>> = {
  r: 0o444,
  w: 0o222,
  x: 0o111,
  X: 0o111,
  s: 0o6000,
  t: 0o1000,
};

function parseClauses(text: string): readonly Clause[] | undefined {
  const clauses: Clause[] = [];
  for (const part of text.split(",")) {
    const match = /^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$/.exec(part);
    if (match === null) return undefined;
    let named = 0;
    for (const letter of match[1] ?? "") named |= whoBits[letter] ?? 0;
    // Nobody named: everybody. The sticky bit belongs to nobody in particular, but not to `o` alone.
    const who = (named === 0 ? 0o6777 : named) | (named === whoBits["o"] ? 0 : sticky);
    for (const action of (match[2] ?? "").matchAll(/([-+=])([rwxXstugo]*)/g)) {
      const operator = action[1] as Clause["operator"];
      const letters = action[2] ?? "";
      // Taking execute away needs no condition.
      const conditional = letters.includes("X") && operator !== "-";
      let permissions = 0;
      for (const letter of letters)
        if (letter !== "X" || !conditional) permissions |= permissionBits[letter] ?? 0;
      const copies = (["u", "g", "o"] as const).filter((letter) => letters.includes(letter));
      clauses.push({ who, operator, permissions, conditional, copies });
    }
  }
  return clauses;
}

/** Parses the expanded value of --chmod. Errors: DOCKERFILE_VALUE, at `location` when given. */
export function parseMode(text: string, location?: SourceLocation): ModeSpec {
  const place = location === undefined ? {} : { location };
  if (/^[0-7]{1,22}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    if (mode <= 0o7777) return { kind: "octal", mode };
  } else if (!/^\d/.test(text)) {
    const clauses = parseClauses(text);
    if (clauses !== undefined) return { kind: "symbolic", clauses };
    throw new TsbuildError("DOCKERFILE_VALUE", `invalid chmod parameter: '${text}'`, {
      ...place,
      hint: "Write an octal mode (0644) or a symbolic one (u=rwX,go=rX).",
    });
  }
  throw new TsbuildError(
    "DOCKERFILE_VALUE",
    `invalid chmod parameter: '${text}'. it should be octal string and between 0 and 07777`,
    place,
  );
}

/**
 * The mode (permission bits, setuid, setgid, sticky) that an entry with mode `current` gets. A spec that is text is parsed
 * first: DOCKERFILE_VALUE, without a place.
 */
export function applyMode(given: ModeSpec | string, current: number, isDirectory: boolean): number {
  const spec = typeof given === "string" ? parseMode(given) : given;
  if (spec.kind === "octal") return spec.mode;
  let mode = current & 0o7777;
  for (const clause of spec.clauses) {
    let bits = clause.permissions;
    // `X` looks at the mode before all changes, as setmode(3) does.
    if (clause.conditional && (isDirectory || (current & execute) !== 0)) bits |= execute;
    for (const copy of clause.copies) bits |= ((mode >> shifts[copy]) & 7) * execute;
    bits &= clause.who;
    switch (clause.operator) {
      case "+":
        mode |= bits;
        break;
      case "-":
        mode &= ~bits;
        break;
      case "=": {
        // `u=g` leaves setuid alone, `u=rx` does not; the sticky bit goes only where `t` is named.
        const onlyCopies = clause.copies.length > 0 && clause.permissions === 0;
        const cleared = 0o777 | (onlyCopies ? 0 : setIds) | (clause.permissions & sticky);
        mode = (mode & ~(clause.who & cleared)) | bits;
        break;
      }
    }
  }
  return mode;
}
