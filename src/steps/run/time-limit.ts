// SPDX-License-Identifier: Apache-2.0
// Ends a command that takes longer than it may.

/** The longest that a timer can wait; a limit beyond it is none. */
const longest = 2 ** 31 - 1;

/** Runs `action` with a signal that is aborted with `late()` when the time is over. */
export async function withTimeLimit<T>(
  milliseconds: number | undefined,
  signal: AbortSignal,
  late: () => Error,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (milliseconds === undefined || milliseconds > longest) return action(signal);
  const limit = new AbortController();
  const timer = setTimeout(() => {
    limit.abort(late());
  }, milliseconds);
  try {
    return await action(AbortSignal.any([signal, limit.signal]));
  } finally {
    clearTimeout(timer);
  }
}
