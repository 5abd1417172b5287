// SPDX-License-Identifier: Apache-2.0
// Secrets: `id=npm,src=.npmrc`, `id=token,env=TOKEN`.

import type { HclValue } from "../../hcl/index.js";
import { badValue, objectOf } from "../values.js";
import { entryList, fieldsOf, lastOfEach, pairOf, textOfPairs, textsOf } from "./pairs.js";

/** Empty means that it was not said. */
export interface SecretEntry {
  readonly id: string;
  readonly source: string;
  readonly variable: string;
}

export function parseSecret(text: string): SecretEntry {
  let id = "";
  let source = "";
  let variable = "";
  let type = "";
  for (const field of fieldsOf(text)) {
    const [key, value] = pairOf(field);
    const word = key.toLowerCase();
    if (word === "type") {
      if (value !== "file" && value !== "env")
        throw badValue(`unsupported secret type ${JSON.stringify(value)}`);
      type = value;
    } else if (word === "id") id = value;
    else if (word === "source" || word === "src") source = value;
    else if (word === "env") variable = value;
    else throw badValue(`unexpected key ${JSON.stringify(key)} in the secret ${text}`);
  }
  if (type === "env" && variable === "") return { id, source: "", variable: source };
  return { id, source, variable };
}

export function readSecrets(value: HclValue): readonly SecretEntry[] {
  return entryList(value, (text) => [parseSecret(text)], fromObject);
}

function fromObject(value: HclValue): SecretEntry {
  const texts = textsOf(value);
  return {
    id: texts.get("id") ?? "",
    source: texts.get("src") ?? "",
    variable: texts.get("env") ?? "",
  };
}

export function secretPairs(entry: SecretEntry): readonly (readonly [string, string])[] {
  const pairs = [
    ["id", entry.id],
    ["src", entry.source],
    ["env", entry.variable],
  ] as const;
  return pairs.filter(([, value]) => value !== "");
}

export function secretValue(entry: SecretEntry): HclValue {
  return objectOf([
    ["id", entry.id],
    ["src", entry.source],
    ["env", entry.variable],
  ]);
}

/** As the flag `--secret` takes it. */
export function secretText(entry: SecretEntry): string {
  return textOfPairs(secretPairs(entry));
}

export function uniqueSecrets(entries: readonly SecretEntry[]): readonly SecretEntry[] {
  return lastOfEach(entries, (entry) => entry.id);
}
