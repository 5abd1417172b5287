// SPDX-License-Identifier: Apache-2.0
// The door to dockerfile-ast: the only file that knows it. What goes in are shapes (see shape.ts) of single logical lines, in
// which nothing is left that the library would misread; what comes out are offsets into the text. The README tells why.

import { DockerfileParser, From, ModifiableInstruction, PropertyInstruction } from "dockerfile-ast";
import type { Instruction } from "dockerfile-ast";
import { originalOffset } from "./shape.js";
import type { Shape } from "./shape.js";

/** Offsets into the text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `--name` or `--name=value`. A lone `--` has an empty name. */
export interface FlagSpan extends Span {
  readonly value: Span | undefined;
}

/** `name`, or `name=value`. */
export interface PropertySpan {
  readonly name: Span;
  readonly value: Span | undefined;
}

interface LineRange {
  readonly start: { readonly character: number };
  readonly end: { readonly character: number };
}

type SpanOf = (range: LineRange) => Span;

/** Shapes seen before, per kind of line. Bounded: most files have a few dozen. */
const maxRemembered = 1000;
const maxRememberedLength = 200;

/**
 * Gives `keyword` and a shape to the library, reads spans off the instruction it makes, and remembers them by shape. `read`
 * must depend on nothing but its arguments.
 */
function reader<T>(
  keyword: string,
  read: (instruction: Instruction | undefined, spanOf: SpanOf) => readonly T[],
  place: (found: T, shape: Shape) => T,
): (shape: Shape) => readonly T[] {
  const remembered = new Map<string, readonly T[]>();
  const spanOf: SpanOf = ({ start, end }) => ({
    start: start.character - keyword.length,
    end: end.character - keyword.length,
  });
  return (shape) => {
    let found = remembered.get(shape.text);
    if (found === undefined) {
      found = read(DockerfileParser.parse(keyword + shape.text).getInstructions()[0], spanOf);
      if (shape.text.length <= maxRememberedLength && remembered.size < maxRemembered)
        remembered.set(shape.text, found);
    }
    return found.map((item) => place(item, shape));
  };
}

function placeSpan(span: Span, shape: Shape): Span {
  return { start: originalOffset(shape, span.start), end: originalOffset(shape, span.end) };
}

function placeOptional(span: Span | undefined, shape: Shape): Span | undefined {
  return span === undefined ? undefined : placeSpan(span, shape);
}

/** The flags of a line that consists of flags. Any instruction with flags will do; ADD has the plainest arguments. */
export const flagSpans: (shape: Shape) => readonly FlagSpan[] = reader<FlagSpan>(
  "ADD ",
  (instruction, spanOf) => {
    if (!(instruction instanceof ModifiableInstruction)) return [];
    return instruction.getFlags().map((flag) => {
      const value = flag.getValueRange();
      return { ...spanOf(flag.getRange()), value: value === null ? undefined : spanOf(value) };
    });
  },
  (flag, shape) => ({ ...placeSpan(flag, shape), value: placeOptional(flag.value, shape) }),
);

/** The words of FROM's arguments. */
export const fromSpans: (shape: Shape) => readonly Span[] = reader<Span>(
  "FROM ",
  (instruction, spanOf) =>
    instruction instanceof From
      ? instruction.getArguments().map((argument) => spanOf(argument.getRange()))
      : [],
  placeSpan,
);

/**
 * The names and values in the arguments of ARG, ENV or LABEL. The library takes the whole rest for one value when the first
 * word has no equals sign, a form that ARG does not know: hence the property in front.
 */
export const propertySpans: (shape: Shape) => readonly PropertySpan[] = reader<PropertySpan>(
  "ENV x= ",
  (instruction, spanOf) => {
    if (!(instruction instanceof PropertyInstruction)) return [];
    const properties = instruction.getProperties().slice(1);
    return properties.map((property) => {
      const assigned = property.getAssignmentOperator() === "=";
      const value = assigned ? property.getValueRange() : null;
      return {
        name: spanOf(property.getNameRange()),
        value: value === null ? undefined : spanOf(value),
      };
    });
  },
  ({ name, value }, shape) => ({
    name: placeSpan(name, shape),
    value: placeOptional(value, shape),
  }),
);

/** The directive in one comment line (`# name = value`), if it has the form of one. Given as it is, not as a shape. */
export function directiveSpan(line: string): PropertySpan | undefined {
  const directive = DockerfileParser.parse(line).getDirectives()[0];
  if (directive === undefined) return undefined;
  const span = ({ start, end }: LineRange): Span => ({
    start: start.character,
    end: end.character,
  });
  return { name: span(directive.getNameRange()), value: span(directive.getValueRange()) };
}
