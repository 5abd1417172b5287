// SPDX-License-Identifier: Apache-2.0
// The functions that every file may call, by name.

import type { HclFunction } from "../types.js";

/** What functions know of the machine, and of the time. */
export interface Machine {
  readonly home: string;
  readonly now: () => Date;
  /** Random bytes, for UUIDs. */
  readonly random: (size: number) => Uint8Array;
}

export function standardFunctions(_machine: Machine): ReadonlyMap<string, HclFunction> {
  return new Map();
}
