// SPDX-License-Identifier: Apache-2.0
// Requests to one registry as the rest of the room makes them: credentials added, redirects followed by our rules,
// passing failures retried, error answers turned into errors.

import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { TsbuildError, isTsbuildError, redactUrl } from "../base/index.js";
import { Authenticator, type TokenRequest } from "./auth.js";
import { parseChallenges } from "./challenge.js";
import type { CredentialStore } from "./credentials.js";
import type { Endpoint } from "./endpoint.js";
import { networkCode, networkError, statusError } from "./errors.js";
import {
  Connections,
  type Body,
  type HttpAnswer,
  type HttpRequest,
  type Timeouts,
} from "./http.js";
import type { Environment } from "./registries-file.js";

export interface RetryPolicy {
  /** How many times a request is sent at most. */
  readonly attempts: number;
  /** Milliseconds before the first repetition; doubled for each further one. */
  readonly baseDelay: number;
}

export interface TransportRequest {
  readonly method: HttpRequest["method"];
  /** Below the endpoint's base (`repo/manifests/tag`), or a whole URL that the registry gave. */
  readonly path: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** `repository:path:pull` and the like. */
  readonly scopes: readonly string[];
  /** Statuses that are answers; all others are errors. */
  readonly accept: readonly number[];
  /** For errors: "pull docker.io/library/alpine:3". */
  readonly what: string;
  readonly signal: AbortSignal | undefined;
}

const maxRedirects = 8;
const maxErrorBody = 64 * 1024;
const maxTokenBody = 1024 * 1024;
const longestWait = 60_000;
const passing = new Set([408, 429, 500, 502, 503, 504]);
const passingErrors = new Set([
  ...["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH"],
  ...["EHOSTUNREACH", "HPE_INVALID_CONSTANT", "ERR_STREAM_PREMATURE_CLOSE"],
]);

/** Reads a body up to a cap; undefined when there is more. */
export async function readCapped(body: IncomingMessage, cap: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > cap) {
      body.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Gives up a body. A short one is read to its end, so that the connection can be used again. */
export function discard(answer: HttpAnswer): void {
  const { body, headers } = answer;
  if (Number(headers["content-length"] ?? Number.POSITIVE_INFINITY) > maxErrorBody) {
    body.destroy();
    return;
  }
  body.on("error", () => undefined);
  body.resume();
}

async function errorText(body: IncomingMessage): Promise<string> {
  try {
    return (await readCapped(body, maxErrorBody))?.toString("utf8") ?? "";
  } catch {
    // The status says what matters; an explanation that broke off adds nothing.
    return "";
  }
}

/** Milliseconds that a server asks to wait (Retry-After, in seconds or as a date). */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d{1,6}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(longestWait, Math.max(0, wait));
}

export class Transport {
  readonly #connections: Connections;
  readonly #credentials: Pick<CredentialStore, "find">;
  readonly #authenticator = new Authenticator();
  readonly #retry: RetryPolicy;
  /** Insecure hosts that turned out to speak plain HTTP. */
  readonly #withoutTls = new Set<string>();

  constructor(
    env: Environment,
    credentials: Pick<CredentialStore, "find">,
    retry: RetryPolicy,
    timeouts: Timeouts,
  ) {
    this.#connections = new Connections(env, timeouts);
    this.#credentials = credentials;
    this.#retry = retry;
  }

  close(): void {
    this.#connections.close();
  }

