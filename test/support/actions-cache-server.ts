// SPDX-License-Identifier: Apache-2.0
// The cache service of GitHub Actions in this process: the service itself (both versions of its protocol) on one port of
// 127.0.0.1, and the store of its blobs, which is asked with signed URLs, on another. BuildKit's client takes it for the true one.

import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault } from "./registry-server.js";

/** As of a registry; method and path are as `POST /twirp/...`. */
export type CacheFault = Omit<Fault, "corrupt" | "delay">;

export interface CacheRequest {
  /** Which of the two was asked. */
  readonly host: "service" | "blobs";
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  /** Bytes. */
  readonly length: number;
}

export interface CacheEntry {
  readonly id: number;
  readonly scope: string;
  readonly key: string;
  readonly version: string;
  bytes: Buffer;
  /** Only what is complete can be read. */
  complete: boolean;
}

/** A scope that a token opens: 1 to read, 2 to write, 3 both. */
export interface TokenScope {
  readonly Scope: string;
  readonly Permission: 1 | 2 | 3;
}

/** A token as a runner has it. Nothing verifies the signature here. */
export function actionsToken(...scopes: readonly TokenScope[]): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  return [
    part({ alg: "HS256", typ: "JWT" }),
    part({ nbf: now - 60, exp: now + 3600, ac: JSON.stringify(scopes) }),
    randomBytes(32).toString("base64url"),
  ].join(".");
}

const methods = "/twirp/github.actions.results.api.v1.CacheService/";
/** Below whatever path the service has. */
const rest = "/_apis/artifactcache/";

/** A request as its handlers see it. */
interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: URL;
  readonly body: Buffer;
  readonly fault: CacheFault | undefined;
}

export class ActionsCacheServer implements AsyncDisposable {
  readonly #service: Server;
  readonly #blobs: Server;
  readonly #faults: CacheFault[] = [];
  readonly #blocks = new Map<number, Map<string, Buffer>>();
  #lastId = 0;
  /** In every signed URL: no output of a client may hold it. */
  readonly signature = randomBytes(16).toString("hex");
  /** In the order in which they were reserved. */
  readonly entries: CacheEntry[] = [];
  readonly log: CacheRequest[] = [];

