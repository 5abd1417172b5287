// SPDX-License-Identifier: Apache-2.0
// What the parts of an expression are evaluated with.

import type { Node } from "./syntax-tree.js";
import type { HclScope, HclValue } from "./types.js";

export interface Surroundings {
  readonly scope: HclScope;
  /** The element at hand, within a splat. */
  readonly item?: HclValue;
  readonly evaluate: (node: Node, around: Surroundings) => HclValue;
}

/** A scope with some more names, which hide those of the outer one. */
export function innerScope(outer: HclScope, names: ReadonlyMap<string, HclValue>): HclScope {
  return {
    variable: (name) => (names.has(name) ? names.get(name) : outer.variable(name)),
    function: (name) => outer.function(name),
    names: () => {
      const all = outer.names?.() ?? { variables: [], functions: [] };
      return { ...all, variables: [...names.keys(), ...all.variables] };
    },
  };
}
