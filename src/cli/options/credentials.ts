// SPDX-License-Identifier: Apache-2.0
// --secret and --ssh. Values are read when a step first asks for them, and nowhere printed.

import { existsSync } from "node:fs";
import { TsbuildError, readSmallInput } from "../../base/index.js";
import type { AgentSource, SecretSource } from "../../build.js";
import { parseAttributes, usageError } from "./values.js";

/** `id=NAME[,src=FILE|,env=VARIABLE][,type=file|env]`; alone, `id=NAME` is the variable of that name, else the file. */
export function parseSecret(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): SecretSource {
  const fields = parseAttributes("--secret", text, ["id", "src", "source", "env", "type"]);
  const type = fields.get("type");
  const source = fields.get("src") ?? fields.get("source");
  const variable = fields.get("env");
  const id = fields.get("id") ?? variable ?? "";
  if (id === "") throw usageError("--secret", text, "id is missing");
  if (type !== undefined && type !== "file" && type !== "env")
    throw usageError("--secret", text, `unsupported type ${JSON.stringify(type)}`);
  if (type === "env" || (variable !== undefined && source === undefined))
    return fromVariable(id, variable ?? source ?? id, env);
  if (type === undefined && source === undefined && env[id] !== undefined)
    return fromVariable(id, id, env);
  return fromFile(id, source ?? id);
}

function fromVariable(
  id: string,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): SecretSource {
  return {
    id,
    read: () => {
      const value = env[name];
      if (value === undefined)
        return Promise.reject(
          new TsbuildError("CLI_SECRET", `secret ${id}: the environment has no variable ${name}`),
        );
      return Promise.resolve(Buffer.from(value));
    },
  };
}

function fromFile(id: string, path: string): SecretSource {
  if (!existsSync(path))
    throw new TsbuildError("CLI_SECRET", `secret ${id}: no file ${path}`, { details: { path } });
  return {
    id,
    read: async () => {
      const bytes = await readSmallInput(path, 500 * 1024);
      if (bytes === "too large")
        throw new TsbuildError("CLI_SECRET", `secret ${id}: ${path} has more than 500 KiB`);
      return bytes;
    },
  };
}

/** `default`, `ID`, `ID=SOCKET`, or `ID=KEY[,KEY...]`. */
export function parseAgent(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): AgentSource {
  const [id = "", ...rest] = text.split("=");
  const paths = rest
    .join("=")
    .split(",")
    .filter((path) => path !== "");
  if (id === "") throw usageError("--ssh", text, "expected default, ID or ID=SOCKET|KEY");
  if (paths.length > 0) return { id, paths };
  const socket = env["SSH_AUTH_SOCK"];
  if (socket === undefined || socket === "")
    throw new TsbuildError("CLI_SSH", `--ssh ${id}: SSH_AUTH_SOCK is not set`, {
      hint: `Start an agent, or name a key: --ssh ${id}=FILE.`,
    });
  return { id, paths: [socket] };
}
