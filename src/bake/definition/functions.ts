// SPDX-License-Identifier: Apache-2.0
// Functions: those of the language, and those that files define.

import { didYouMean } from "../../base/index.js";
import {
  bareName,
  bareNames,
  evaluate,
  functionNames,
  rootNames,
  type HclBlock,
  type HclExpression,
  type HclFunction,
  type HclValue,
} from "../../hcl/index.js";
import { errorAt, labelOf, locationIn } from "./schema.js";
import { innerScope, type Surroundings } from "./surroundings.js";
import { attributeOf } from "./variables.js";

interface Defined {
  readonly block: HclBlock;
  readonly params: readonly string[];
  readonly rest: string | undefined;
  readonly result: HclExpression;
}

export class Functions {
  readonly #around: Surroundings;
  readonly #standard: ReadonlyMap<string, HclFunction>;
  readonly #defined = new Map<string, Defined>();
  readonly #running = new Set<string>();

  constructor(around: Surroundings, standard: ReadonlyMap<string, HclFunction>) {
    this.#around = around;
    this.#standard = standard;
  }

  /** A later definition of the same name is the one that counts; none hides a function of the language. */
  define(block: HclBlock): void {
    const name = labelOf(block);
    const defined = read(name, block);
    if (this.#standard.has(name)) {
      this.#around.warnings.push({
        message: `function ${name} is one of the language's own; this definition of it counts for nothing`,
        location: locationIn(block.body.source, block),
      });
      return;
    }
    this.#defined.set(name, defined);
  }

  get names(): readonly string[] {
    return [...this.#standard.keys(), ...this.#defined.keys()];
  }

  get(name: string): HclFunction | undefined {
    const standard = this.#standard.get(name);
    if (standard !== undefined) return standard;
    const defined = this.#defined.get(name);
    if (defined === undefined) return undefined;
    return (args) => this.#call(name, defined, args);
  }

  /** That all names in all results mean something, even of functions that nobody calls. */
  check(variables: ReadonlySet<string>): void {
    for (const [name, { params, rest, result }] of this.#defined) {
      const known = [...params, ...(rest === undefined ? [] : [rest]), ...variables];
      const place = [result.source, result] as const;
      for (const root of rootNames(result))
        if (!known.includes(root))
          throw errorAt(
            "BAKE_FUNCTION",
            `function ${name}: variable ${root} does not exist${didYouMean(root, known)}`,
            ...place,
          );
      for (const called of functionNames(result))
        if (this.get(called) === undefined)
          throw errorAt(
            "BAKE_FUNCTION",
            `function ${name}: function ${called} does not exist${didYouMean(called, this.names)}`,
            ...place,
          );
    }
  }

  #call(name: string, defined: Defined, args: readonly HclValue[]): HclValue {
    const { block, params, rest, result } = defined;
    const place = [block.body.source, block] as const;
    if (args.length < params.length || (rest === undefined && args.length > params.length))
      throw errorAt(
        "BAKE_FUNCTION",
        `function ${name} takes ${params.length}${rest === undefined ? "" : " or more"} arguments, not ${args.length}`,
        ...place,
      );
    if (this.#running.has(name))
      throw errorAt(
        "BAKE_CYCLE",
        `function ${name} calls itself, perhaps by way of others`,
        ...place,
      );
    const given = new Map<string, HclValue>(params.map((param, i) => [param, args[i] ?? null]));
    if (rest !== undefined) given.set(rest, args.slice(params.length));
    this.#running.add(name);
    try {
      return this.#around.within(`function ${name}`, () =>
        evaluate(
          result,
          innerScope(this.#around.scope, (variable) => given.get(variable)),
        ),
      );
    } finally {
      this.#running.delete(name);
    }
  }
}

const attributes = ["params", "variadic_params", "result"];

function read(name: string, block: HclBlock): Defined {
  const { source } = block.body;
  for (const { name: attribute, range } of block.body.attributes)
    if (!attributes.includes(attribute))
      throw errorAt(
        "BAKE_FUNCTION",
        `function ${name}: there is no ${attribute}${didYouMean(attribute, attributes)}`,
        source,
        { range },
      );
  const params = attributeOf(block, "params")?.value;
  const variadic = attributeOf(block, "variadic_params")?.value;
  const result = attributeOf(block, "result")?.value;
  if (result === undefined)
    throw errorAt("BAKE_FUNCTION", `function ${name}: result is required`, source, block);
  if (params === undefined)
    throw errorAt("BAKE_FUNCTION", `function ${name}: params is required`, source, block);
  const names = bareNames(params);
  if (names === undefined)
    throw errorAt("BAKE_FUNCTION", `function ${name}: params is a list of names`, source, params);
  const rest = variadic === undefined ? undefined : bareName(variadic);
  if (variadic !== undefined && rest === undefined)
    throw errorAt("BAKE_FUNCTION", `function ${name}: variadic_params is a name`, source, variadic);
  return { block, params: names, rest, result };
}
