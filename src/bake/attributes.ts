// SPDX-License-Identifier: Apache-2.0
// The table of a target's attributes, in the order in which they are shown. A new attribute is one more line here and in types.ts.

import * as kinds from "./attribute-kinds.js";
import type { AttributeKey, AttributeKind } from "./attribute-kinds.js";
import type { AttributeValues, TargetAttributes } from "./types.js";

interface Entry<T> {
  readonly name: string;
  readonly kind: AttributeKind<T>;
}

type Table = { readonly [K in AttributeKey]: Entry<AttributeValues[K]> };

const table: Table = {
  description: { name: "description", kind: kinds.description },
  inherits: { name: "inherits", kind: kinds.inherited },
  annotations: { name: "annotations", kind: kinds.annotations },
  attest: { name: "attest", kind: kinds.attestations },
  context: { name: "context", kind: kinds.text },
  contexts: { name: "contexts", kind: kinds.contexts },
  dockerfile: { name: "dockerfile", kind: kinds.text },
  dockerfileInline: { name: "dockerfile-inline", kind: kinds.inlineText },
  args: { name: "args", kind: kinds.nullableMap },
  labels: { name: "labels", kind: kinds.nullableMap },
  tags: { name: "tags", kind: kinds.replacedStrings },
  cacheFrom: { name: "cache-from", kind: kinds.addedCaches },
  cacheTo: { name: "cache-to", kind: kinds.replacedCaches },
  target: { name: "target", kind: kinds.text },
  secret: { name: "secret", kind: kinds.secrets },
  ssh: { name: "ssh", kind: kinds.ssh },
  platforms: { name: "platforms", kind: kinds.replacedStrings },
  output: { name: "output", kind: kinds.outputs },
  pull: { name: "pull", kind: kinds.flag },
  noCache: { name: "no-cache", kind: kinds.flag },
  network: { name: "network", kind: kinds.text },
  noCacheFilter: { name: "no-cache-filter", kind: kinds.addedStrings },
  shmSize: { name: "shm-size", kind: kinds.text },
  ulimits: { name: "ulimits", kind: kinds.addedStrings },
  resources: { name: "resources", kind: kinds.resources },
  call: { name: "call", kind: kinds.text },
  entitlements: { name: "entitlements", kind: kinds.addedStrings },
  extraHosts: { name: "extra-hosts", kind: kinds.nullableMap },
  policy: { name: "policy", kind: kinds.policies },
};

export const attributeKeys: readonly AttributeKey[] = Object.keys(table) as AttributeKey[];

/** The names that files use, to the keys. */
export const attributesByName: ReadonlyMap<string, AttributeKey> = new Map(
  attributeKeys.map((key) => [table[key].name, key]),
);

export function attributeName(key: AttributeKey): string {
  return table[key].name;
}

export function kindOf<K extends AttributeKey>(key: K): AttributeKind<AttributeValues[K]> {
  const entry: Entry<AttributeValues[K]> = table[key];
  return entry.kind;
}

/** Attributes while they are put together. */
export type Draft = { -readonly [K in AttributeKey]?: AttributeValues[K] | undefined };

/** Attributes without those that are undefined. */
export function settled(draft: Draft): TargetAttributes {
  const said = Object.entries(draft).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as TargetAttributes;
}

/** What two definitions say together; the later one counts more. */
export function mergeAttributes(
  earlier: TargetAttributes,
  later: TargetAttributes,
): TargetAttributes {
  const draft: Draft = {};
  const merge = <K extends AttributeKey>(key: K): void => {
    const before: AttributeValues[K] | undefined = earlier[key];
    const after: AttributeValues[K] | undefined = later[key];
    if (before === undefined) draft[key] = after;
    else if (after === undefined) draft[key] = before;
    else draft[key] = kindOf(key).merge(before, after);
  };
  attributeKeys.forEach(merge);
  return settled(draft);
}

/** The attributes without what comes twice, and with what follows from them. */
export function tidyAttributes(attributes: TargetAttributes): TargetAttributes {
  const draft: Draft = {};
  const tidy = <K extends AttributeKey>(key: K): void => {
    const value: AttributeValues[K] | undefined = attributes[key];
    if (value !== undefined) draft[key] = kindOf(key).tidy(value);
  };
  attributeKeys.forEach(tidy);
  if (attributes.network === "host")
    draft.entitlements = [...new Set([...(draft.entitlements ?? []), "network.host"])];
  return settled(draft);
}
