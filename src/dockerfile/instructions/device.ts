// SPDX-License-Identifier: Apache-2.0
// The value of RUN --device: `name[,required[=bool]]`, a CDI device name.

import { csvFields, parseBoolean } from "../../base/index.js";
import { failAt } from "../statement.js";
import type { Statement } from "../statement.js";
import { didYouMean } from "../suggest.js";
import type { DeviceRequest, Word } from "../types.js";

export function parseDevice(statement: Statement, word: Word): DeviceRequest {
  const at = { range: word.range };
  const fields = csvFields(word.text);
  if (fields === undefined)
    return failAt(statement, "DOCKERFILE_FLAG", "failed to parse csv devices", at);
  let name: string | undefined;
  let required = false;
  for (const field of fields) {
    const equals = field.indexOf("=");
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
    const value = equals === -1 ? undefined : field.slice(equals + 1);
    if (key === "required") {
      required =
        (value === undefined ? true : parseBoolean(value)) ??
        failAt(statement, "DOCKERFILE_FLAG", `invalid value for ${key}: ${value ?? ""}`, at);
    } else if (key === "name" && value !== undefined) {
      if (name !== undefined)
        failAt(statement, "DOCKERFILE_FLAG", `device name already set to ${name}`, at);
      name = value;
    } else if (name === undefined) {
      // A CDI name holds an equals sign: vendor.com/class=device.
      name = field;
    } else {
      failAt(
        statement,
        "DOCKERFILE_FLAG",
        `unexpected key '${key}' in '${field}'${didYouMean(key, ["name", "required"])}`,
        at,
      );
    }
  }
  return { name: { text: name ?? "", range: word.range }, required };
}
