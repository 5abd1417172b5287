// SPDX-License-Identifier: Apache-2.0
// Downloads over HTTP(S) for ADD, remote Dockerfiles and remote contexts: redirects, revalidation, caps, retries. The only file of
// this room that opens connections. Nobody asks for content to be encoded; where a server has it so all the same, it is decoded.

import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { TsbuildError, defined, errnoOf, messageOf, redactUrl } from "../base/index.js";
import { decodedUserInfo, httpAuthorization } from "./authorization.js";
import { checkUrlLength } from "./url-length.js";
import type { HttpRequest, HttpResult, HttpValidators, RemoteAccess, Route } from "./types.js";

const maxRedirects = 10;
const maxAttempts = 3;
/** A connection that is silent for so long is given up (milliseconds). */
const idleLimit = 60_000;
const defaultMaxBytes = 64 * 1024 ** 3;

/**
 * Downloads a URL to a file. Secrets for the host, and a user and password in the URL, go to that host only. A redirect from
 * https to http is refused. Connection failures and 429, 502, 503, 504 are tried three times in all.
 * Throws CONTEXT_BAD_REFERENCE, CONTEXT_HTTP_STATUS, CONTEXT_HTTP_FAILED, CONTEXT_HTTP_TOO_LARGE, CONTEXT_HTTP_CHECKSUM, what the
 * user's rules throw, and the signal's reason.
 */
export async function fetchUrl(request: HttpRequest): Promise<HttpResult> {
  const given = parseHttpUrl(request.url);
  const rules = request.decided === true ? undefined : request.remotes?.rules;
  const wanted = rules?.http(request.url);
  const url = wanted === undefined ? given : parseHttpUrl(wanted.url);
  const result = await fetchAgain(url, request);
  const filename = urlFilename(given);
  if (wanted?.checksum !== undefined) await checkSum(result, wanted.checksum, url);
  return result.kind === "downloaded" && filename !== undefined ? { ...result, filename } : result;
}

async function checkSum(result: HttpResult, wanted: string, url: URL): Promise<void> {
  if (result.kind === "downloaded" && result.sha256 === wanted) return;
  if (result.kind === "downloaded") await rm(result.path, { force: true });
  throw new TsbuildError(
    "CONTEXT_HTTP_CHECKSUM",
    `digest mismatch for ${redactUrl(url.href)}: the source policy expects ${wanted}, got ${result.kind === "downloaded" ? result.sha256 : "no content"}`,
    { details: { url: redactUrl(url.href), expected: wanted } },
  );
}

async function fetchAgain(url: URL, request: HttpRequest): Promise<HttpResult> {
  for (let attempt = 1; ; attempt++) {
    request.signal.throwIfAborted();
    try {
      return await downloadOnce(url, request);
    } catch (error) {
      await rm(request.destination, { force: true });
      request.signal.throwIfAborted();
      const retry = error instanceof TsbuildError && error.details["retry"] === true;
      if (!retry || attempt === maxAttempts) throw error;
      await sleep(200 * 4 ** (attempt - 1), undefined, { signal: request.signal });
    }
  }
}

/** The URL, if it is one of http or https with a host. Throws CONTEXT_BAD_REFERENCE. */
export function parseHttpUrl(text: string): URL {
  checkUrlLength(text);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new TsbuildError("CONTEXT_BAD_REFERENCE", `not an HTTP URL: ${redactUrl(text)}`);
  return url;
}

/** The file name that a URL ends with, if it can be one. */
export function urlFilename(url: URL): string | undefined {
  const last = url.pathname.split("/").at(-1) ?? "";
  let name: string;
  try {
    name = decodeURIComponent(last);
  } catch {
    // A stray percent sign: the name is taken as it is written.
    name = last;
  }
  return name === "" || name === "." || name === ".." || /[/\0]/.test(name) ? undefined : name;
}

async function downloadOnce(url: URL, request: HttpRequest): Promise<HttpResult> {
  const { remotes, signal } = request;
  const authorization =
    (remotes && (await httpAuthorization(url, remotes.secret))) ?? userAuthorization(url);
  let at = url;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const sent = at.origin === url.origin ? authorization : undefined;
    const response = await send(at, headersOf(request, sent), remotes, signal);
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if ([301, 302, 303, 307, 308].includes(status) && location !== undefined) {
      response.destroy();
      at = redirected(at, location);
      remotes?.rules?.redirect(at.href);
      continue;
    }
    const validators = validatorsOf(response);
    if (status === 304) {
      response.destroy();
      return { kind: "not-modified", validators: { ...request.validators, ...validators } };
    }
    if (status !== 200) {
      response.destroy();
      throw new TsbuildError(
        "CONTEXT_HTTP_STATUS",
        `${redactUrl(at.href)}: invalid response status ${status} ${response.statusMessage ?? ""}`.trimEnd(),
        {
          details: {
            url: redactUrl(at.href),
            status,
            retry: [429, 502, 503, 504].includes(status),
          },
        },
      );
    }
    const stored = await store(response, at, request);
    const modified = Date.parse(response.headers["last-modified"] ?? "");
    return {
      kind: "downloaded",
      path: request.destination,
      ...stored,
      validators,
      mtime: Number.isFinite(modified) ? Math.floor(modified / 1000) : 0,
    };
  }
  throw new TsbuildError(
    "CONTEXT_HTTP_FAILED",
    `${redactUrl(url.href)}: more than ${maxRedirects} redirects`,
    { details: { url: redactUrl(url.href) } },
  );
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol))
    throw new TsbuildError(
      "CONTEXT_HTTP_FAILED",
      `${redactUrl(from.href)} redirects to something that is not an HTTP URL`,
      { details: { url: redactUrl(from.href) } },
    );
  if (from.protocol === "https:" && to.protocol === "http:")
    throw new TsbuildError(
      "CONTEXT_HTTP_FAILED",
      `${redactUrl(from.href)} redirects from https to plain http (${redactUrl(to.href)})`,
      {
        details: { url: redactUrl(from.href), target: redactUrl(to.href) },
        hint: "name the http URL itself if its content may come unencrypted",
      },
    );
  return to;
}

