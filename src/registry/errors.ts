// SPDX-License-Identifier: Apache-2.0
// The error codes of this room, and how answers and failures of the network become them.

import { TsbuildError, defined, isRecord, messageOf, printable, redactUrl } from "../base/index.js";

export const registryErrorCodes = {
  REGISTRY_NOT_FOUND: "the registry has no such image or blob",
  REGISTRY_AUTH: "the registry wants credentials, or did not accept those that it got",
  REGISTRY_DENIED: "the registry refused the access",
  REGISTRY_RATE_LIMIT: "the registry answers no more requests for now",
  REGISTRY_UNREACHABLE: "no connection to the registry, or it broke",
  REGISTRY_TLS: "the registry's certificate was not accepted",
  REGISTRY_SERVER: "the registry failed",
  REGISTRY_PROTOCOL: "the registry's answer does not follow the protocol",
  REGISTRY_REDIRECT: "the registry redirects in a way that is not followed",
  REGISTRY_DIGEST: "what the registry sent is not what its digest or size says",
  REGISTRY_LIMIT: "the registry sent more than tsbuild accepts",
  REGISTRY_CONFIG: "the registries file or a credentials file is not right",
  REGISTRY_PUSH: "the registry did not take an upload",
} as const;

export type RegistryErrorCode = keyof typeof registryErrorCodes;

/** One HTTP exchange, for errors: never its headers. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
}

/** The messages that a registry put into an error's body, made fit to print. */
function diagnostics(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    const errors = isRecord(value) ? value["errors"] : undefined;
    if (Array.isArray(errors))
      return errors
        .filter(isRecord)
        .map((e) => [e["code"], e["message"]].filter((t) => typeof t === "string").join(": "))
        .join("; ");
    if (isRecord(value) && typeof value["details"] === "string") return value["details"];
  } catch {
    // Not the protocol's JSON: plain text, or an HTML page of something in between.
  }
  return body.trimStart().startsWith("<") ? "" : body.trim();
}

function codeOf(status: number): RegistryErrorCode {
  if (status === 401) return "REGISTRY_AUTH";
  if (status === 403) return "REGISTRY_DENIED";
  if (status === 404) return "REGISTRY_NOT_FOUND";
  if (status === 429) return "REGISTRY_RATE_LIMIT";
  return status >= 500 ? "REGISTRY_SERVER" : "REGISTRY_PROTOCOL";
}

const hints: Partial<Record<RegistryErrorCode, string>> = {
  REGISTRY_AUTH: "log in with `tsbuild login`, or check the image's name",
  REGISTRY_DENIED: "check the image's name, and that your account may access it",
  REGISTRY_NOT_FOUND: "check the image's name and tag",
  REGISTRY_RATE_LIMIT: "wait, log in, or name a mirror in the registries file (docs/registries.md)",
};

/** The error for an answer that is not the wanted one. `registry`: the origin of the one that was asked; it may have sent us elsewhere. */
export function statusError(
  exchange: Exchange,
  status: number,
  body: string,
  what: string,
  registry: string,
): TsbuildError {
  const code = codeOf(status);
  const { origin, host } = new URL(exchange.url);
  const who = origin === registry ? "the registry" : host;
  const said = printable(diagnostics(body)).replaceAll("\n", " ").slice(0, 500);
  const hint = hints[code];
  return new TsbuildError(code, `${what}: ${who} answered ${status}${said && `, ${said}`}`, {
    ...defined({ hint }),
    details: { method: exchange.method, url: redactUrl(exchange.url), status },
  });
}

const tlsCodes =
  /^(?:CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/;

/** As Node's network layer says that nothing comes. `after`: milliseconds. */
export function timedOut(after: number, what = "no answer"): Error {
  return Object.assign(new Error(`${what} for ${after / 1000} seconds`), { code: "ETIMEDOUT" });
}

/** The `code` of a failure of Node's network layer (`ECONNRESET`), looked for in its causes too. */
export function networkCode(error: unknown): string | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ("code" in e && typeof e.code === "string" && e.code !== "") return e.code;
    if (e instanceof AggregateError && e.errors.length > 0) return networkCode(e.errors[0]);
  }
  return undefined;
}

/** The error for a connection that did not come about, or broke. */
export function networkError(exchange: Exchange, error: unknown): TsbuildError {
  const code = networkCode(error);
  const { host } = new URL(exchange.url);
  const details = { method: exchange.method, url: redactUrl(exchange.url), errno: code };
  const why = printable(messageOf(error)) || (code ?? "unknown reason");
  if (code !== undefined && tlsCodes.test(code))
    return new TsbuildError("REGISTRY_TLS", `cannot trust ${host}: ${why}`, {
      hint: "name its certificate authority (ca) in the registries file, or http = true if it speaks plain HTTP (docs/registries.md)",
      details,
      cause: error,
    });
  return new TsbuildError("REGISTRY_UNREACHABLE", `no connection to ${host}: ${why}`, {
    details,
    cause: error,
  });
}