  private constructor() {
    const listener =
      (host: CacheRequest["host"]) =>
      (request: IncomingMessage, response: ServerResponse): void => {
        this.#serve(host, request, response).catch((error: unknown) => {
          response.destroy(error instanceof Error ? error : undefined);
        });
      };
    this.#service = createServer(listener("service"));
    this.#blobs = createServer(listener("blobs"));
  }

  static async start(): Promise<ActionsCacheServer> {
    const server = new ActionsCacheServer();
    for (const each of [server.#service, server.#blobs])
      await new Promise<void>((resolve) => {
        each.listen(0, "127.0.0.1", resolve);
      });
    return server;
  }

  /** The service's URL, as ACTIONS_RESULTS_URL and ACTIONS_CACHE_URL give it. */
  get url(): string {
    return `${originOf(this.#service)}/`;
  }

  fault(fault: CacheFault): void {
    this.#faults.push(fault);
  }

  /** Method and path (`POST /twirp/...`) of the requests that fit. */
  requests(pattern: RegExp): CacheRequest[] {
    return this.log.filter(({ method, url }) => pattern.test(`${method} ${url}`));
  }

  /** Removes the entries that fit, as the service does when it needs the space. */
  evict(pattern: RegExp): void {
    const kept = this.entries.filter(({ key }) => !pattern.test(key));
    this.entries.splice(0, this.entries.length, ...kept);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.#service, this.#blobs]) {
      each.closeAllConnections();
      await new Promise((resolve) => each.close(resolve));
    }
  }

  async #serve(
    host: CacheRequest["host"],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { method = "", url = "", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.log.push({ host, method, url, headers, length: body.length });
    const fault = this.#faults.find((f) => (f.times ?? 1) > 0 && f.match.test(`${method} ${url}`));
    if (fault !== undefined) {
      fault.times = (fault.times ?? 1) - 1;
      if (fault.reset === true) {
        request.socket.destroy();
        return;
      }
      if (fault.status !== undefined) {
        response.writeHead(fault.status, fault.headers).end(fault.body);
        return;
      }
    }
    const target = new URL(url, this.url);
    const asked = { request, response, target, body, fault };
    if (host === "blobs") this.#serveBlob(asked);
    else if (target.pathname.startsWith(methods))
      this.#call(asked, target.pathname.slice(methods.length));
    else if (target.pathname.includes(rest))
      this.#callRest(asked, target.pathname.split(rest)[1] ?? "");
    else response.writeHead(404).end();
  }

  /** The scopes of the token; undefined when there is none. */
  #scopes({ request }: Asked): readonly TokenScope[] | undefined {
    const [, claims] =
      /^Bearer [\w-]+\.([\w-]+)\.[\w-]+$/.exec(request.headers.authorization ?? "") ?? [];
    if (claims === undefined) return undefined;
    const { ac } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { ac: string };
    return JSON.parse(ac) as TokenScope[];
  }

  /**
   * What a key means to a token: in each scope in turn the entry of that name, else the newest whose name begins with one of
   * the prefixes.
   */
  #find(
    scopes: readonly TokenScope[],
    key: string,
    prefixes: readonly string[],
    version: string,
  ): CacheEntry | undefined {
    for (const { Scope: scope, Permission: permission } of scopes) {
      if ((permission & 1) === 0) continue;
      const there = this.entries.filter(
        (entry) => entry.complete && entry.scope === scope && entry.version === version,
      );
      const found =
        there.find((entry) => entry.key === key) ??
        [key, ...prefixes]
          .map((prefix) => there.findLast((entry) => entry.key.startsWith(prefix)))
          .find((entry) => entry !== undefined);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A new entry in the scope that the token may write to. */
  #reserve(
    scopes: readonly TokenScope[],
    key: string,
    version: string,
  ): CacheEntry | "taken" | "denied" {
    const scope = writable(scopes);
    if (scope === undefined) return "denied";
    const taken = this.entries.some(
      (entry) => entry.scope === scope && entry.key === key && entry.version === version,
    );
    if (taken) return "taken";
    const id = ++this.#lastId;
    const entry = { id, scope, key, version, bytes: Buffer.alloc(0), complete: false };
    this.entries.push(entry);
    return entry;
  }

  #signed(entry: CacheEntry): string {
    const query = new URLSearchParams({ sv: "2021-12-02", sig: this.signature });
    return `${originOf(this.#blobs)}/actions-cache/${entry.id}?${query.toString()}`;
  }

  /** Version 2: remote calls in JSON. */
  #call(asked: Asked, method: string): void {
    const answer = (status: number, value: unknown): void => {
      send(asked, status, Buffer.from(JSON.stringify(value)), "application/json");
    };
    const scopes = this.#scopes(asked);
    if (scopes === undefined) {
      answer(401, { code: "unauthenticated", msg: "no token" });
      return;
    }
    const fields = JSON.parse(asked.body.toString()) as Record<string, unknown>;
    const { key, version } = fields as { key: string; version: string };
    switch (method) {
      case "CreateCacheEntry": {
        const entry = this.#reserve(scopes, key, version);
        if (entry === "taken")
          answer(409, { code: "already_exists", msg: "cache entry already exists" });
        else if (entry === "denied") answer(403, { code: "permission_denied", msg: "read only" });
        else answer(200, { ok: true, signed_upload_url: this.#signed(entry), message: "" });
        return;
      }
      case "FinalizeCacheEntryUpload": {
        const entry = this.entries.find(
          (e) => e.scope === writable(scopes) && e.key === key && e.version === version,
        );
        if (entry?.bytes.length !== Number(fields["size_bytes"])) answer(200, { ok: false });
        else {
          entry.complete = true;
          answer(200, { ok: true, entry_id: String(entry.id), message: "" });
        }
        return;
      }
      case "GetCacheEntryDownloadURL": {
        const prefixes = (fields["restore_keys"] ?? []) as string[];
        const entry = this.#find(scopes, key, prefixes, version);
        answer(
          200,
          entry === undefined
            ? { ok: false, signed_download_url: "", matched_key: "" }
            : { ok: true, signed_download_url: this.#signed(entry), matched_key: entry.key },
        );
        return;
      }
      default:
        answer(404, { code: "bad_route", msg: "no such method" });
    }
  }

  /** Version 1: resources. Bytes go to the service itself, and come from a signed URL. */
  #callRest(asked: Asked, path: string): void {
    const { request, response, target, body } = asked;
    const answer = (status: number, value: unknown): void => {
      send(asked, status, Buffer.from(JSON.stringify(value)), "application/json");
    };
    const scopes = this.#scopes(asked);
    if (scopes === undefined) {
      answer(401, { typeKey: "Unauthorized", message: "no token" });
      return;
    }
    if (request.method === "GET" && path === "cache") {
      const keys = (target.searchParams.get("keys") ?? "").split(",");
      const version = target.searchParams.get("version") ?? "";
      const entry = this.#find(scopes, keys[0] ?? "", keys, version);
      if (entry === undefined) response.writeHead(204).end();
      else
        answer(200, {
          cacheKey: entry.key,
          scope: entry.scope,
          archiveLocation: this.#signed(entry),
        });
      return;
    }
    const [, id] = /^caches\/(\d+)$/.exec(path) ?? [];
    if (request.method === "POST" && path === "caches") {
      const { key, version } = JSON.parse(body.toString()) as { key: string; version: string };
      const entry = this.#reserve(scopes, key, version);
      if (entry === "taken")
        answer(409, {
          typeKey: "ArtifactCacheItemAlreadyExistsException",
          message: "cache already exists",
        });
      else if (entry === "denied") answer(403, { typeKey: "Denied", message: "read only" });
      else answer(201, { cacheId: entry.id });
      return;
    }
    const entry = this.entries.find((each) => each.id === Number(id ?? "0"));
    if (entry === undefined) answer(404, { message: "no such cache" });
    else if (request.method === "PATCH") {
      const [, from = "0"] = /^bytes (\d+)-/.exec(request.headers["content-range"] ?? "") ?? [];
      entry.bytes = placed(entry.bytes, Number(from), body);
      response.writeHead(204).end();
    } else {
      const { size } = JSON.parse(body.toString()) as { size: number };
      entry.complete = size === entry.bytes.length;
      if (entry.complete) response.writeHead(204).end();
      else answer(400, { message: "size does not match" });
    }
  }

  /** Azure's block blobs: whole ones, blocks and lists of blocks, and ranges of what is there. */
  #serveBlob(asked: Asked): void {
    const { request, response, target, fault } = asked;
    const [, id = "0"] = /^\/actions-cache\/(\d+)$/.exec(target.pathname) ?? [];
    const entry = this.entries.find((each) => each.id === Number(id));
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { "x-ms-error-code": code }).end();
    };
    if (entry === undefined) refuse(404, "BlobNotFound");
    else if (target.searchParams.get("sig") !== this.signature) refuse(403, "AuthenticationFailed");
    // Azure takes one kind of credentials only.
    else if (request.headers.authorization !== undefined) refuse(400, "InvalidAuthenticationInfo");
    else if (request.method === "GET") {
      const wanted = request.headers["x-ms-range"] ?? request.headers.range;
      const [, from] = /^bytes=(\d+)-$/.exec(typeof wanted === "string" ? wanted : "") ?? [];
      const { length } = entry.bytes;
      if (from === undefined)
        send(asked, 200, entry.bytes, "application/octet-stream", fault?.truncateAt);
      else {
        const range = `bytes ${from}-${length - 1}/${length}`;
        response.setHeader("content-range", range);
        const bytes = entry.bytes.subarray(Number(from));
        send(asked, 206, bytes, "application/octet-stream", fault?.truncateAt);
      }
    } else this.#put(asked, entry);
  }

  #put({ request, response, target, body }: Asked, entry: CacheEntry): void {
    const created = (): void => {
      response
        .writeHead(201, {
          "x-ms-request-id": randomBytes(8).toString("hex"),
          etag: '"1"',
          "last-modified": new Date().toUTCString(),
        })
        .end();
    };
    const blocks = this.#blocks.get(entry.id) ?? new Map<string, Buffer>();
    this.#blocks.set(entry.id, blocks);
    const part = target.searchParams.get("comp");
    if (part === "block") {
      blocks.set(target.searchParams.get("blockid") ?? "", body);
      created();
    } else if (part === "blocklist") {
      const ids = [...body.toString().matchAll(/<(?:Latest|Uncommitted)>([^<]*)</g)];
      const found = ids.map(([, id = ""]) => blocks.get(id));
      const whole = found.filter((block) => block !== undefined);
      if (whole.length < found.length)
        response.writeHead(400, { "x-ms-error-code": "InvalidBlockList" }).end();
      else {
        entry.bytes = Buffer.concat(whole);
        created();
      }
    } else if (request.headers["x-ms-blob-type"] === "BlockBlob") {
      entry.bytes = body;
      created();
    } else response.writeHead(400, { "x-ms-error-code": "MissingRequiredHeader" }).end();
  }
}

function writable(scopes: readonly TokenScope[]): string | undefined {
  return scopes.find(({ Permission: permission }) => (permission & 2) !== 0)?.Scope;
}

function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The bytes with others in their place from an offset on. */
function placed(bytes: Buffer, from: number, part: Buffer): Buffer {
  const whole = Buffer.alloc(Math.max(bytes.length, from + part.length));
  bytes.copy(whole);
  part.copy(whole, from);
  return whole;
}

function send(
  { request, response }: Asked,
  status: number,
  bytes: Buffer,
  type: string,
  truncateAt?: number,
): void {
  response.writeHead(status, { "content-type": type, "content-length": bytes.length });
  if (truncateAt === undefined || truncateAt >= bytes.length) response.end(bytes);
  else
    response.write(bytes.subarray(0, truncateAt), () => {
      request.socket.destroy();
    });
}
