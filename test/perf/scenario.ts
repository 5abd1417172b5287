// SPDX-License-Identifier: Apache-2.0
// The words of a benchmark: rows, what they build, and what they are held against.

import type { Build } from "./builders.js";

/** What a row is held against. */
export type Goal =
  /** At most so many times the fastest peer. */
  | { readonly kind: "peer"; readonly factor: number }
  /** At most so many times the fastest floor. */
  | { readonly kind: "floor"; readonly factor: number }
  /** At most so many seconds more than the fastest floor. */
  | { readonly kind: "over-floor"; readonly seconds: number }
  /** Less than so many bytes of memory. */
  | { readonly kind: "memory"; readonly bytes: number };

/** Plain tools doing the part of the work that cannot be avoided. */
export interface Floor {
  readonly name: string;
  /** A script for `bash -e -o pipefail`; $CONTEXT, $OUTPUT (a file) and $SCRATCH (an empty directory) are given. */
  readonly script: string;
  /** Programs that it needs beside the shell and the usual ones. */
  readonly needs?: readonly string[];
}

/** The inputs of a row, made and ready. */
export interface Scenario extends AsyncDisposable {
  readonly build: Omit<Build, "output">;
  /** `cold`: every run has an empty store with the base images in it. `warm`: built once, untimed, before it is timed. */
  readonly store: "cold" | "warm";
  /** A cold store has not even the base images. */
  readonly withoutBases?: boolean;
  /** Changes the inputs before each round of a warm row; all builders see the same. */
  change?(round: number): void;
  readonly floors?: readonly Floor[];
}

/** `full`: as in the report. `quick`: tiny, to see that the benchmark works. */
export type Size = "full" | "quick";

export interface Row {
  readonly name: string;
  /** What is done, in words. */
  readonly work: string;
  readonly goals: readonly Goal[];
  /** `tsbuild`: peers are left out, since the goal does not speak of them. */
  readonly builders?: "tsbuild";
  /** Why it cannot run here; undefined: it can. */
  missing?(): string | undefined;
  /** Makes the inputs below `directory`. */
  prepare(directory: string, size: Size): Promise<Scenario> | Scenario;
}

/** One work in two sizes: how the time grows. */
export interface GrowthRow {
  readonly name: string;
  readonly work: string;
  /** How many times the time of the small one the large one may take. */
  readonly atMost: number;
  readonly small: Row["prepare"];
  readonly large: Row["prepare"];
}
