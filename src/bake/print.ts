// SPDX-License-Identifier: Apache-2.0
// `--print`: what is going to be built, as a file in JSON that says the same.

import { compareNames } from "../base/index.js";
import { attributeKeys, attributeName, kindOf } from "./attributes.js";
import type { Resolved } from "./resolve.js";
import { showJson, type Shown } from "./show-json.js";
import type { BakeGroup, BakeTarget, TargetAttributes } from "./types.js";

/** Without a newline at the end. */
export function formatPrint({ groups, targets }: Resolved): string {
  const named = <T extends { readonly name: string }>(
    all: readonly T[],
    show: (each: T) => Shown,
  ): Shown =>
    new Map(
      [...all].sort((a, b) => compareNames(a.name, b.name)).map((each) => [each.name, show(each)]),
    );
  return showJson(
    new Map([
      ...(groups.length === 0 ? [] : [["group", named(groups, showGroup)] as const]),
      ["target", named([...targets.values()], showTarget)],
    ]),
  );
}

function showGroup({ description, targets }: BakeGroup): Shown {
  return new Map<string, Shown>([
    ...(description === undefined ? [] : [["description", description] as const]),
    ["targets", targets],
  ]);
}

function showTarget(target: BakeTarget): Shown {
  const shown = new Map<string, Shown>();
  const attributes: TargetAttributes = target;
  for (const key of attributeKeys) {
    const value = attributes[key];
    const text = value === undefined ? undefined : kindOf(key).show(value);
    if (text !== undefined) shown.set(attributeName(key), text);
  }
  return shown;
}
