// SPDX-License-Identifier: Apache-2.0
// What overrides do to the attributes of a target.

import { TsbuildError, isTsbuildError, parseBoolean } from "../base/index.js";
import { settled, type Draft } from "./attributes.js";
import { parseAttestation, uniqueAttestations } from "./entries/attestation.js";
import { parseCaches, uniqueCaches } from "./entries/cache.js";
import { loaded, parseOutput, pushed, uniqueOutputs } from "./entries/output.js";
import { parsePolicyEntry } from "./entries/policy.js";
import { withResource } from "./entries/resources.js";
import { parseSecret, uniqueSecrets, type SecretEntry } from "./entries/secret.js";
import { parseSsh, uniqueSsh } from "./entries/ssh.js";
import type { Override } from "./overrides.js";
import type { TargetAttributes } from "./types.js";

/** These look at what the others have set. */
const last = ["secret", "push", "load"];

/** Throws BAKE_OVERRIDE for a value that cannot be set. */
export function applyOverrides(
  target: string,
  attributes: TargetAttributes,
  overrides: readonly Override[],
): TargetAttributes {
  const draft: Draft = { ...attributes };
  const inOrder = [...overrides].sort((a, b) => last.indexOf(a.key) - last.indexOf(b.key));
  for (const override of inOrder) {
    try {
      apply(draft, override);
    } catch (error) {
      if (!isTsbuildError(error)) throw error;
      const path = override.name === undefined ? override.key : `${override.key}.${override.name}`;
      throw new TsbuildError(
        "BAKE_OVERRIDE",
        `setting ${path} of target ${target}: ${error.message}`,
        { details: { target, key: override.key }, cause: error },
      );
    }
  }
  return settled(draft);
}

/** A list with the entries that are set, or only those. Empty texts set nothing. */
function list<T>(
  before: readonly T[] | undefined,
  override: Override,
  parse: (texts: readonly string[]) => readonly T[],
  unique: (entries: readonly T[]) => readonly T[],
): readonly T[] {
  const set = parse(override.values.filter((text) => text !== ""));
  return override.append ? unique([...(before ?? []), ...set]) : set;
}

const each =
  <T>(parse: (text: string) => T) =>
  (texts: readonly string[]): readonly T[] =>
    texts.map(parse);
const asTheyAre = <T>(entries: readonly T[]): readonly T[] => entries;

function apply(draft: Draft, override: Override): void {
  const { key, values } = override;
  const name = override.name ?? "";
  const value = values.at(-1) ?? "";
  switch (key) {
    case "context":
    case "dockerfile":
    case "target":
    case "call":
    case "network":
      draft[key] = value;
      break;
    case "shm-size":
      draft.shmSize = value;
      break;
    case "args":
    case "labels":
      draft[key] = new Map([...(draft[key] ?? []), [name, value]]);
      break;
    case "extra-hosts":
      draft.extraHosts = new Map([...(draft.extraHosts ?? []), [name, value]]);
      break;
    case "contexts":
      draft.contexts = new Map([...(draft.contexts ?? []), [name, value]]);
      break;
    case "tags":
    case "ulimits":
      draft[key] = strings(draft[key], override);
      break;
    case "platform":
      draft.platforms = strings(draft.platforms, override);
      break;
    case "no-cache-filter":
      draft.noCacheFilter = strings(draft.noCacheFilter, override);
      break;
    case "annotations":
    case "entitlements":
      draft[key] = strings(draft[key], { ...override, append: true });
      break;
    case "no-cache":
      draft.noCache = boolean(value);
      break;
    case "pull":
      draft.pull = boolean(value);
      break;
    case "push":
      draft.output = pushed(draft.output ?? [], boolean(value));
      break;
    case "load":
      draft.output = loaded(draft.output ?? [], boolean(value));
      break;
    case "resources":
      draft.resources = withResource(draft.resources ?? new Map(), name, value);
      break;
    default:
      applyEntries(draft, override);
  }
}

function applyEntries(draft: Draft, override: Override): void {
  switch (override.key) {
    case "attest":
      draft.attest = list(
        draft.attest,
        { ...override, append: true },
        each(parseAttestation),
        uniqueAttestations,
      );
      break;
    case "cache-from":
      draft.cacheFrom = list(draft.cacheFrom, override, parseCaches, uniqueCaches);
      break;
    case "cache-to":
      draft.cacheTo = list(draft.cacheTo, override, parseCaches, uniqueCaches);
      break;
    case "output":
      draft.output = list(draft.output, override, each(parseOutput), uniqueOutputs);
      break;
    case "policy":
      draft.policy = list(draft.policy, override, each(parsePolicyEntry), asTheyAre);
      break;
    case "secrets":
      draft.secret = list(draft.secret, override, each(parseSecret), uniqueSecrets);
      break;
    case "secret":
      draft.secret = withSource(
        draft.secret ?? [],
        override.name ?? "",
        override.values.at(-1) ?? "",
      );
      break;
    case "ssh":
      draft.ssh = list(draft.ssh, override, each(parseSsh), uniqueSsh);
      break;
    default:
      throw new TsbuildError("BAKE_OVERRIDE", `unknown key ${override.key}`);
  }
}

function strings(before: readonly string[] | undefined, override: Override): readonly string[] {
  return override.append ? [...(before ?? []), ...override.values] : override.values;
}

function boolean(text: string): boolean {
  const value = parseBoolean(text);
  if (value === undefined)
    throw new TsbuildError("BAKE_OVERRIDE", `${JSON.stringify(text)} is no boolean`);
  return value;
}

/** A secret's value comes from elsewhere. Which secrets there are is for the file to say. */
function withSource(
  secrets: readonly SecretEntry[],
  id: string,
  value: string,
): readonly SecretEntry[] {
  const set = parseSecret(value);
  if (set.id !== "" && set.id !== id)
    throw new TsbuildError("BAKE_OVERRIDE", `the id ${JSON.stringify(set.id)} is another's`);
  if (!secrets.some((secret) => secret.id === id))
    throw new TsbuildError(
      "BAKE_OVERRIDE",
      `secret ${JSON.stringify(id)} must be declared before it can be overridden`,
    );
  return secrets.map((secret) => (secret.id === id ? { ...set, id } : secret));
}
