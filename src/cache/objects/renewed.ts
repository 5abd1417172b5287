// SPDX-License-Identifier: Apache-2.0

/** Milliseconds before its end after which a proof is not used any more. */
const margin = 300_000;

/**
 * What `find` gives, until it is about to end (`expiresAt`, milliseconds since the epoch; absent: never): then it is found anew, once for
 * all that ask. Throws what `find` throws.
 */
export function renewed<T extends { readonly expiresAt?: number }>(
  find: (signal: AbortSignal) => Promise<T>,
): (signal: AbortSignal) => Promise<T> {
  let found: Promise<T> | undefined;
  return async (signal) => {
    const known = (found ??= find(signal));
    const { expiresAt = Infinity } = await known;
    if (expiresAt - Date.now() > margin) return known;
    // Of several requests the first one renews it.
    if (found === known) found = find(signal);
    return found;
  };
}
