// SPDX-License-Identifier: Apache-2.0
// Tokens of Entra for Azure's storage: of an application with a secret, of a workload with a token of its own (both by the variables
// that Azure's tools read), or of the machine.

import { defined, printable, readSmallFile } from "../../base/index.js";
import type { Connections } from "../../registry/index.js";
import { serviceError } from "../errors.js";
import { optionError } from "../spec.js";
import type { AzureSettings } from "./azure-settings.js";
import { renewed } from "./renewed.js";
import { fieldsOf, ObjectService, unsigned } from "./service.js";

const resource = "https://storage.azure.com/";
const machine = "http://169.254.169.254/metadata/identity/oauth2/token";
const machinePatience = 5000;
const longestToken = 64 * 1024;

interface Token {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Gives a token that is good for a while. Throws CACHE_SERVICE, CACHE_OPTION. */
export function tokensOf(
  settings: Pick<AzureSettings, "env">,
  connections: Connections,
): (signal: AbortSignal) => Promise<string> {
  const service = new ObjectService(connections, { attempts: 3, baseDelay: 300 }, unsigned);
  const token = renewed((signal) => askForToken(settings, service, signal));
  return async (signal) => (await token(signal)).text;
}

async function askForToken(
  { env }: Pick<AzureSettings, "env">,
  service: ObjectService,
  signal: AbortSignal,
): Promise<Token> {
  const value = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const tenant = value("AZURE_TENANT_ID");
  const client = value("AZURE_CLIENT_ID");
  const secret = value("AZURE_CLIENT_SECRET");
  const file = value("AZURE_FEDERATED_TOKEN_FILE");
  if (tenant === undefined || client === undefined || (secret ?? file) === undefined)
    return ofMachine(client, service, signal);
  const authority = value("AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com/";
  const proof: Readonly<Record<string, string>> =
    secret !== undefined
      ? { client_secret: secret }
      : {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await tokenIn(file ?? ""),
        };
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: client,
    scope: `${resource}.default`,
    ...proof,
  });
  const text = await service.ask({
    method: "POST",
    url: new URL(
      `${authority.replace(/\/+$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    ),
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: Buffer.from(form.toString()),
    accept: [200],
    what: "ask for a token of Azure's",
    signal,
  });
  return tokenOf(text);
}

async function ofMachine(
  client: string | undefined,
  service: ObjectService,
  signal: AbortSignal,
): Promise<Token> {
  const query = new URLSearchParams({
    "api-version": "2018-02-01",
    resource,
    ...defined({ client_id: client }),
  });
  const patience = AbortSignal.timeout(machinePatience);
  try {
    const text = await service.ask({
      method: "GET",
      url: new URL(`${machine}?${query.toString()}`),
      headers: { metadata: "true" },
      accept: [200],
      what: "ask for the machine's token",
      signal: AbortSignal.any([signal, patience]),
    });
    return tokenOf(text);
  } catch (error) {
    signal.throwIfAborted();
    if (!patience.aborted) throw error;
    throw serviceError(
      "there are no credentials for Azure's storage",
      {},
      "give secret_access_key=, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
    );
  }
}

async function tokenIn(path: string): Promise<string> {
  let bytes: Awaited<ReturnType<typeof readSmallFile>>;
  try {
    bytes = await readSmallFile(path, longestToken);
  } catch {
    bytes = "not regular";
  }
  if (typeof bytes !== "string") return bytes.toString("utf8").trim();
  throw optionError("azblob", `AZURE_FEDERATED_TOKEN_FILE ${printable(path)} cannot be read`);
}

function tokenOf(text: string): Token {
  const { access_token, expires_in } = fieldsOf(text);
  if (typeof access_token !== "string" || !/^[\x21-\x7e]+$/.test(access_token))
    throw serviceError("an answer that should have a token of Azure's has none");
  return { text: access_token, expiresAt: Date.now() + (Number(expires_in) || 0) * 1000 };
}
