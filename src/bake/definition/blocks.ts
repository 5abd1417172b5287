// SPDX-License-Identifier: Apache-2.0
// Blocks of targets and groups: their names, which may depend on a matrix, and their attributes, each evaluated when it is first
// asked for, be it by another target (`target.app.tags`).

import { TsbuildError, didYouMean, isTsbuildError } from "../../base/index.js";
import {
  evaluate,
  type HclBlock,
  type HclObject,
  type HclScope,
  type HclValue,
} from "../../hcl/index.js";
import type { AttributeKey } from "../attribute-kinds.js";
import { attributesByName, attributesFrom, kindOf, type AnyValue } from "../attributes.js";
import type { TargetAttributes } from "../types.js";
import { stringOf, stringsOf } from "../values.js";
import { scopesOf } from "./matrix.js";
import { errorAt, labelOf, locationIn } from "./schema.js";
import { Lazy, type Surroundings } from "./surroundings.js";
import { attributeOf } from "./variables.js";

export type Kind = "target" | "group";

/** A target or a group as one block says it. */
export interface Instance {
  readonly name: string;
  readonly block: HclBlock;
  /** By the name that files use. undefined: it is not said, or null. */
  readonly attributes: ReadonlyMap<string, Lazy<HclValue | undefined>>;
  /** Of a target. */
  readonly said: () => TargetAttributes;
}

const matrixAttributes = ["matrix", "name"];
const groupAttributes = ["description", "targets"];

export class Blocks {
  readonly #around: Surroundings;
  readonly #blocks: HclBlock[] = [];
  readonly #instances: Lazy<ReadonlyMap<HclBlock, readonly Instance[]>>;
  readonly #references: Readonly<Record<Kind, Lazy<HclObject>>>;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#instances = new Lazy(
      around,
      "a target's name",
      () => new Map(this.#blocks.map((block) => [block, this.#instancesOf(block)])),
    );
    this.#references = { target: this.#reference("target"), group: this.#reference("group") };
  }

  add(block: HclBlock): void {
    this.#blocks.push(block);
    const known =
      block.type === "group" ? groupAttributes : [...attributesByName.keys(), ...matrixAttributes];
    for (const { name, range } of [...block.body.attributes, ...block.body.blocks.map(asAttribute)])
      if (!known.includes(name) && !(block.type === "group" && matrixAttributes.includes(name)))
        this.#around.warnings.push({
          message: `a ${block.type} has no attribute ${name}; what it says counts for nothing${didYouMean(name, known)}`,
          location: locationIn(block.body.source, { range }),
        });
  }

  /** In the order of the blocks. */
  instances(kind: Kind): readonly Instance[] {
    return [...this.#instances.value.values()].flat().filter(({ block }) => block.type === kind);
  }

  /** The names of the targets that the blocks of a label became, if they are others than the label. */
  renamed(): ReadonlyMap<string, readonly string[]> {
    const renamed = new Map<string, Set<string>>();
    for (const { name, block } of this.instances("target")) {
      const label = labelOf(block);
      renamed.set(label, (renamed.get(label) ?? new Set()).add(name));
    }
    return new Map(
      [...renamed]
        .filter(([label, names]) => names.size !== 1 || !names.has(label))
        .map(([label, names]) => [label, [...names]]),
    );
  }

  /** What `target` and `group` are in an expression: objects whose properties are evaluated when they are read. */
  reference(kind: Kind): HclObject {
    return this.#references[kind].value;
  }

  #reference(kind: Kind): Lazy<HclObject> {
    return new Lazy(this.#around, `the names of all ${kind}s`, () => {
      const byName = new Map<string, Instance[]>();
      for (const instance of this.instances(kind))
        byName.set(instance.name, [...(byName.get(instance.name) ?? []), instance]);
      return withGetters([...byName].map(([name, all]) => [name, () => referenceTo(kind, all)]));
    });
  }

  #instancesOf(block: HclBlock): readonly Instance[] {
    const { source } = block.body;
    const label = validName(labelOf(block), block);
    const matrix = attributeOf(block, "matrix");
    const name = attributeOf(block, "name");
    if (block.type === "group")
      for (const attribute of [matrix, name])
        if (attribute !== undefined)
          throw errorAt(
            "BAKE_BLOCK",
            `group ${label}: ${attribute.name} is not supported for groups`,
            source,
            attribute,
          );
    if (name !== undefined && matrix === undefined)
      throw errorAt("BAKE_BLOCK", `target ${label}: name requires matrix`, source, name);
    const found = new Set<string>();
    return scopesOf(block, this.#around.scope).map((scope) => {
      const own = name === undefined ? label : validName(this.#name(name.value, scope), block);
      if (found.has(own))
        throw errorAt(
          "BAKE_BLOCK",
          `target ${label}: the name ${own} comes twice; name must differ for each combination`,
          source,
          name ?? block,
        );
      found.add(own);
      return this.#instance(own, block, scope);
    });
  }

  #name(expression: HclBlock["body"]["attributes"][number]["value"], scope: HclScope): string {
    try {
      return stringOf(evaluate(expression, scope));
    } catch (error) {
      if (isTsbuildError(error)) throw error.at(locationIn(expression.source, expression));
      throw error;
    }
  }

  #instance(name: string, block: HclBlock, scope: HclScope): Instance {
    const parsed = new Map<AttributeKey, Lazy<AnyValue | undefined>>();
    const attributes = new Map<string, Lazy<HclValue | undefined>>();
    const lazy = <T>(attribute: string, read: (value: HclValue) => T): Lazy<T | undefined> => {
      const said = attributeOf(block, attribute)?.value;
      const what = `${block.type}.${name}.${attribute}`;
      return new Lazy(this.#around, what, () => {
        if (said === undefined) return undefined;
        try {
          const value = evaluate(said, scope);
          return value === null ? undefined : read(value);
        } catch (error) {
          if (!isTsbuildError(error)) throw error;
          throw located(error, what, locationIn(said.source, said));
        }
      });
    };
    if (block.type === "group") {
      attributes.set("description", lazy("description", stringOf));
      attributes.set("targets", lazy("targets", stringsOf));
      return { name, block, attributes, said: () => ({}) };
    }
    for (const [attribute, key] of attributesByName) {
      const kind = kindOf(key);
      const value = lazy(attribute, (each) => kind.read(each));
      const what = `${block.type}.${name}.${attribute}`;
      const refer = (): HclValue | undefined =>
        value.value === undefined ? undefined : kind.refer(value.value);
      parsed.set(key, value);
      attributes.set(attribute, new Lazy(this.#around, what, refer));
    }
    const said = (): TargetAttributes => attributesFrom((key) => parsed.get(key)?.value);
    return { name, block, attributes, said };
  }
}

