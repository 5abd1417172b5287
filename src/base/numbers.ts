// SPDX-License-Identifier: Apache-2.0

/** The largest of the numbers, and of `least`. There may be more of them than a call takes arguments, which Math.max(...) does not allow. */
export function largest(numbers: Iterable<number>, least: number): number {
  let found = least;
  for (const number of numbers) if (number > found) found = number;
  return found;
}
