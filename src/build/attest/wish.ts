// SPDX-License-Identifier: Apache-2.0
// What a request wants to have attested: `--provenance` and `--attest`.

import { TsbuildError, csvFields, didYouMean, parseBoolean, printable } from "../../base/index.js";

export interface ProvenanceWish {
  /** `min`: nothing that build arguments, labels, secrets or steps say. */
  readonly mode: "min" | "max";
  /** Of SLSA's provenance. */
  readonly version: "v1" | "v0.2";
  readonly builderId: string;
  /** The user says so; nobody checks. */
  readonly reproducible: boolean;
}

/** `inline-only` and `filename` are about trees, which have no attestations here. */
const parameters = [
  ...["type", "disabled", "mode", "version", "builder-id", "reproducible", "inline-only"],
  "filename",
];

/** The wish of the last text that says something of provenance; undefined: none. Throws BUILD_ATTESTATION. */
export function provenanceWish(texts: readonly string[]): ProvenanceWish | undefined {
  let wish: ProvenanceWish | undefined;
  for (const text of texts) wish = parseWish(text);
  return wish;
}

/** `type=provenance,KEY=VALUE...`. Undefined when it is disabled. */
function parseWish(text: string): ProvenanceWish | undefined {
  const refuse = (why: string): TsbuildError =>
    new TsbuildError("BUILD_ATTESTATION", `attestation ${printable(text)}: ${why}`, {
      hint: "write for example --provenance=mode=max, or --attest type=provenance,mode=min",
    });
  const values = new Map<string, string>();
  for (const field of csvFields(text) ?? []) {
    const equals = field.indexOf("=");
    if (equals < 0) throw refuse(`"${printable(field)}" is not key=value`);
    values.set(field.slice(0, equals).trim().toLowerCase(), field.slice(equals + 1));
  }
  const truth = (name: string): boolean => {
    const value = parseBoolean(values.get(name) ?? "false");
    if (value === undefined) throw refuse(`${name} is neither true nor false`);
    return value;
  };
  const disabled = truth("disabled");
  const type = values.get("type");
  if (type === "sbom" && disabled) return undefined;
  if (type === "sbom") throw refuse("software bills of materials are not supported yet");
  if (type !== "provenance") throw refuse("the type is neither provenance nor sbom");
  for (const name of values.keys())
    if (!parameters.includes(name))
      throw refuse(`unknown parameter ${printable(name)}${didYouMean(name, parameters)}`);
  const mode = values.get("mode") ?? "min";
  if (mode !== "min" && mode !== "max") throw refuse("mode is neither min nor max");
  const version = values.get("version") ?? "v1";
  if (version !== "v1" && version !== "v0.2") throw refuse("version is neither v1 nor v0.2");
  const wish: ProvenanceWish = {
    mode,
    version,
    builderId: values.get("builder-id") ?? "",
    reproducible: truth("reproducible"),
  };
  return disabled ? undefined : wish;
}
