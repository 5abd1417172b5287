// SPDX-License-Identifier: Apache-2.0
// Linux signal names, for STOPSIGNAL.

import { TsbuildError } from "../../base/index.js";
import type { SourceLocation } from "../../base/index.js";

const names: readonly string[] =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS".split(
    " ",
  );

const aliases: ReadonlyMap<string, number> = new Map([
  ["IOT", 6],
  ["CLD", 17],
  ["POLL", 29],
  ["RTMIN", 34],
  ["RTMAX", 64],
]);

/** The number of a signal given as number, `TERM`, `SIGTERM`, `RTMIN+3` or `SIGRTMAX-1` (any case); undefined for others. */
export function parseSignal(text: string): number | undefined {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text) === 0 ? undefined : Number(text);
  const name = text.toUpperCase().replace(/^SIG/, "");
  const index = names.indexOf(name);
  if (index !== -1) return index + 1;
  const alias = aliases.get(name);
  if (alias !== undefined) return alias;
  const realTime = /^RTM(IN\+|AX-)(\d{1,2})$/.exec(name);
  if (realTime === null) return undefined;
  const step = Number(realTime[2]);
  const value = realTime[1] === "IN+" ? 34 + step : 64 - step;
  // The table of the reference ends at RTMIN+15 and RTMAX-14.
  return step <= (realTime[1] === "IN+" ? 15 : 14) && step > 0 ? value : undefined;
}

/** The number of the expanded word of STOPSIGNAL. Errors: DOCKERFILE_VALUE at `location`. */
export function parseStopSignal(text: string, location: SourceLocation): number {
  const number = parseSignal(text);
  if (number !== undefined) return number;
  throw new TsbuildError("DOCKERFILE_VALUE", `invalid signal: ${text}`, {
    location,
    hint: "Write a name (SIGTERM, TERM, RTMIN+3) or a number other than 0.",
  });
}
