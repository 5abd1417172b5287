// SPDX-License-Identifier: Apache-2.0
// Functions of maps and objects.

import { argumentError } from "../errors.js";
import type { HclFunction, HclValue } from "../types.js";
import { entriesOf, namesOf, objectOf } from "../values.js";
import { spend } from "../work.js";
import { anything, list, object, takes, takesMore, text, texts } from "./parameters.js";

export const objects: Readonly<Record<string, HclFunction>> = {
  keys: takes({ inputMap: object }, ({ inputMap }) => namesOf(inputMap)),
  values: takes({ mapping: object }, ({ mapping }) => entriesOf(mapping).map(([, value]) => value)),
  lookup: takes(
    { inputMap: object, key: text, default: anything },
    ({ inputMap, key, default: fallback }) =>
      Object.hasOwn(inputMap, key) ? (inputMap[key] ?? null) : fallback,
  ),
  merge: takesMore({}, anything, (_, given) => {
    const entries = new Map<string, HclValue>();
    for (const one of given) {
      if (one === null) continue;
      const own = entriesOf(object(one, "each argument"));
      spend(own.length);
      for (const [name, value] of own) entries.set(name, value);
    }
    return objectOf(entries);
  }),
  zipmap: takes({ keys: texts, values: list }, ({ keys, values }) => {
    if (keys.length !== values.length)
      throw argumentError(`there are ${keys.length} keys and ${values.length} values`);
    return objectOf(
      keys.map((key, i) => {
        if (key === null) throw argumentError(`keys[${i}] must not be null`);
        return [key, values[i] ?? null];
      }),
    );
  }),
};
