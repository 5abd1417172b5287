// SPDX-License-Identifier: Apache-2.0
// Attestations: `type=provenance,mode=max`.

import { parseBoolean } from "../../base/index.js";
import type { HclValue } from "../../hcl/index.js";
import { badValue, objectOf } from "../values.js";
import {
  booleanOfText,
  entryList,
  fieldsOf,
  lastOfEach,
  pairOf,
  sorted,
  textOfPairs,
  textsOf,
} from "./pairs.js";

export interface Attestation {
  readonly type: string;
  readonly disabled: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

export function parseAttestation(text: string): Attestation {
  const attributes = new Map<string, string>();
  let type = "";
  let disabled = false;
  for (const field of fieldsOf(text)) {
    const [key, value] = pairOf(field);
    const word = key.trim().toLowerCase();
    if (word === "type") type = value;
    else if (word === "disabled") disabled = booleanOfText(field, value);
    else attributes.set(key, value);
  }
  if (type === "") throw badValue("the type of an attestation is required");
  return { type, disabled, attributes };
}

export function readAttestations(value: HclValue): readonly Attestation[] {
  return entryList(value, (text) => [parseAttestation(text)], fromObject);
}

function fromObject(value: HclValue): Attestation {
  const attributes = textsOf(value);
  const type = attributes.get("type") ?? "";
  const disabled = attributes.get("disabled");
  attributes.delete("type");
  attributes.delete("disabled");
  return {
    type,
    disabled: disabled === undefined ? false : booleanOfText("disabled", disabled),
    attributes,
  };
}

export function attestationValue(entry: Attestation): HclValue {
  return objectOf([
    ...entry.attributes,
    ["type", entry.type],
    ...(entry.disabled ? [["disabled", "true"] as const] : []),
  ]);
}

/** As the flag `--attest` takes it. */
export function attestationText(entry: Attestation): string {
  return textOfPairs([
    ...(entry.type === "" ? [] : [["type", entry.type] as const]),
    ...(entry.disabled ? [["disabled", "true"] as const] : []),
    ...sorted(entry.attributes),
  ]);
}

/** Of each type there is one attestation: the last. */
export function uniqueAttestations(entries: readonly Attestation[]): readonly Attestation[] {
  return lastOfEach(entries, (entry) => entry.type);
}

/** The value of a flag `--sbom` or `--provenance`, or of the field in a Compose file, as an attestation's text. */
export function attestationOf(type: string, value: string): string {
  const enabled = parseBoolean(value);
  if (enabled === undefined) return `type=${type},${value}`;
  return `type=${type},disabled=${!enabled}`;
}
