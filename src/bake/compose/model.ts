// SPDX-License-Identifier: Apache-2.0
// Services and secrets of one or several Compose files as maps of maps, and how files add up.

import { isYamlList, isYamlMap, type Path, type Yaml, type YamlMap } from "./yaml.js";

export interface ComposeModel {
  readonly services: YamlMap;
  readonly secrets: YamlMap;
}

export const emptyModel: ComposeModel = { services: new Map(), secrets: new Map() };

export function mergeModels(earlier: ComposeModel, later: ComposeModel): ComposeModel {
  return {
    services: mergeMaps(earlier.services, later.services, []),
    secrets: mergeMaps(earlier.secrets, later.secrets, []),
  };
}

/** A service with what another adds to it. */
export function mergeServices(base: YamlMap, own: YamlMap): YamlMap {
  return mergeMaps(base, own, []);
}

/** The model without what stands at some paths. */
export function withoutPaths(model: ComposeModel, paths: readonly Path[]): ComposeModel {
  let { services, secrets } = model;
  for (const [kind, ...path] of paths) {
    if (kind === "services") services = without(services, path);
    if (kind === "secrets") secrets = without(secrets, path);
  }
  return { services, secrets };
}

function without(map: YamlMap, path: Path): YamlMap {
  const [key, ...rest] = path;
  if (key === undefined) return new Map();
  const value = map.get(key);
  if (value === undefined) return map;
  const copy = new Map(map);
  if (rest.length === 0) copy.delete(key);
  else if (isYamlMap(value)) copy.set(key, without(value, rest));
  return copy;
}

/** Maps add up, and so do lists; of all else the later counts. */
function mergeMaps(earlier: YamlMap, later: YamlMap, path: Path): YamlMap {
  const merged = new Map(earlier);
  for (const [key, value] of later) {
    const before = merged.get(key);
    merged.set(key, before === undefined ? value : merge(before, value, [...path, key]));
  }
  return merged;
}

/** Each of these comes once. */
const sets = ["tags", "extra_hosts"];

function merge(earlier: Yaml, later: Yaml, path: Path): Yaml {
  if (isYamlMap(earlier) && isYamlMap(later)) return mergeMaps(earlier, later, path);
  if (!isYamlList(earlier) || !isYamlList(later)) return later;
  const all = [...earlier, ...later];
  return sets.some((name) => path.includes(name)) ? [...new Set(all)] : all;
}
