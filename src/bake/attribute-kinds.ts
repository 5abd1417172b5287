// SPDX-License-Identifier: Apache-2.0
// The kinds of attributes: how a value is read, merged with an earlier one, tidied up, referred to and shown.

import { TsbuildError } from "../base/index.js";
import type { HclValue } from "../hcl/index.js";
import {
  attestationValue,
  readAttestations,
  uniqueAttestations,
  type Attestation,
} from "./entries/attestation.js";
import { cacheValue, readCaches, uniqueCaches, type CacheEntry } from "./entries/cache.js";
import { outputValue, readOutputs, uniqueOutputs, type OutputEntry } from "./entries/output.js";
import { sorted } from "./entries/pairs.js";
import { policyValue, readPolicies, type PolicyEntry } from "./entries/policy.js";
import {
  readResources,
  resourceNames,
  resourcesValue,
  type Resources,
} from "./entries/resources.js";
import {
  readSecrets,
  secretPairs,
  secretValue,
  uniqueSecrets,
  type SecretEntry,
} from "./entries/secret.js";
import { readSsh, sshValue, uniqueSsh, type SshEntry } from "./entries/ssh.js";
import type { Shown } from "./show-json.js";
import type { AttributeValues } from "./types.js";
import * as values from "./values.js";

export type AttributeKey = keyof AttributeValues;

export interface AttributeKind<T> {
  read(value: HclValue): T;
  /** What two definitions say together, or a target and what it inherits. */
  merge(earlier: T, later: T): T;
  /** The value without what comes twice. undefined: as if nothing were said. */
  tidy(value: T): T | undefined;
  /** What an expression that refers to the attribute gets. */
  refer(value: T): HclValue;
  /** What it gets where the attribute is not said. */
  readonly absent: HclValue;
  /** In the JSON of --print. undefined: it is left out. */
  show(value: T): Shown | undefined;
}

function later<T>(_earlier: T, value: T): T {
  return value;
}

function both<T>(earlier: readonly T[], value: readonly T[]): readonly T[] {
  return [...earlier, ...value];
}

function same<T>(value: T): T {
  return value;
}

function scalar<T extends string | boolean>(read: (value: HclValue) => T): AttributeKind<T> {
  return { read, merge: later, tidy: same, refer: same, absent: null, show: same };
}

export const text: AttributeKind<string> = scalar(values.stringOf);
export const flag: AttributeKind<boolean> = scalar(values.booleanOf);
export const inlineText: AttributeKind<string> = { ...text, show: withoutTemplates };
/** What an empty text says is left out. */
export const description: AttributeKind<string> = {
  ...text,
  absent: "",
  tidy: (value) => (value === "" ? undefined : value),
  show: (value) => (value === "" ? undefined : value),
};

function strings(
  merge: AttributeKind<readonly string[]>["merge"],
  show: (text: string) => string = same,
): AttributeKind<readonly string[]> {
  return {
    read: values.stringsOf,
    merge,
    tidy: (value) => [...new Set(value)].filter((each) => each !== ""),
    refer: same,
    absent: null,
    show: (value) => unlessEmpty(value.map(show)),
  };
}

/** Each definition adds to a list, or is the whole list. */
export const addedStrings: AttributeKind<readonly string[]> = strings(both);
export const replacedStrings: AttributeKind<readonly string[]> = strings(later);
export const annotations: AttributeKind<readonly string[]> = strings(both, withoutTemplates);
/** The names count as often as they are said. */
export const inherited: AttributeKind<readonly string[]> = { ...addedStrings, tidy: same };

function added<K, V>(earlier: ReadonlyMap<K, V>, value: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return new Map([...earlier, ...value]);
}

/** A name without a value says nothing: it neither overrides nor stays. */
export const nullableMap: AttributeKind<ReadonlyMap<string, string | null>> = {
  read: values.nullableMapOf,
  merge: (earlier, value) => added(earlier, withValues(value)),
  tidy: (value) => (withValues(value).size === 0 ? undefined : withValues(value)),
  refer: values.objectOf,
  absent: null,
  show: (value) =>
    unlessEmptyMap(
      sorted(value).map(([key, each]) => [key, each === null ? null : withoutTemplates(each)]),
    ),
};

function withValues(map: ReadonlyMap<string, string | null>): ReadonlyMap<string, string | null> {
  return new Map([...map].filter(([, value]) => value !== null));
}

/** Named contexts: an empty one takes an inherited one away. */
export const contexts: AttributeKind<ReadonlyMap<string, string>> = {
  read: values.stringMapOf,
  merge: added,
  tidy: (value) => {
    const left = new Map([...value].filter(([, context]) => context !== ""));
    return left.size === 0 ? undefined : left;
  },
  refer: values.objectOf,
  absent: null,
  show: (value) => unlessEmptyMap(sorted(value)),
};

