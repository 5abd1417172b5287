// SPDX-License-Identifier: Apache-2.0
// Work on several targets at once, each after those whose results it takes.

/**
 * Does the work for each name, as soon as it is done for all that the name needs, and gives the results. The first failure ends the
 * rest. No name may need itself: the room of targets refuses that. Errors: what the work throws.
 */
export async function together<T>(
  names: Iterable<string>,
  needs: (name: string) => Iterable<string>,
  work: (name: string, results: ReadonlyMap<string, T>, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, T>> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const begun = new Map<string, Promise<T>>();
  const results = new Map<string, T>();
  const begin = (name: string): Promise<T> => {
    let promise = begun.get(name);
    if (promise === undefined) {
      const needed = [...needs(name)].map((other) => begin(other));
      promise = Promise.all(needed).then(async () => {
        either.throwIfAborted();
        const result = await work(name, results, either);
        results.set(name, result);
        return result;
      });
      begun.set(name, promise);
      // The first failure is the one that counts; the others are what it brings about.
      promise.catch((error: unknown) => {
        failed.abort(error);
      });
    }
    return promise;
  };
  const all = [...names].map((name) => begin(name));
  const ends = await Promise.allSettled(all);
  signal.throwIfAborted();
  failed.signal.throwIfAborted();
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  return results;
}
