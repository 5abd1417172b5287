// SPDX-License-Identifier: Apache-2.0
// Requests to the cache service, which get the token, and to the places that its signed URLs name, which do not. Redirects are
// not followed by either. No error says more of a signed URL than its host.

import { isRecord, messageOf, printable, redactUrl, type TsbuildError } from "../../base/index.js";
import {
  discard,
  readCapped,
  repeated,
  type Connections,
  type HttpAnswer,
  type HttpRequest,
  type RetryPolicy,
} from "../../registry/index.js";
import { serviceError } from "../errors.js";
import type { ActionsSettings } from "./settings.js";

export interface ServiceCall {
  readonly method: HttpRequest["method"];
  /** Below the service's URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are answers, besides 200, 201 and 204. */
  readonly accept?: readonly number[];
  /** For errors: "find a cache". */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** A request with a signed URL. */
export interface SignedRequest extends Pick<ServiceCall, "headers" | "body" | "what" | "signal"> {
  readonly method: "GET" | "PUT";
  readonly url: URL;
  readonly accept: readonly number[];
}

const longestAnswer = 64 * 1024;
const success = [200, 201, 204];
const tls = { verify: true };

export class ActionsService {
  readonly #connections: Connections;
  readonly #settings: ActionsSettings;
  readonly retry: RetryPolicy;

  constructor(connections: Connections, settings: ActionsSettings) {
    this.#connections = connections;
    this.#settings = settings;
    this.retry = { attempts: 5, baseDelay: 500, patience: settings.patience };
  }

  get url(): string {
    return this.#settings.url;
  }

  /** Asks the service. `value`: the answer's JSON; undefined when it is empty. Throws CACHE_SERVICE. */
  async call(call: ServiceCall): Promise<{ readonly status: number; readonly value: unknown }> {
    const url = new URL(`${this.url}/${call.path}`);
    return await repeated({
      retry: this.retry,
      signal: call.signal,
      accept: [...success, ...(call.accept ?? [])],
      send: () =>
        this.#send(url, {
          ...call,
          headers: { ...call.headers, authorization: `Bearer ${this.#settings.token}` },
        }),
      take: async ({ status, body }) => ({
        status,
        value: jsonOf(await readCapped(body, longestAnswer)),
      }),
      refused: ({ status }, text) => this.#refusal(call.what, status, text),
      broken: (error) => broken(call.what, url, error),
    });
  }

  /** Asks the place of a signed URL. `take` has to read or destroy the answer's body, or to hand it on. Throws CACHE_SERVICE. */
  async open<T>(request: SignedRequest, take: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const { url, what, accept, signal } = request;
    return await repeated({
      retry: this.retry,
      signal,
      accept,
      send: () => this.#send(url, request),
      take,
      refused: ({ status, headers }) => {
        const code = headers["x-ms-error-code"];
        const why = typeof code === "string" ? `, ${printable(code.slice(0, 100))}` : "";
        return serviceError(`${what}: ${url.host} answered ${status}${why}`, { status });
      },
      broken: (error) => broken(what, url, error),
    });
  }

  /** Puts bytes to the place of a signed URL. Throws CACHE_SERVICE. */
  async put(request: Omit<SignedRequest, "method" | "accept">): Promise<void> {
    await this.open({ ...request, method: "PUT", accept: success }, discard);
  }

  #send(
    url: URL,
    { method, headers = {}, body, signal }: Omit<ServiceCall, "path" | "what" | "accept">,
  ): Promise<HttpAnswer> {
    return this.#connections.send({
      method,
      url,
      headers,
      ...(body === undefined ? {} : { body: { length: body.length, open: () => body } }),
      tls,
      signal,
    });
  }

  #refusal(what: string, status: number, text: string): TsbuildError {
    const said = explanation(text)
      .replaceAll(this.#settings.token, "***")
      .replace(/\bhttps?:\/\/[^\s"'<>]+/gi, redactUrl)
      .replaceAll("\n", " ")
      .slice(0, 300);
    const denied = status === 401 || status === 403;
    return serviceError(
      `${what}: the cache service answered ${status}${said === "" ? "" : `, ${printable(said)}`}`,
      { status },
      denied
        ? "a token is valid while its job runs, and may write caches of its own branch only"
        : undefined,
    );
  }
}

/** What an error's body says; nothing when it is none of the service's. */
function explanation(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const said = isRecord(value) ? (value["msg"] ?? value["message"]) : undefined;
    return typeof said === "string" ? said : "";
  } catch {
    return "";
  }
}

function jsonOf(body: Buffer | undefined): unknown {
  if (body?.length === 0) return undefined;
  try {
    return JSON.parse(body?.toString("utf8") ?? "");
  } catch {
    throw serviceError("the cache service's answer is no JSON, or longer than any");
  }
}

function broken(what: string, url: URL, error: unknown): TsbuildError {
  return serviceError(`${what}: no connection to ${url.host}: ${printable(messageOf(error))}`);
}