interface Entries<T> {
  readonly read: (value: HclValue) => readonly T[];
  readonly unique: (entries: readonly T[]) => readonly T[];
  readonly value: (entry: T) => HclValue;
  readonly show: (entry: T) => Shown;
}

function entries<T>(of: Entries<T>, merge: "add" | "replace"): AttributeKind<readonly T[]> {
  return {
    read: of.read,
    merge: merge === "add" ? (earlier, value) => of.unique([...earlier, ...value]) : later,
    tidy: (value) => (value.length === 0 ? undefined : of.unique(value)),
    refer: (value) => value.map(of.value),
    absent: [],
    show: (value) => unlessEmpty(value.map(of.show)),
  };
}

function showPairs(pairs: ReadonlyMap<string, Shown>): Shown {
  return new Map(sorted(pairs));
}

const caches: Entries<CacheEntry> = {
  read: readCaches,
  unique: uniqueCaches,
  value: cacheValue,
  show: (entry) => showPairs(new Map([...entry.attributes, ["type", entry.type]])),
};

export const addedCaches: AttributeKind<readonly CacheEntry[]> = entries(caches, "add");
export const replacedCaches: AttributeKind<readonly CacheEntry[]> = entries(caches, "replace");

export const attestations: AttributeKind<readonly Attestation[]> = entries(
  {
    read: readAttestations,
    unique: uniqueAttestations,
    value: attestationValue,
    show: (entry) =>
      showPairs(
        new Map<string, Shown>([
          ...entry.attributes,
          ["type", entry.type],
          ...(entry.disabled ? [["disabled", true] as const] : []),
        ]),
      ),
  },
  "add",
);

export const outputs: AttributeKind<readonly OutputEntry[]> = entries(
  {
    read: readOutputs,
    unique: uniqueOutputs,
    value: outputValue,
    show: (entry) =>
      showPairs(
        new Map([
          ...entry.attributes,
          ["type", entry.type],
          ...(entry.destination === undefined ? [] : [["dest", entry.destination] as const]),
        ]),
      ),
  },
  "replace",
);

export const secrets: AttributeKind<readonly SecretEntry[]> = entries(
  {
    read: readSecrets,
    unique: uniqueSecrets,
    value: secretValue,
    show: (entry) => new Map(secretPairs(entry)),
  },
  "add",
);

export const ssh: AttributeKind<readonly SshEntry[]> = entries(
  {
    read: readSsh,
    unique: uniqueSsh,
    value: sshValue,
    show: ({ id, paths }) =>
      new Map<string, Shown>([
        ...(id === "" ? [] : [["id", id] as const]),
        ...(paths.length === 0 ? [] : [["paths", paths] as const]),
      ]),
  },
  "add",
);

export const policies: AttributeKind<readonly PolicyEntry[]> = {
  ...entries(
    {
      read: readPolicies,
      unique: fewPolicies,
      value: policyValue,
      show: (entry) =>
        new Map<string, Shown>([
          ["Files", entry.files.length === 0 ? null : entry.files.map(shownFile)],
          ["Reset", entry.reset],
          ["Disabled", entry.disabled],
          ["Strict", entry.strict ?? null],
          ["LogLevel", entry.logLevel ?? null],
        ]),
    },
    "add",
  ),
  tidy: same,
};

/** One that comes twice may be meant so; but a target that inherits them in two ways has them twice, and its heirs four times. */
const mostPolicies = 1000;

function fewPolicies(list: readonly PolicyEntry[]): readonly PolicyEntry[] {
  if (list.length > mostPolicies)
    throw new TsbuildError("BAKE_LIMIT", `a target has more than ${mostPolicies} policies`);
  return list;
}

function shownFile(file: string): Shown {
  return new Map([
    ["Filename", file],
    ["Data", null],
  ]);
}

export const resources: AttributeKind<Resources> = {
  read: readResources,
  merge: added,
  tidy: same,
  refer: resourcesValue,
  absent: null,
  show: (value) =>
    new Map(
      resourceNames.flatMap((name) => {
        const each = value.get(name);
        return each === undefined ? [] : [[name, each] as const];
      }),
    ),
};

/** What is shown can be read as a file again: what begins a template there is doubled. */
function withoutTemplates(value: string): string {
  return value.replace(/[$%](?=\{)/g, "$&$&");
}

function unlessEmpty(list: readonly Shown[]): Shown | undefined {
  return list.length === 0 ? undefined : list;
}

function unlessEmptyMap(list: readonly (readonly [string, Shown])[]): Shown | undefined {
  return list.length === 0 ? undefined : new Map(list);
}
