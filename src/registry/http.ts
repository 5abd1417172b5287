// SPDX-License-Identifier: Apache-2.0
// One HTTP exchange over node:http and node:https (fetch can neither take a CA for one host nor send a body of known
// length as a stream). Redirects, retries and credentials are the business of transport.ts.

import * as http from "node:http";
import * as https from "node:https";
import { rootCertificates } from "node:tls";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { TsbuildError, defined, redactUrl } from "../base/index.js";
import type { TlsMaterial } from "./endpoint.js";
import { timedOut } from "./errors.js";
import { proxyFor, throughProxy } from "./proxy.js";
import type { Environment } from "./registries-file.js";

/** Milliseconds after which a connection is given up. */
export interface Timeouts {
  /** From when the request is sent until the answer's head is whole; while it is being sent, without any sign of life. */
  readonly answer: number;
  /** Between two pieces of a body. */
  readonly idle: number;
}

const usualTimeouts: Timeouts = { answer: 60_000, idle: 60_000 };

export interface Body {
  /** Bytes. */
  readonly length: number;
  /** Called for every attempt anew. */
  readonly open: () => Readable | Uint8Array;
}

export interface HttpRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly tls: TlsMaterial;
  readonly signal: AbortSignal | undefined;
}

/** An answer whose body has not been read yet: it has to be, or destroyed. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly url: URL;
  readonly body: http.IncomingMessage;
}

/** Keeps connections open between requests, per host and TLS material. */
export class Connections {
  readonly #env: Environment;
  readonly #timeouts: Timeouts;
  readonly #agents = new Map<string, http.Agent>();

  constructor(env: Environment, timeouts: Timeouts = usualTimeouts) {
    this.#env = env;
    this.#timeouts = timeouts;
  }

  #agent(url: URL, tls: TlsMaterial): http.Agent {
    const secure = url.protocol === "https:";
    const key = secure ? `${url.host} ${JSON.stringify(tls)}` : "http";
    const found = this.#agents.get(key);
    if (found !== undefined) return found;
    const agent = secure
      ? new https.Agent({
          keepAlive: true,
          rejectUnauthorized: tls.verify,
          ...(tls.ca === undefined ? {} : { ca: trusted(tls.ca) }),
          ...defined({ cert: tls.cert, key: tls.key }),
        })
      : new http.Agent({ keepAlive: true });
    this.#agents.set(key, agent);
    return agent;
  }

  /**
   * Sends a request and waits for the answer's head. Rejects with what Node's network layer says, with the signal's
   * reason, or with what the body's stream failed with.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    request.signal?.throwIfAborted();
    const { url, tls } = request;
    if (url.protocol !== "https:" && url.protocol !== "http:")
      throw new TsbuildError(
        "REGISTRY_REDIRECT",
        `${redactUrl(url.href)} is neither http nor https`,
      );
    const proxy = proxyFor(url, this.#env);
    const via =
      proxy === undefined
        ? undefined
        : await throughProxy(url, proxy, tls, request.signal, this.#timeouts.answer);
    const options: https.RequestOptions = {
      method: request.method,
      agent: this.#agent(url, tls),
      headers: {
        ...request.headers,
        "user-agent": "tsbuild",
        ...(request.body === undefined ? {} : { "content-length": String(request.body.length) }),
        ...via?.headers,
      },
      ...defined({ signal: request.signal }),
      ...via?.options,
    };
    const secure = (via?.options.protocol ?? url.protocol) === "https:";
    const outgoing = (secure ? https : http).request(url, options);
    const giveUp = (): void => {
      outgoing.destroy(timedOut(this.#timeouts.answer));
    };
    outgoing.setTimeout(this.#timeouts.answer, giveUp);
    let timer: NodeJS.Timeout | undefined;
    const sent = sendBody(outgoing, request.body).then(() => {
      // A head that comes byte by byte is a sign of life, too.
      timer = setTimeout(giveUp, this.#timeouts.answer);
    });
    try {
      const [body] = await Promise.all([answerOf(outgoing), sent]);
      body.setTimeout(this.#timeouts.idle, () => {
        body.destroy(timedOut(this.#timeouts.idle));
      });
      return { status: body.statusCode ?? 0, headers: body.headers, url, body };
    } catch (error) {
      outgoing.destroy();
      request.signal?.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }
}

/** Naming authorities to Node replaces those that it trusts anyway, so these are named too. */
export function trusted(extra: readonly string[]): string[] {
  return [...rootCertificates, ...extra];
}

function answerOf(outgoing: http.ClientRequest): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
}

/** Sends the body. A server that answers early and closes is no error here: its answer says what is wrong. */
async function sendBody(outgoing: http.ClientRequest, body: Body | undefined): Promise<void> {
  if (body === undefined) {
    outgoing.end();
    return;
  }
  const source = body.open();
  if (source instanceof Uint8Array) {
    outgoing.end(source);
    return;
  }
  const seen: { answer: boolean } = { answer: false };
  outgoing.once("response", () => {
    seen.answer = true;
    source.destroy();
  });
  try {
    await pipeline(source, outgoing);
  } catch (error) {
    if (!seen.answer) throw error;
  }
}