/** The header for a user and password that stand in the URL. */
function userAuthorization({ username, password }: URL): string | undefined {
  if (username === "" && password === "") return undefined;
  const pair = `${decodedUserInfo(username)}:${decodedUserInfo(password)}`;
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function headersOf(
  request: HttpRequest,
  authorization: string | undefined,
): Record<string, string> {
  const { etag, lastModified } = request.validators ?? {};
  return {
    "user-agent": "tsbuild",
    accept: "*/*",
    "accept-encoding": "identity",
    ...defined({ "if-none-match": etag, "if-modified-since": lastModified, authorization }),
  };
}

async function send(
  url: URL,
  headers: Record<string, string>,
  remotes: RemoteAccess | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const plain = new URL(url.href);
  plain.username = "";
  plain.password = "";
  plain.hash = "";
  const route = await routeTo(plain, remotes, signal);
  // A plain request through a proxy goes to the proxy, which may itself be reached by TLS.
  const protocol = route?.options.protocol ?? url.protocol;
  // Loaded here: most builds fetch nothing by a URL, and Node takes a while for these and for TLS.
  const { request: start } = process.getBuiltinModule(
    protocol === "https:" ? "node:https" : "node:http",
  );
  return new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      signal,
      agent: false as const,
      ...route?.options,
      headers: { ...headers, ...route?.headers },
    };
    const outgoing = start(plain, options, resolve);
    outgoing.setTimeout(idleLimit, () => {
      outgoing.destroy(new Error(`no answer for ${idleLimit / 1000} seconds`));
    });
    outgoing.on("error", (error) => {
      reject(failed(url, error, true));
    });
    outgoing.end();
  });
}

async function routeTo(
  url: URL,
  remotes: RemoteAccess | undefined,
  signal: AbortSignal,
): Promise<Route | undefined> {
  try {
    return await remotes?.route(url, signal);
  } catch (error) {
    if (error instanceof TsbuildError) throw error;
    throw failed(url, error, true);
  }
}

function failed(url: URL, error: unknown, retry: boolean): TsbuildError {
  return new TsbuildError(
    "CONTEXT_HTTP_FAILED",
    `${redactUrl(url.href)}: ${errnoOf(error) ?? messageOf(error)}`,
    { details: { url: redactUrl(url.href), retry }, cause: error },
  );
}

function validatorsOf(response: IncomingMessage): HttpValidators {
  const { etag, "last-modified": lastModified } = response.headers;
  return defined({ etag, lastModified });
}

async function store(
  response: IncomingMessage,
  url: URL,
  request: HttpRequest,
): Promise<{ sha256: string; size: number }> {
  const limit = request.maxBytes ?? defaultMaxBytes;
  const announced = Number(response.headers["content-length"]);
  if (announced > limit) {
    response.destroy();
    throw tooLarge(url, limit);
  }
  const hash = createHash("sha256");
  let received = 0;
  let size = 0;
  async function* content(): AsyncGenerator<Buffer, void, undefined> {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      yield chunk;
    }
  }
  const encoded = /^(?:x-)?gzip$/i.test(response.headers["content-encoding"] ?? "");
  // "wx": the name must be new, so nothing that someone else put there is written to.
  const file = await open(request.destination, "wx", 0o600);
  try {
    for await (const chunk of encoded ? gunzipped(content()) : content()) {
      size += chunk.length;
      if (size > limit) throw tooLarge(url, limit);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
  } catch (error) {
    if (error instanceof TsbuildError) throw error;
    throw failed(url, error, true);
  } finally {
    await file.close();
  }
  if (Number.isFinite(announced) && announced !== received)
    throw failed(
      url,
      new Error(`the connection ended after ${received} of ${announced} bytes`),
      true,
    );
  return { sha256: `sha256:${hash.digest("hex")}`, size };
}

function gunzipped(bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const gunzip = createGunzip();
  // What goes wrong is what the reader of the result gets.
  pipeline(bytes, gunzip).catch(() => undefined);
  return gunzip as AsyncIterable<Buffer>;
}

function tooLarge(url: URL, limit: number): TsbuildError {
  return new TsbuildError(
    "CONTEXT_HTTP_TOO_LARGE",
    `${redactUrl(url.href)}: more than ${limit} bytes`,
    { details: { url: redactUrl(url.href), maxBytes: limit } },
  );
}