  /** Sends a request until it is answered with an accepted status. The caller has to read or destroy the answer's body. */
  async send(endpoint: Endpoint, request: TransportRequest): Promise<HttpAnswer> {
    const { plain } = endpoint;
    if (plain === undefined) return await this.#repeated(endpoint, request);
    if (this.#withoutTls.has(endpoint.origin)) return await this.#repeated(plain, request);
    try {
      return await this.#repeated(endpoint, request);
    } catch (error) {
      const noTls =
        isTsbuildError(error, "REGISTRY_TLS") || isTsbuildError(error, "REGISTRY_UNREACHABLE");
      if (!noTls || request.path instanceof URL) throw error;
      const answer = await this.#repeated(plain, request);
      this.#withoutTls.add(endpoint.origin);
      return answer;
    }
  }

  async #repeated(endpoint: Endpoint, request: TransportRequest): Promise<HttpAnswer> {
    const url =
      request.path instanceof URL ? request.path : new URL(`${endpoint.base}${request.path}`);
    const exchange = { method: request.method, url: url.href };
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= this.#retry.attempts;
      let wait: number | undefined;
      try {
        const answer = await this.#authorized(endpoint, url, request);
        if (request.accept.includes(answer.status)) return answer;
        wait = retryAfter(answer.headers["retry-after"]);
        const error = statusError(
          exchange,
          answer.status,
          await errorText(answer.body),
          request.what,
        );
        if (last || !passing.has(answer.status)) throw error;
      } catch (error) {
        request.signal?.throwIfAborted();
        if (isTsbuildError(error)) throw error;
        if (last || !passingErrors.has(networkCode(error) ?? ""))
          throw networkError(exchange, error);
      }
      const delay = wait ?? this.#retry.baseDelay * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
      await pause(delay, request.signal);
    }
  }

  /** Sends once, and once more with an answer to the challenge. */
  async #authorized(endpoint: Endpoint, url: URL, request: TransportRequest): Promise<HttpAnswer> {
    const ours = url.origin === endpoint.origin;
    let authorization = ours
      ? this.#authenticator.known(endpoint.origin, request.scopes)
      : undefined;
    for (let round = 0; ; round++) {
      const answer = await this.#redirected(endpoint, url, request, authorization);
      const challenge = answer.headers["www-authenticate"];
      // Only the registry itself may ask for its credentials, not a place that it redirected to.
      const asks = answer.status === 401 && challenge !== undefined;
      if (!asks || answer.url.origin !== endpoint.origin || round >= 2) return answer;
      const question = {
        origin: endpoint.origin,
        scopes: request.scopes,
        credentials: () => this.#credentials.find(endpoint.credentialsHost, endpoint.repository),
        fetchToken: (ask: TokenRequest) =>
          this.#fetchToken(endpoint, ask, request.signal, request.what),
      };
      const next = await this.#authenticator.answer(
        parseChallenges(challenge),
        question,
        authorization,
      );
      if (next === undefined) return answer;
      discard(answer);
      authorization = next;
    }
  }

  async #redirected(
    endpoint: Endpoint,
    start: URL,
    request: TransportRequest,
    authorization: string | undefined,
  ): Promise<HttpAnswer> {
    let url = start;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const own = url.origin === endpoint.origin;
      const answer = await this.#connections.send({
        method: request.method,
        url,
        headers: {
          ...request.headers,
          ...(own && authorization !== undefined ? { authorization } : {}),
        },
        ...(request.body === undefined ? {} : { body: request.body }),
        // The TLS material (client key, missing verification) is the registry's, not that of a host it points to.
        tls: own ? endpoint.tls : { verify: true },
        signal: request.signal,
      });
      const location = redirectOf(answer, request.method);
      if (location === undefined) return answer;
      discard(answer);
      url = nextHop(url, location);
    }
    throw new TsbuildError("REGISTRY_REDIRECT", `${request.what}: too many redirects`, {
      details: { url: redactUrl(start.href) },
    });
  }

  async #fetchToken(
    endpoint: Endpoint,
    request: TokenRequest,
    signal: AbortSignal | undefined,
    what: string,
  ): Promise<unknown> {
    const { form } = request;
    const exchange = { method: request.method, url: request.url.href };
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= this.#retry.attempts;
      try {
        const answer = await this.#connections.send({
          method: request.method,
          url: request.url,
          headers: request.headers,
          ...(form === undefined
            ? {}
            : { body: { length: Buffer.byteLength(form), open: () => Buffer.from(form) } }),
          tls: request.url.host === new URL(endpoint.origin).host ? endpoint.tls : { verify: true },
          signal,
        });
        if (answer.status === 200) return parseToken(await readCapped(answer.body, maxTokenBody));
        const error = statusError(exchange, answer.status, await errorText(answer.body), what);
        if (last || !passing.has(answer.status)) throw error;
      } catch (error) {
        signal?.throwIfAborted();
        if (isTsbuildError(error)) throw error;
        if (last || !passingErrors.has(networkCode(error) ?? ""))
          throw networkError(exchange, error);
      }
      await pause(this.#retry.baseDelay * 2 ** (attempt - 1), signal);
    }
  }
}

/** Undefined (too large) and what is no JSON read alike: no token in it. */
function parseToken(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString("utf8") ?? "");
  } catch {
    return undefined;
  }
}

/** Where an answer sends us. 301 to 303 change an upload's method in ways that no registry means: those are errors. */
function redirectOf(answer: HttpAnswer, method: string): string | undefined {
  const reading = method === "GET" || method === "HEAD";
  const followed = reading ? [301, 302, 303, 307, 308] : [307, 308];
  return followed.includes(answer.status) ? (answer.headers.location ?? "") : undefined;
}

function nextHop(from: URL, location: string): URL {
  const refuse = (why: string): TsbuildError =>
    new TsbuildError("REGISTRY_REDIRECT", `${from.host} redirects ${why}`, {
      details: { from: redactUrl(from.href), to: redactUrl(location) },
    });
  let to: URL;
  try {
    to = new URL(location, from);
  } catch {
    throw refuse("to no URL");
  }
  if (to.protocol !== "https:" && to.protocol !== "http:") throw refuse(`to ${to.protocol}`);
  if (from.protocol === "https:" && to.protocol === "http:")
    throw refuse("from https to plain http");
  return to;
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
