// SPDX-License-Identifier: Apache-2.0
// Requests to one registry as the rest of the room makes them: credentials added, redirects followed by our rules, error
// answers turned into errors.

import { TsbuildError, defined, isTsbuildError, redactUrl } from "../base/index.js";
import { Authenticator, type TokenRequest } from "./auth.js";
import { parseChallenges } from "./challenge.js";
import type { CredentialStore } from "./credentials.js";
import type { Endpoint, Endpoints, TlsMaterial } from "./endpoint.js";
import { networkError, statusError } from "./errors.js";
import {
  Connections,
  type Body,
  type HttpAnswer,
  type HttpRequest,
  type Timeouts,
} from "./http.js";
import type { Environment } from "./registries-file.js";
import { discard, readCapped, repeated, type RetryPolicy } from "./repeat.js";

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

/** Where a request is now. */
interface Trace {
  at: URL;
}

const maxRedirects = 8;
const maxTokenBody = 1024 * 1024;

export class Transport {
  readonly #connections: Connections;
  readonly #credentials: Pick<CredentialStore, "find">;
  readonly #endpoints: Pick<Endpoints, "elsewhere">;
  readonly #authenticator = new Authenticator();
  readonly #retry: RetryPolicy;
  /** Insecure hosts that turned out to speak plain HTTP. */
  readonly #withoutTls = new Set<string>();

  constructor(
    env: Environment,
    credentials: Pick<CredentialStore, "find">,
    endpoints: Pick<Endpoints, "elsewhere">,
    retry: RetryPolicy,
    timeouts: Timeouts | undefined,
  ) {
    this.#connections = new Connections(env, timeouts);
    this.#credentials = credentials;
    this.#endpoints = endpoints;
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
    const { method, what } = request;
    // A place that the registry redirects to may be what fails.
    const trace = { at: url };
    return await repeated({
      retry: this.#retry,
      signal: request.signal,
      accept: request.accept,
      send: () => this.#authorized(endpoint, url, request, trace),
      take: (answer) => answer,
      refused: ({ status, url: at }, text) =>
        statusError({ method, url: at.href }, status, text, what, endpoint.origin),
      broken: (error) => networkError({ method, url: trace.at.href }, error),
    });
  }

  /** Sends once, and once more with an answer to the challenge. */
  async #authorized(
    endpoint: Endpoint,
    url: URL,
    request: TransportRequest,
    trace: Trace,
  ): Promise<HttpAnswer> {
    const ours = url.origin === endpoint.origin;
    let authorization = ours
      ? this.#authenticator.known(endpoint.origin, request.scopes)
      : undefined;
    for (let round = 0; ; round++) {
      const answer = await this.#redirected(endpoint, url, request, authorization, trace);
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
    trace: Trace,
  ): Promise<HttpAnswer> {
    let url = start;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      trace.at = url;
      const own = url.origin === endpoint.origin;
      const tls = await this.#tlsFor(endpoint, url);
      const answer = await this.#connections.send({
        method: request.method,
        url,
        headers: {
          ...request.headers,
          ...(own && authorization !== undefined ? { authorization } : {}),
        },
        ...defined({ body: request.body }),
        tls,
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

  /** The registry's own client key, and that it is not verified, are not for a host that it points to. */
  async #tlsFor(endpoint: Endpoint, url: URL): Promise<TlsMaterial> {
    return url.origin === endpoint.origin ? endpoint.tls : this.#endpoints.elsewhere(url.host);
  }

  async #fetchToken(
    endpoint: Endpoint,
    request: TokenRequest,
    signal: AbortSignal | undefined,
    what: string,
  ): Promise<unknown> {
    const { form } = request;
    const exchange = { method: request.method, url: request.url.href };
    const tls = await this.#tlsFor(endpoint, request.url);
    return await repeated({
      retry: this.#retry,
      signal,
      accept: [200],
      send: () =>
        this.#connections.send({
          method: request.method,
          url: request.url,
          headers: request.headers,
          ...(form === undefined
            ? {}
            : { body: { length: Buffer.byteLength(form), open: () => Buffer.from(form) } }),
          tls,
          signal,
        }),
      take: async ({ body }) => parseToken(await readCapped(body, maxTokenBody)),
      refused: ({ status }, text) => statusError(exchange, status, text, what, endpoint.origin),
      broken: (error) => networkError(exchange, error),
    });
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
