// SPDX-License-Identifier: Apache-2.0
// Variables (`variable` blocks) and attributes at the top of a file, which are variables that nobody can override.

import { TsbuildError, canonicalJson, isTsbuildError } from "../../base/index.js";
import {
  convert,
  evaluate,
  parseType,
  type HclAttribute,
  type HclBlock,
  type HclExpression,
  type HclScope,
  type HclType,
  type HclValue,
} from "../../hcl/index.js";
import type { BakeVariable } from "../types.js";
import { isList, isObject, stringOf } from "../values.js";
import { friendlyType, valueLike, valueOfJson, valueOfText } from "./override-text.js";
import { errorAt, labelOf, locationIn } from "./schema.js";
import { Lazy, type Surroundings } from "./surroundings.js";

/** What the user sets a variable to: `--var`, or else the environment. */
export type Overriding = (name: string) => string | undefined;

interface Declared {
  readonly block: HclBlock;
  readonly type: Lazy<HclType | undefined>;
}

export class Variables {
  readonly #around: Surroundings;
  readonly #builtIn: ReadonlyMap<string, string>;
  readonly #overriding: Overriding;
  readonly #declared = new Map<string, Declared>();
  readonly #attributes = new Map<string, HclAttribute>();
  readonly #values = new Map<string, Lazy<HclValue>>();

  /** Names in `builtIn`, and of kinds of blocks, cannot be declared. */
  constructor(around: Surroundings, builtIn: ReadonlyMap<string, string>, overriding: Overriding) {
    this.#around = around;
    this.#builtIn = builtIn;
    this.#overriding = overriding;
  }