/** Of several blocks of one name the last that says an attribute counts. */
function referenceTo(kind: Kind, instances: readonly Instance[]): HclObject {
  const [{ name, attributes } = { name: "", attributes: new Map<string, never>() }] = instances;
  const absent = (attribute: string): HclValue => {
    const key = kind === "target" ? attributesByName.get(attribute) : undefined;
    if (key !== undefined) return kindOf(key).absent;
    return attribute === "description" ? "" : null;
  };
  const found = (attribute: string): HclValue =>
    instances.reduceRight<HclValue | undefined>(
      (value, instance) => value ?? instance.attributes.get(attribute)?.value,
      undefined,
    ) ?? absent(attribute);
  return withGetters([
    ["name", () => name],
    ...[...attributes.keys()].map((attribute) => [attribute, () => found(attribute)] as const),
  ]);
}

function withGetters(getters: Iterable<readonly [string, () => HclValue]>): HclObject {
  const object = Object.create(null) as Record<string, HclValue>;
  for (const [name, get] of getters) Object.defineProperty(object, name, { get, enumerable: true });
  return object;
}

function asAttribute({ type, range }: HclBlock): { name: string; range: HclBlock["range"] } {
  return { name: type, range };
}

function validName(name: string, block: HclBlock): string {
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return name;
  throw errorAt(
    "BAKE_BLOCK",
    `${JSON.stringify(name)} is not the name of a ${block.type}: letters, digits, _ and - are allowed`,
    block.body.source,
    block,
  );
}

/** What a value cannot be is said with the attribute's name; other errors have their own place. */
function located(
  error: TsbuildError,
  what: string,
  location: ReturnType<typeof locationIn>,
): TsbuildError {
  if (error.code !== "BAKE_ATTRIBUTE" || error.location !== undefined) return error.at(location);
  return new TsbuildError(error.code, `${what}: ${error.message}`, { location, cause: error });
}
