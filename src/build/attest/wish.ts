// SPDX-License-Identifier: Apache-2.0
// What a request wants to have attested: `--provenance`, `--sbom` and `--attest`.

import {
  TsbuildError,
  csvFields,
  defined,
  didYouMean,
  parseBoolean,
  printable,
} from "../../base/index.js";
import type { ScanWish } from "../../plan/index.js";

export interface ProvenanceWish {
  /** `min`: nothing that build arguments, labels, secrets or steps say. */
  readonly mode: "min" | "max";
  /** Of SLSA's provenance. */
  readonly version: "v1" | "v0.2";
  readonly builderId: string;
  /** The user says so; nobody checks. */
  readonly reproducible: boolean;
}

export interface AttestationWishes {
  readonly provenance?: ProvenanceWish;
  readonly scan?: ScanWish;
}

/** BuildKit's. */
const defaultGenerator = "docker/buildkit-syft-scanner:stable-1";

/** `inline-only` and `filename` are accepted, and change nothing. */
const parameters = [
  ...["type", "disabled", "mode", "version", "builder-id", "reproducible", "inline-only"],
  "filename",
];

type Refuse = (why: string) => TsbuildError;

/** The last text of each type counts. Throws BUILD_ATTESTATION. */
export function attestationWishes(texts: readonly string[]): AttestationWishes {
  const wishes: { -readonly [K in keyof AttestationWishes]: AttestationWishes[K] | undefined } = {};
  for (const text of texts) Object.assign(wishes, parseWish(text));
  const { provenance, scan } = wishes;
  return defined({ provenance, scan });
}

/** `type=provenance,KEY=VALUE...` or `type=sbom,generator=IMAGE,PARAMETER=VALUE...`; undefined where it is disabled. */
function parseWish(
  text: string,
): { readonly provenance: ProvenanceWish | undefined } | { readonly scan: ScanWish | undefined } {
  const refuse: Refuse = (why) =>
    new TsbuildError("BUILD_ATTESTATION", `attestation ${printable(text)}: ${why}`, {
      hint: "write for example --provenance=mode=max, --sbom=generator=IMAGE, or --attest type=provenance,mode=min",
    });
  const values = new Map<string, string>();
  // A generator's parameters keep the case that they are written in; ours have none.
  const others = new Map<string, string>();
  for (const field of csvFields(text) ?? []) {
    const equals = field.indexOf("=");
    if (equals < 0) throw refuse(`"${printable(field)}" is not key=value`);
    const written = field.slice(0, equals).trim();
    const name = written.toLowerCase();
    const value = field.slice(equals + 1);
    values.set(name, value);
    if (!["type", "disabled", "generator"].includes(name)) others.set(written, value);
  }
  const disabled = truth(values, "disabled", refuse);
  switch (values.get("type")) {
    case "provenance": {
      const provenance = provenanceWish(values, refuse);
      return { provenance: disabled ? undefined : provenance };
    }
    case "sbom": {
      const scan = scanWish(values.get("generator"), others, refuse);
      return { scan: disabled ? undefined : scan };
    }
    default:
      throw refuse("the type is neither provenance nor sbom");
  }
}

function truth(values: ReadonlyMap<string, string>, name: string, refuse: Refuse): boolean {
  const value = parseBoolean(values.get(name) ?? "false");
  if (value === undefined) throw refuse(`${name} is neither true nor false`);
  return value;
}

function provenanceWish(values: ReadonlyMap<string, string>, refuse: Refuse): ProvenanceWish {
  for (const name of values.keys())
    if (!parameters.includes(name))
      throw refuse(`unknown parameter ${printable(name)}${didYouMean(name, parameters)}`);
  const mode = values.get("mode") ?? "min";
  if (mode !== "min" && mode !== "max") throw refuse("mode is neither min nor max");
  const version = values.get("version") ?? "v1";
  if (version !== "v1" && version !== "v0.2") throw refuse("version is neither v1 nor v0.2");
  return {
    mode,
    version,
    builderId: values.get("builder-id") ?? "",
    reproducible: truth(values, "reproducible", refuse),
  };
}

function scanWish(
  generator: string = defaultGenerator,
  given: ReadonlyMap<string, string>,
  refuse: Refuse,
): ScanWish {
  if (generator === "") throw refuse("generator names no image");
  for (const [name, value] of given)
    if (!/^\w+$/.test(name) || value.includes("\0"))
      throw refuse(`${printable(name)} cannot be a variable of the generator's environment`);
  return { generator, parameters: given };
}
