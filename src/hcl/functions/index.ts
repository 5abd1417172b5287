// SPDX-License-Identifier: Apache-2.0
// The functions that every file may call, by name: one table for each family.

import type { HclFunction } from "../types.js";
import { ciphers } from "./ciphers.js";
import { csv } from "./csv.js";
import { dates } from "./dates.js";
import { encodings, formatUuid } from "./encodings.js";
import { formats } from "./format.js";
import { json } from "./json.js";
import { lazy } from "./lazy.js";
import { lists } from "./lists.js";
import { logic } from "./logic.js";
import { networks } from "./networks.js";
import { numbers } from "./numbers.js";
import { objects } from "./objects.js";
import { takes } from "./parameters.js";
import { regularExpressions } from "./regular-expressions.js";
import { sets } from "./sets.js";
import { texts } from "./texts.js";
import { versions } from "./versions.js";

/** What functions know of the machine, and of the time. */
export interface Machine {
  readonly home: string;
  readonly now: () => Date;
  /** So many random bytes. */
  readonly random: (size: number) => Uint8Array;
}

/** The functions of a machine. */
export function standardFunctions(machine: Machine): ReadonlyMap<string, HclFunction> {
  const ofTheMachine: Record<string, HclFunction> = {
    homedir: takes({}, () => machine.home),
    timestamp: takes({}, () =>
      machine
        .now()
        .toISOString()
        .replace(/\.\d+Z$/, "Z"),
    ),
    uuidv4: takes({}, () => formatUuid(machine.random(16), 4)),
    ...ciphers,
  };
  const families = [
    ofTheMachine,
    csv,
    dates,
    encodings,
    formats,
    json,
    lazy,
    lists,
    logic,
    networks,
    numbers,
    objects,
    regularExpressions,
    sets,
    texts,
    versions,
  ];
  return new Map(families.flatMap((family) => Object.entries(family)));
}
