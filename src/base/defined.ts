// SPDX-License-Identifier: Apache-2.0

/** The fields that have a value. Optional fields take no `undefined`: `{ ...defined({ name }) }` leaves them out. */
export function defined<T extends object>(
  fields: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const kept: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) kept[key] = fields[key];
  return kept as { [K in keyof T]?: Exclude<T[K], undefined> };
}
