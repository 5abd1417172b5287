// SPDX-License-Identifier: Apache-2.0
// Ends by a signal, as shells count them.

import { constants } from "node:os";

/** The exit code that stands for an end by this signal (`SIGKILL`): 128 and its number. Undefined: it has no number here. */
export function exitCodeOfSignal(name: string): number | undefined {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  const number = numbers[name];
  return number === undefined ? undefined : 128 + number;
}
