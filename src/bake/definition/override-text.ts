// SPDX-License-Identifier: Apache-2.0
// The text of an override (an environment variable, `--var`) as a value of the variable's type.

import { TsbuildError, csvFields, defined, messageOf, parseBoolean } from "../../base/index.js";
import { convert, type HclType, type HclValue } from "../../hcl/index.js";
import { objectOf } from "../values.js";

/** The types whose elements a line of comma-separated values can say. */
type Collection = Exclude<
  HclType,
  { readonly kind: Primitive | "any" } | { readonly kind: "object" }
>;

/** Throws BAKE_VARIABLE. */
export function valueOfJson(name: string, text: string, type: HclType): HclValue {
  try {
    return convert(JSON.parse(text) as HclValue, type);
  } catch (error) {
    throw bad(`failed to convert variable ${name} from JSON: ${messageOf(error)}`, error);
  }
}

/** For a variable of a declared type. Throws BAKE_VARIABLE. */
export function valueOfText(name: string, text: string, type: HclType): HclValue {
  if (isPrimitive(type)) return primitive(name, text, type.kind);
  if (!isCollection(type))
    throw bad(
      `unsupported type ${friendlyType(type)} for variable ${name}`,
      undefined,
      `set ${name}_JSON to the value in JSON`,
    );
  const fields = csvFields(text);
  if (fields === undefined)
    throw bad(`failed to convert variable ${name} from CSV: the quotes do not match`);
  return collection(name, fields, type);
}

/** For a variable without a declared type: that of its default counts. Throws BAKE_VARIABLE. */
export function valueLike(name: string, text: string, fallback: HclValue | undefined): HclValue {
  if (fallback === undefined || fallback === null || typeof fallback === "string") return text;
  if (typeof fallback === "number") return primitive(name, text, "number");
  if (typeof fallback === "boolean") return primitive(name, text, "bool");
  throw bad(
    `unsupported type for variable ${name}: its default is a list or an object`,
    undefined,
    `declare its type: type = list(string)`,
  );
}

/** A type in words, as a list of variables shows it. */
export function friendlyType(type: HclType): string {
  switch (type.kind) {
    case "any":
      return "any type";
    case "list":
    case "set":
    case "map":
      return `${type.kind} of ${friendlyType(type.element)}`;
    default:
      return type.kind;
  }
}

type Primitive = "string" | "number" | "bool";

function isCollection(type: HclType): type is Collection {
  return "element" in type || "elements" in type;
}

function isPrimitive(type: HclType): type is HclType & { readonly kind: Primitive } {
  return type.kind === "string" || type.kind === "number" || type.kind === "bool";
}

function primitive(name: string, text: string, kind: Primitive): HclValue {
  if (kind === "string") return text;
  const value = kind === "bool" ? parseBoolean(text) : parseNumber(text);
  if (value === undefined)
    throw bad(`failed to parse ${name} as ${kind}: ${JSON.stringify(text)} is none`);
  return value;
}

function parseNumber(text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function element(name: string, text: string, type: HclType): HclValue {
  if (!isPrimitive(type))
    throw bad(`unsupported type for variable ${name}: elements of type ${friendlyType(type)}`);
  try {
    return primitive(name, text, type.kind);
  } catch (error) {
    throw bad(`failed to parse element of variable ${name}: ${messageOf(error)}`, error);
  }
}

function collection(name: string, fields: readonly string[], type: Collection): HclValue {
  switch (type.kind) {
    case "list":
    case "set":
      return convert(
        fields.map((field) => element(name, field, type.element)),
        type,
      );
    case "tuple":
      if (fields.length !== type.elements.length)
        throw bad(
          `variable ${name} has ${type.elements.length} elements, and ${fields.length} are given`,
        );
      return fields.map((field, i) => element(name, field, type.elements[i] ?? { kind: "any" }));
    case "map":
      return objectOf(
        fields.map((field) => {
          const pair = field.split(":");
          const [key, value] = pair;
          if (key === undefined || value === undefined || pair.length !== 2)
            throw bad(`variable ${name}: expected one k/v pair, as in a:1,b:2, not ${field}`);
          return [key, element(name, value, type.element)];
        }),
      );
  }
}

function bad(message: string, cause?: unknown, hint?: string): TsbuildError {
  return new TsbuildError("BAKE_VARIABLE", message, defined({ cause, hint }));
}
