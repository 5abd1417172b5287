// SPDX-License-Identifier: Apache-2.0
// Metadata that nothing speaks of any more: it takes no place among the rows, but it should not grow for ever.

import { cacheTable, type StoredRecord } from "../../cache/index.js";
import { fileDigestTable, outlineTable, selectionTable } from "../../steps/index.js";
import type { Store } from "../../store/index.js";

/** Forgets lists of files that no cache record names. A running build may lose one, and with it a detail of an explanation. */
export async function forgetOutlines(store: Store): Promise<void> {
  const named = new Set<string>();
  for (const [, { parts, content }] of store.table<StoredRecord>(cacheTable).entries())
    for (const [digest] of JSON.stringify([parts, content]).matchAll(/[0-9a-f]{64}/g))
      named.add(digest);
  await removeAll(store, outlineTable, (digest) => !named.has(digest));
}

/** Forgets the digests of context files: the next build reads them again. */
export async function forgetFileDigests(store: Store): Promise<void> {
  for (const table of [fileDigestTable, selectionTable]) await removeAll(store, table, () => true);
}

async function removeAll(
  store: Store,
  name: string,
  unwanted: (key: string) => boolean,
): Promise<void> {
  const table = store.table(name);
  const keys = [...table.entries()].map(([key]) => key).filter(unwanted);
  if (keys.length === 0) return;
  await table.transaction((writer) => {
    for (const key of keys) writer.remove(key);
  });
}
