// SPDX-License-Identifier: Apache-2.0
// What every long test is told.

export interface StressOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}
