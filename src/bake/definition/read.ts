// SPDX-License-Identifier: Apache-2.0
// Files in HCL and JSON, all of them together: a name that one defines can be used in the others.

import { defined, didYouMean } from "../../base/index.js";
import type { HclBlock, HclBody, HclFunction, HclScope, HclValue } from "../../hcl/index.js";
import { mergeDrafts } from "../merge-drafts.js";
import { directoryOf } from "../paths.js";
import type { BakeGroup, BakeVariable, BakeWarning, Definition, TargetDraft } from "../types.js";
import { Blocks, type Instance } from "./blocks.js";
import { Functions } from "./functions.js";
import { bakeSchema, errorAt, locationIn } from "./schema.js";
import { Surroundings } from "./surroundings.js";
import { attributeOf, Variables, type Overriding } from "./variables.js";

export interface ReadOptions {
  readonly functions: ReadonlyMap<string, HclFunction>;
  /** Variables that nobody can set. */
  readonly builtIn: ReadonlyMap<string, string>;
  readonly overriding: Overriding;
}

export interface Read {
  readonly definition: Definition;
  readonly variables: readonly BakeVariable[];
  readonly warnings: readonly BakeWarning[];
}

/** `before` is what other files say (Compose), which these add to. */
export function readBodies(
  bodies: readonly HclBody[],
  before: Definition,
  options: ReadOptions,
): Read {
  const reserved = [...Object.keys(bakeSchema), ...options.builtIn.keys()];
  const scope: HclScope = {
    variable: (name) => variable(name),
    function: (name) => functions.get(name),
    names: () => ({ variables: names(), functions: functions.names }),
  };
  const around = new Surroundings(scope);
  const variables = new Variables(around, options.builtIn, options.overriding);
  const functions: Functions = new Functions(around, options.functions);
  const blocks = new Blocks(around);
  const names = (): readonly string[] => [...variables.names, "target", "group"];
  const variable = (name: string): HclValue | undefined =>
    name === "target" || name === "group" ? blocks.reference(name) : variables.value(name);

  for (const body of bodies) {
    for (const attribute of body.attributes)
      if (!reserved.includes(attribute.name)) variables.set(attribute);
    for (const block of body.blocks) {
      if (block.type === "target" || block.type === "group") blocks.add(block);
      else if (block.type === "variable") variables.declare(block);
      else if (block.type === "function") functions.define(block);
      else
        around.warnings.push({
          message: `there are no blocks ${block.type}; what it says counts for nothing${didYouMean(block.type, Object.keys(bakeSchema))}`,
          location: locationIn(block.body.source, block),
        });
    }
  }

  variables.check();
  functions.check(new Set(names()));
  const definition = definitionOf(blocks, before);
  return { definition, variables: variables.list(), warnings: around.warnings };
}

/** A later group takes the place of an earlier one; a later target adds to it. */
function definitionOf(blocks: Blocks, before: Definition): Definition {
  const groups = new Map(before.groups.map((group) => [group.name, group]));
  for (const instance of blocks.instances("group")) {
    const group = groupOf(instance);
    groups.set(group.name, group);
  }
  const targets = [...before.targets, ...blocks.instances("target").map(draftOf)];
  const renamed = [...blocks.renamed()].map(([name, targets]) => ({ name, targets }));
  return { groups: [...groups.values(), ...renamed], targets: mergeDrafts(targets) };
}

function groupOf({ name, block, attributes }: Instance): BakeGroup {
  const description = attributes.get("description")?.value;
  const targets = attributes.get("targets")?.value;
  if (attributeOf(block, "targets") === undefined)
    throw errorAt("BAKE_BLOCK", `group ${name}: targets is required`, block.body.source, block);
  return {
    name,
    ...(typeof description === "string" && description !== "" ? { description } : {}),
    targets: [...new Set((targets ?? []) as readonly string[])],
  };
}

function draftOf({ name, block, said }: Instance): TargetDraft {
  const attributes = said();
  const directory = directoryOf(block.body.source.file);
  const reference = contextReference(block);
  return {
    name,
    attributes,
    ...defined({ directory }),
    ...(directory === undefined || attributes.context === undefined
      ? {}
      : { contextDirectory: directory }),
    ...defined({ contextOf: reference }),
    ...(directory === undefined || attributes.contexts === undefined
      ? {}
      : {
          contextDirectories: new Map(
            [...attributes.contexts.keys()].map((context) => [context, directory]),
          ),
        }),
  };
}

/** The target whose context is this target's, whole: a path stays relative to the file that says it. */
function contextReference(block: HclBlock): string | undefined {
  const expression = attributeOf(block, "context")?.value;
  if (expression === undefined) return undefined;
  const { startLine, endLine, startColumn, endColumn } = expression.range;
  if (startLine !== endLine || startColumn === undefined) return undefined;
  const line = expression.source.text.split("\n")[startLine - 1] ?? "";
  const text = line.slice(startColumn - 1, endColumn === undefined ? undefined : endColumn - 1);
  const match = /^target(?:\.([\w-]+)|\["([\w-]+)"\])\.context\s*$/.exec(text);
  return match?.[1] ?? match?.[2];
}
