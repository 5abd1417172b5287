// SPDX-License-Identifier: Apache-2.0
// Requests to a place of objects, each attempt with a proof of its own of who asks. Redirects are not followed: the proof is for
// one host.

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

export interface ObjectRequest {
  readonly method: HttpRequest["method"];
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are answers. */
  readonly accept: readonly number[];
  /** For errors: "read a layer". */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** Gives the headers of a request, those that prove who asks among them. */
export type Sign = (request: ObjectRequest) => Promise<Readonly<Record<string, string>>>;

/** Of requests that prove nothing, or whose headers have the proof already. */
export const unsigned: Sign = ({ headers = {} }) => Promise.resolve(headers);

const longestAnswer = 64 * 1024;
const tls = { verify: true };

export class ObjectService {
  readonly #connections: Connections;
  readonly #sign: Sign;
  readonly retry: RetryPolicy;

  constructor(connections: Connections, retry: RetryPolicy, sign: Sign) {
    this.#connections = connections;
    this.retry = retry;
    this.#sign = sign;
  }

  /** `take` has to read or destroy the answer's body, or to hand it on. Throws CACHE_SERVICE. */
  async open<T>(request: ObjectRequest, take: (answer: HttpAnswer) => T | Promise<T>): Promise<T> {
    const { method, url, body, accept, what, signal } = request;
    return await repeated({
      retry: this.retry,
      signal,
      accept,
      send: async () =>
        await this.#connections.send({
          method,
          url,
          headers: await this.#sign(request),
          ...(body === undefined ? {} : { body: { length: body.length, open: () => body } }),
          tls,
          signal,
        }),
      take,
      refused: (answer, text) => refusal(what, answer, text),
      broken: (error) =>
        serviceError(`${what}: no connection to ${url.host}: ${printable(messageOf(error))}`),
    });
  }

  /** The same where the answer is a text. */
  async ask(request: ObjectRequest): Promise<string> {
    const text = await this.open(request, ({ body }) => readCapped(body, longestAnswer));
    if (text !== undefined) return text.toString("utf8");
    throw serviceError(`${request.what}: ${request.url.host} gave a longer answer than any`);
  }

  /** The same where the status is all; it is returned. */
  async send(request: ObjectRequest): Promise<number> {
    return await this.open(request, (answer) => {
      discard(answer);
      return answer.status;
    });
  }
}

/** The fields of an answer in JSON; none where it is no object. */
export function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** The text of an element of an answer in XML. */
export function elementOf(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]{0,4096})</${name}>`).exec(xml) ?? [];
  return text
    ?.replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** Of what a service says, its code and its message: the rest of an answer may repeat what was signed. */
export function refusal(
  what: string,
  { status, url, headers }: Pick<HttpAnswer, "status" | "url" | "headers">,
  text: string,
): TsbuildError {
  const code = elementOf(text, "Code") ?? headers["x-ms-error-code"];
  const message = elementOf(text, "Message")?.split("\n")[0];
  const said = [code, message]
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) =>
      String(part)
        .replace(/\bhttps?:\/\/[^\s"'<>]+/gi, redactUrl)
        .slice(0, 300),
    );
  const region = headers["x-amz-bucket-region"];
  const elsewhere = status === 301 && typeof region === "string";
  return serviceError(
    [`${what}: ${url.host} answered ${status}`, ...said].map(printable).join(", "),
    { status },
    elsewhere
      ? `the bucket is in the region ${printable(region.slice(0, 40))}`
      : status === 401 || status === 403
        ? "the credentials are wrong, or not allowed to do that"
        : undefined,
  );
}
