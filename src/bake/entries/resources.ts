// SPDX-License-Identifier: Apache-2.0
// Limits of what a RUN may use: `memory=2g`, `cpu-quota=50000`.

import { didYouMean } from "../../base/index.js";
import type { HclValue } from "../../hcl/index.js";
import { badValue, entriesOf, integerOf, objectOf, stringOf } from "../values.js";

export type Resources = ReadonlyMap<ResourceName, string | number>;

/** In the order in which they are shown. */
export const resourceNames = [
  "memory",
  "memory-swap",
  "cpu-shares",
  "cpu-period",
  "cpu-quota",
  "cpuset-cpus",
  "cpuset-mems",
] as const;
export type ResourceName = (typeof resourceNames)[number];

const numeric: readonly string[] = ["cpu-shares", "cpu-period", "cpu-quota"];

export function readResources(value: HclValue): Resources {
  let resources: Resources = new Map();
  for (const [name, each] of entriesOf(value))
    if (each !== null) resources = withResource(resources, name, each);
  return resources;
}

/** The limits with one more, or another. */
export function withResource(resources: Resources, name: string, value: HclValue): Resources {
  const known = resourceNames.find((each) => each === name);
  if (known === undefined)
    throw badValue(`unknown resource ${name}${didYouMean(name, resourceNames)}`);
  return new Map([
    ...resources,
    [known, numeric.includes(name) ? integerOf(value) : stringOf(value)],
  ]);
}

export function resourcesValue(resources: Resources): HclValue {
  return objectOf(resourceNames.map((name) => [name, resources.get(name) ?? null]));
}

/** Each as the flag `--resource` takes it. */
export function resourceTexts(resources: Resources): readonly string[] {
  return resourceNames.flatMap((name) => {
    const value = resources.get(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
}