  /** A later declaration of the same name is the one that counts. */
  declare(block: HclBlock): void {
    const name = labelOf(block);
    const attribute = attributeOf(block, "type");
    const type = new Lazy(this.#around, `the type of variable ${name}`, () => {
      if (attribute === undefined || isNull(attribute.value)) return undefined;
      return parseType(attribute.value);
    });
    this.#declared.set(name, { block, type });
    this.#add(name);
  }

  set(attribute: HclAttribute): void {
    this.#attributes.set(attribute.name, attribute);
    this.#add(attribute.name);
  }

  get names(): readonly string[] {
    return [...this.#builtIn.keys(), ...this.#values.keys()];
  }

  value(name: string): HclValue | undefined {
    return this.#builtIn.get(name) ?? this.#values.get(name)?.value;
  }

  /** All of them, with the conditions that they have to meet. */
  check(): void {
    for (const name of this.#values.keys()) this.value(name);
    for (const { block } of this.#declared.values())
      for (const inner of block.body.blocks) if (inner.type === "validation") this.#validate(inner);
  }

  list(): readonly BakeVariable[] {
    return [...this.#declared].map(([name, { block, type }]) => {
      const value = this.value(name) ?? null;
      const description = attributeOf(block, "description");
      const text = description === undefined ? null : evaluate(description.value, noNames);
      return {
        name,
        ...(typeof text === "string" && text !== "" ? { description: text } : {}),
        ...(type.value === undefined ? {} : { type: friendlyType(type.value) }),
        ...(value === null ? {} : { value: shown(value, type.value) }),
      };
    });
  }

  #add(name: string): void {
    if (this.#builtIn.has(name)) return;
    this.#values.set(name, new Lazy(this.#around, `variable ${name}`, () => this.#evaluate(name)));
  }

  #evaluate(name: string): HclValue {
    const declared = this.#declared.get(name);
    const attribute = this.#attributes.get(name);
    // What is set at the top of a file stands for the default, whatever the type.
    if (attribute !== undefined) {
      const value = evaluate(attribute.value, this.#around.scope);
      const text = declared === undefined ? undefined : this.#override(name, false)?.text;
      return text === undefined ? value : valueLike(name, text, value);
    }
    if (declared === undefined) return null;
    const { body } = declared.block;
    const fallback = attributeOf(declared.block, "default");
    const type = declared.type.value;
    try {
      const byDefault = this.#default(name, fallback?.value, type);
      const override = this.#override(name, type !== undefined);
      if (override === undefined) {
        if (byDefault !== undefined) return byDefault;
        return type === undefined ? "" : null;
      }
      if (type === undefined) return valueLike(name, override.text, byDefault);
      return override.json
        ? valueOfJson(name, override.text, type)
        : valueOfText(name, override.text, type);
    } catch (error) {
      if (isTsbuildError(error)) throw error.at(locationIn(body.source, declared.block));
      throw error;
    }
  }

  /** undefined: there is none. */
  #default(
    name: string,
    expression: HclExpression | undefined,
    type: HclType | undefined,
  ): HclValue | undefined {
    if (expression === undefined) return undefined;
    const value = evaluate(expression, this.#around.scope);
    if (type === undefined) return value;
    try {
      return convert(value, type);
    } catch (error) {
      if (!isTsbuildError(error)) throw error;
      throw errorAt(
        "BAKE_VARIABLE",
        `invalid type for variable ${name} default value: ${error.message}`,
        expression.source,
        expression,
        error,
      );
    }
  }

  /** `NAME_JSON` says the value of NAME in JSON, unless it is a variable itself. */
  #override(
    name: string,
    typed: boolean,
  ): { readonly text: string; readonly json: boolean } | undefined {
    const text = this.#overriding(name);
    const jsonName = `${name}_JSON`;
    const isOther = this.#declared.has(jsonName) || this.#builtIn.has(jsonName);
    const json = (text === undefined || typed) && !isOther ? this.#overriding(jsonName) : undefined;
    if (json !== undefined) return { text: json, json: true };
    return text === undefined ? undefined : { text, json: false };
  }

  #validate(validation: HclBlock): void {
    const { source } = validation.body;
    for (const { name, range } of validation.body.attributes)
      if (name !== "condition" && name !== "error_message")
        throw errorAt("BAKE_BLOCK", `a validation has no ${name}`, source, { range });
    const condition = attributeOf(validation, "condition");
    const place = condition?.value ?? validation;
    const result = condition === undefined ? null : evaluate(condition.value, this.#around.scope);
    if (result === null)
      throw errorAt(
        "BAKE_VALIDATION",
        "the condition must be either true or false, not null",
        source,
        place,
      );
    if (asBoolean(result, validation, place)) return;
    const message = attributeOf(validation, "error_message");
    const text = message === undefined ? null : evaluate(message.value, this.#around.scope);
    throw errorAt(
      "BAKE_VALIDATION",
      typeof text === "string" ? text : "the check failed, but has an invalid error message",
      source,
      place,
    );
  }
}

const noNames: HclScope = { variable: () => undefined, function: () => undefined };

function isNull(expression: HclExpression): boolean {
  try {
    return evaluate(expression, noNames) === null;
  } catch (error) {
    if (error instanceof TsbuildError) return false;
    throw error;
  }
}

function asBoolean(result: HclValue, { body }: HclBlock, place: HclBlock | HclExpression): boolean {
  try {
    return convert(result, { kind: "bool" }) === true;
  } catch (error) {
    if (!isTsbuildError(error)) throw error;
    throw errorAt(
      "BAKE_VALIDATION",
      `the condition must be either true or false: ${error.message}`,
      body.source,
      place,
      error,
    );
  }
}

export function attributeOf(block: HclBlock, name: string): HclAttribute | undefined {
  return block.body.attributes.find((attribute) => attribute.name === name);
}

/** Lists and objects as JSON, and so are strings of that type, but for the quotes around them. */
function shown(value: HclValue, type: HclType | undefined): string {
  if (isList(value) || isObject(value)) return canonicalJson(value);
  if (type?.kind === "string") return JSON.stringify(value).replace(/^"+|"+$/g, "");
  return stringOf(value);
}
