// SPDX-License-Identifier: Apache-2.0
// What all definitions of a set of files share while they are evaluated, each when it is first asked for.

import { TsbuildError } from "../../base/index.js";
import type { HclScope } from "../../hcl/index.js";
import type { BakeWarning } from "../types.js";

/** A definition that asks for another, which asks for another ... not more often than this. */
const depthLimit = 100;

export class Surroundings {
  readonly scope: HclScope;
  readonly warnings: BakeWarning[] = [];
  #depth = 0;

  /** `scope` makes the names known that all expressions have. */
  constructor(scope: HclScope) {
    this.scope = scope;
  }

  /** Evaluates a definition. What it asks for is evaluated inside. */
  within<T>(what: string, evaluate: () => T): T {
    if (this.#depth >= depthLimit)
      throw new TsbuildError("BAKE_LIMIT", `${what} depends on too long a chain of definitions`);
    this.#depth++;
    try {
      return evaluate();
    } finally {
      this.#depth--;
    }
  }
}

/** A value that is worked out once. Asked for by itself meanwhile, it throws BAKE_CYCLE. */
export class Lazy<T> {
  readonly #what: string;
  readonly #evaluate: () => T;
  readonly #around: Surroundings;
  #result: { readonly value: T } | undefined;
  #running = false;

  constructor(around: Surroundings, what: string, evaluate: () => T) {
    this.#around = around;
    this.#what = what;
    this.#evaluate = evaluate;
  }

  get value(): T {
    if (this.#result !== undefined) return this.#result.value;
    if (this.#running)
      throw new TsbuildError(
        "BAKE_CYCLE",
        `${this.#what} refers to itself, perhaps by way of others`,
      );
    this.#running = true;
    try {
      const value = this.#around.within(this.#what, this.#evaluate);
      this.#result = { value };
      return value;
    } finally {
      this.#running = false;
    }
  }
}

/** A scope with some more names, which hide those of the outer one. */
export function innerScope(outer: HclScope, names: HclScope["variable"]): HclScope {
  return { ...outer, variable: (name) => names(name) ?? outer.variable(name) };
}
