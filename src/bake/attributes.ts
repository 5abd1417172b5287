// SPDX-License-Identifier: Apache-2.0
// The table of a target's attributes, in the order in which they are shown. A new attribute is one more line here and in types.ts.

import * as kinds from "./attribute-kinds.js";
import type { AttributeKey, AttributeKind } from "./attribute-kinds.js";
import type { AttributeValues, TargetAttributes } from "./types.js";

/** A value of whatever attribute. */
export type AnyValue = AttributeValues[AttributeKey];

type Table = {
  readonly [K in AttributeKey]: {
    readonly name: string;
    readonly kind: AttributeKind<AttributeValues[K]>;
  };
};

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

/** The kind of an attribute, for values of that attribute. */
export function kindOf(key: AttributeKey): AttributeKind<AnyValue> {
  return table[key].kind;
}

/** Attributes, each asked for. undefined: it is not there. */
export function attributesFrom(
  give: (key: AttributeKey, kind: AttributeKind<AnyValue>) => AnyValue | undefined,
): TargetAttributes {
  const given = attributeKeys.map((key) => [key, give(key, kindOf(key))] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

/** Attributes while they are put together. */
export type Draft = { -readonly [K in AttributeKey]?: AttributeValues[K] | undefined };

/** Attributes without those that are undefined. */
export function settled(draft: Draft): TargetAttributes {
  const said = Object.entries(draft).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said);
}

/** What two definitions say together; the later one counts more. */
export function mergeAttributes(
  earlier: TargetAttributes,
  later: TargetAttributes,
): TargetAttributes {
  return attributesFrom((key, kind) => {
    const before = earlier[key];
    const after = later[key];
    if (before === undefined || after === undefined) return after ?? before;
    return kind.merge(before, after);
  });
}

/** The attributes without what comes twice, and with what follows from them. */
export function tidyAttributes(attributes: TargetAttributes): TargetAttributes {
  const tidy = attributesFrom((key, kind) => {
    const value = attributes[key];
    return value === undefined ? undefined : kind.tidy(value);
  });
  if (tidy.network !== "host") return tidy;
  return { ...tidy, entitlements: [...new Set([...(tidy.entitlements ?? []), "network.host"])] };
}
