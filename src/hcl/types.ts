// SPDX-License-Identifier: Apache-2.0
// What the room gives and takes.

import type { SourceRange } from "../base/index.js";

/** A value: what JSON can say. Sets are lists without duplicates; numbers are JavaScript's. */
export type HclValue = null | boolean | number | string | readonly HclValue[] | HclObject;

/** Properties may be getters: one is read only where an expression asks for it. Ask with Object.hasOwn. */
export interface HclObject {
  readonly [name: string]: HclValue;
}

/** A text with the name that messages give it. */
export interface HclSource {
  readonly file: string;
  readonly text: string;
}

/** Evaluated by `evaluate`; what it is made of is the room's own. */
export interface HclExpression {
  readonly source: HclSource;
  readonly range: SourceRange;
}

export interface HclAttribute {
  readonly name: string;
  readonly value: HclExpression;
  readonly range: SourceRange;
}

export interface HclBlock {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: HclBody;
  /** Of the type and the labels. */
  readonly range: SourceRange;
}

/** Attributes and blocks in the order of the text. A name may stand several times among the attributes of different bodies only. */
export interface HclBody {
  readonly source: HclSource;
  readonly attributes: readonly HclAttribute[];
  readonly blocks: readonly HclBlock[];
}

/** Which properties of a JSON body are blocks, by type; all others are attributes. */
export type HclSchema = Readonly<
  Record<string, { readonly labels: number; readonly blocks?: HclSchema }>
>;

/** A plain function of values may stand here. */
export interface HclFunction {
  (args: readonly HclValue[]): HclValue;
  /** Called instead where it is there: the function decides itself what of its arguments is evaluated. */
  readonly lazily?: (args: readonly HclExpression[], scope: HclScope) => HclValue;
}

/** What the names in an expression mean. */
export interface HclScope {
  /** undefined: there is no such name. */
  variable(name: string): HclValue | undefined;
  function(name: string): HclFunction | undefined;
  /** For suggestions where a name is misspelt. */
  readonly names?: () => {
    readonly variables: Iterable<string>;
    readonly functions: Iterable<string>;
  };
}

/** A type constraint. `any` asks for nothing. */
export type HclType =
  | { readonly kind: "any" | "string" | "number" | "bool" }
  | { readonly kind: "list" | "set" | "map"; readonly element: HclType }
  | { readonly kind: "tuple"; readonly elements: readonly HclType[] }
  | { readonly kind: "object"; readonly attributes: ReadonlyMap<string, HclAttributeType> };

export interface HclAttributeType {
  readonly type: HclType;
  readonly optional: boolean;
  /** What stands for an optional attribute that is missing or null; without it, null does. */
  readonly fallback?: HclValue;
}
