// SPDX-License-Identifier: Apache-2.0
// The grammars, and how often each has its turn.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";
import { configuration } from "./grammar-config.js";
import { copies, ignoring, manyCopies } from "./grammar-copy.js";
import { lines } from "./grammar-lines.js";
import { runs } from "./grammar-run.js";
import { manyWords, wrongWord } from "./grammar-words.js";

const grammars: Readonly<
  Record<string, readonly [weight: number, make: (random: Random) => PeerCase]>
> = {
  words: [2, manyWords],
  "wrong-word": [3, wrongWord],
  lines: [8, lines],
  configuration: [8, configuration],
  copy: [6, copies],
  copies: [2, manyCopies],
  ignore: [4, ignoring],
  run: [6, runs],
};

/** TSBUILD_STRESS_GRAMMAR: only that one. */
export function randomCase(random: Random): PeerCase {
  const only = process.env["TSBUILD_STRESS_GRAMMAR"];
  const weights = Object.fromEntries(
    Object.entries(grammars).map(([name, [weight]]) => [name, weight]),
  );
  const name = only ?? random.weighted(weights);
  const grammar = grammars[name];
  if (grammar === undefined) throw new Error(`there is no grammar ${name}`);
  return grammar[1](random);
}
