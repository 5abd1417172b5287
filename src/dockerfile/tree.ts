// SPDX-License-Identifier: Apache-2.0
// The door to dockerfile-ast: the only file that knows it. What goes in are skeletons (see skeleton.ts) of single logical
// lines, in which nothing is left that the library would misread; what comes out are offsets. The README tells why.

import { DockerfileParser, From, ModifiableInstruction, PropertyInstruction } from "dockerfile-ast";
import type { Instruction } from "dockerfile-ast";

/** Offsets into the text that was given; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** `--name` or `--name=value`. A lone `--` has an empty name. */
export interface FlagSpan extends Span {
  readonly name: Span;
  readonly value: Span | undefined;
}

/** `name`, or `name=value`. */
export interface PropertySpan {
  readonly name: Span;
  readonly value: Span | undefined;
}

/** `# name = value`. */
export interface DirectiveSpan {
  readonly name: Span;
  readonly value: Span;
}

interface LineRange {
  readonly start: { readonly character: number };
  readonly end: { readonly character: number };
}

function spanOf(range: LineRange, shift: number): Span {
  return { start: range.start.character - shift, end: range.end.character - shift };
}

function parseLine(text: string): Instruction | undefined {
  return DockerfileParser.parse(text).getInstructions()[0];
}

/** The flags in the skeleton of a line's flags. */
export function flagSpans(skeleton: string): readonly FlagSpan[] {
  // Any instruction with flags will do; ADD has the plainest arguments.
  const keyword = "ADD ";
  const instruction = parseLine(keyword + skeleton);
  if (!(instruction instanceof ModifiableInstruction)) return [];
  return instruction.getFlags().map((flag) => {
    const value = flag.getValueRange();
    return {
      ...spanOf(flag.getRange(), keyword.length),
      name: spanOf(flag.getNameRange(), keyword.length),
      value: value === null ? undefined : spanOf(value, keyword.length),
    };
  });
}

/** The words in the skeleton of FROM's arguments. */
export function fromSpans(skeleton: string): readonly Span[] {
  const keyword = "FROM ";
  const instruction = parseLine(keyword + skeleton);
  if (!(instruction instanceof From)) return [];
  return instruction.getArguments().map((argument) => spanOf(argument.getRange(), keyword.length));
}

/** The names and values in the skeleton of the arguments of ARG, ENV or LABEL. */
export function propertySpans(skeleton: string): readonly PropertySpan[] {
  // The library takes the whole rest for one value when the first word has no equals sign; ARG knows no such form.
  const keyword = "ENV x= ";
  const instruction = parseLine(keyword + skeleton);
  if (!(instruction instanceof PropertyInstruction)) return [];
  return instruction
    .getProperties()
    .slice(1)
    .map((property) => {
      const value = property.getAssignmentOperator() === "=" ? property.getValueRange() : null;
      const name = spanOf(property.getNameRange(), keyword.length);
      return { name, value: value === null ? undefined : spanOf(value, keyword.length) };
    });
}

/** The directive in one comment line, if it has the form of one. */
export function directiveSpan(line: string): DirectiveSpan | undefined {
  const directive = DockerfileParser.parse(line).getDirectives()[0];
  if (directive === undefined) return undefined;
  return {
    name: spanOf(directive.getNameRange(), 0),
    value: spanOf(directive.getValueRange(), 0),
  };
}
