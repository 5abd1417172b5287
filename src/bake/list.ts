// SPDX-License-Identifier: Apache-2.0
// `--list targets` and `--list variables`: what the files define, as a table or as JSON.

import { TsbuildError, compareNames, csvFields, printable } from "../base/index.js";
import type { Bake } from "./bake.js";
import { showJson, type Shown } from "./show-json.js";
import { formatTable } from "./table.js";
import type { BakeVariable } from "./types.js";

export interface ListChoice {
  readonly type: "targets" | "variables";
  readonly format: "table" | "json";
}

/** A target or a group, for those who choose one. */
export interface ListedTarget {
  readonly name: string;
  /** Of a group, with what is in it. */
  readonly description?: string;
  readonly group?: true;
}

/** `targets`, or `type=variables,format=json`. Throws BAKE_OVERRIDE. */
export function parseListChoice(text: string): ListChoice {
  const bad = (why: string): TsbuildError =>
    new TsbuildError("BAKE_OVERRIDE", `invalid list ${JSON.stringify(text)}: ${why}`, {
      hint: "it is targets or variables, or type=targets,format=json",
    });
  const fields = csvFields(text);
  if (fields === undefined) throw bad("the quotes do not match");
  let type = "";
  let format = "table";
  if (fields.length === 1 && fields[0] === text && !/^\w+=/.test(text)) type = text;
  else
    for (const field of fields) {
      const at = field.indexOf("=");
      if (at === -1) throw bad(`${field} is no key=value`);
      const key = field.slice(0, at).trim().toLowerCase();
      if (key === "type") type = field.slice(at + 1);
      else if (key === "format") format = field.slice(at + 1);
      else throw bad(`unexpected key ${key}`);
    }
  if (type !== "targets" && type !== "variables") throw bad(`unknown type ${type}`);
  if (format !== "table" && format !== "json") throw bad(`unknown format ${format}`);
  return { type, format };
}

/** In the order of their names. A name that begins with `_` is private. */
export function listTargets({ groups, targets }: Bake): readonly ListedTarget[] {
  const listed = [
    ...targets,
    ...groups.map(({ name, description, targets: members }): ListedTarget => {
      const names = [...members].sort(compareNames).join(", ");
      const both =
        description === undefined
          ? names
          : names === ""
            ? description
            : `${description} (${names})`;
      return { name, ...(both === "" ? {} : { description: both }), group: true };
    }),
  ];
  return listed
    .filter(({ name }) => !name.startsWith("_"))
    .sort((a, b) => compareNames(a.name, b.name));
}

/** In the order of their names. */
export function listVariables({ variables }: Bake): readonly BakeVariable[] {
  return [...variables].sort((a, b) => compareNames(a.name, b.name));
}

/** Ends with a newline. */
export function formatList(bake: Bake, { type, format }: ListChoice): string {
  return type === "targets"
    ? formatTargets(listTargets(bake), format)
    : formatVariables(listVariables(bake), format);
}

function formatTargets(targets: readonly ListedTarget[], format: ListChoice["format"]): string {
  if (format === "json")
    return jsonOf(targets.map(({ name, description, group }) => ({ name, description, group })));
  return formatTable([
    ["TARGET", "DESCRIPTION"],
    ...targets.map(({ name, description = "" }) => [name, printable(description)]),
  ]);
}

function formatVariables(variables: readonly BakeVariable[], format: ListChoice["format"]): string {
  if (format === "json")
    return jsonOf(
      variables.map(({ name, description, type, value }) => ({ name, description, type, value })),
    );
  return formatTable([
    ["VARIABLE", "TYPE", "VALUE", "DESCRIPTION"],
    ...variables.map(({ name, type = "", value = "<null>", description = "" }) =>
      [name, type, value, description].map(printable),
    ),
  ]);
}

function jsonOf(entries: readonly Readonly<Record<string, Shown | undefined>>[]): string {
  if (entries.length === 0) return "null\n";
  const shown = entries.map(
    (entry) =>
      new Map(
        Object.entries(entry).filter((pair): pair is [string, Shown] => pair[1] !== undefined),
      ),
  );
  return `${showJson(shown)}\n`;
}
