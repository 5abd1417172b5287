// SPDX-License-Identifier: Apache-2.0
// Outputs: `type=local,dest=out`, a directory, or `-` for an archive on standard output. What --push and --load do to them.

import type { HclValue } from "../../hcl/index.js";
import { badValue, objectOf } from "../values.js";
import {
  entryList,
  fieldsOf,
  pairOf,
  sorted,
  textOfPairs,
  textsOf,
  withoutTwins,
} from "./pairs.js";

export interface OutputEntry {
  readonly type: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly destination?: string;
}

export function parseOutput(text: string): OutputEntry {
  const fields = fieldsOf(text);
  if (fields.length === 1 && fields[0] === text && !text.startsWith("type="))
    return { type: text === "-" ? "tar" : "local", attributes: new Map(), destination: text };
  const attributes = new Map<string, string>();
  for (const field of fields) {
    const [key, value] = pairOf(field);
    attributes.set(key.trim().toLowerCase(), value);
  }
  return typed(attributes);
}

function typed(attributes: Map<string, string>): OutputEntry {
  const type = attributes.get("type") ?? "";
  const destination = attributes.get("dest") ?? "";
  attributes.delete("type");
  attributes.delete("dest");
  if (type === "") throw badValue("the type of an output is required");
  return { type, attributes, ...(destination === "" ? {} : { destination }) };
}

export function readOutputs(value: HclValue): readonly OutputEntry[] {
  return entryList(
    value,
    (text) => [parseOutput(text)],
    (each) => typed(textsOf(each)),
  );
}

export function outputValue(entry: OutputEntry): HclValue {
  return objectOf([...entry.attributes, ["type", entry.type], ["dest", entry.destination ?? ""]]);
}

/** As the flag `--output` takes it. */
export function outputText(entry: OutputEntry): string {
  return textOfPairs([
    ["type", entry.type],
    ...(entry.destination === undefined ? [] : [["dest", entry.destination] as const]),
    ...sorted(entry.attributes),
  ]);
}

export function uniqueOutputs(entries: readonly OutputEntry[]): readonly OutputEntry[] {
  return withoutTwins(entries, outputText);
}

/** With `--push`, images are pushed; where only the engine gets one, or nobody, a push is added. With `push=false`, none is. */
export function pushed(outputs: readonly OutputEntry[], push: boolean): readonly OutputEntry[] {
  const set = outputs
    .filter((output) => push || output.type !== "registry")
    .map((output) =>
      output.type === "image"
        ? { ...output, attributes: new Map([...output.attributes, ["push", String(push)]]) }
        : output,
    );
  if (!push || set.some((output) => output.type !== "docker")) return set;
  return [...set, { type: "image", attributes: new Map([["push", "true"]]) }];
}

/** With `--load`, the engine gets the image as well, unless something else than an image comes out. */
export function loaded(outputs: readonly OutputEntry[], load: boolean): readonly OutputEntry[] {
  if (!load) return outputs;
  for (const { type, destination } of outputs) {
    if (type === "docker" && destination === undefined) return outputs;
    if (!["docker", "image", "registry", "oci"].includes(type)) return outputs;
  }
  return [...outputs, { type: "docker", attributes: new Map() }];
}
