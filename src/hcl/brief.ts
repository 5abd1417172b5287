// SPDX-License-Identifier: Apache-2.0
// Values as messages show them: a stranger's text may be as long as a book.

import type { HclValue } from "./types.js";
import { formatHcl, typeName } from "./values.js";

const longest = 60;

/** A primitive value itself, cut if it is long; of others, what they are. */
export function brief(value: HclValue): string {
  if (value === null || typeof value === "object") return kindOf(value);
  if (typeof value !== "string" || value.length <= longest) return formatHcl(value);
  return `${formatHcl(value.slice(0, longest))}...`;
}

/** What a value is, with its article. */
export function kindOf(value: HclValue): string {
  const name = typeName(value);
  return value === null ? name : `${name === "object" ? "an" : "a"} ${name}`;
}
