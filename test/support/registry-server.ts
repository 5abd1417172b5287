// SPDX-License-Identifier: Apache-2.0
// A registry in this process, on a random port of 127.0.0.1: enough of the distribution protocol for a client to pull and
// push, and switches for everything that goes wrong in the field.

import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export type AuthMode =
  | { readonly kind: "none" }
  | { readonly kind: "basic"; readonly username: string; readonly password: string }
  | {
      readonly kind: "bearer";
      /** Absent: anonymous tokens are given out. */
      readonly username?: string;
      readonly password?: string;
      /** Accepted as refresh token (OAuth2). */
      readonly identityToken?: string;
    };

/** What the next fitting requests get instead of their answer. */
export interface Fault {
  /** Method and path, as `GET /v2/...`. */
  readonly match: RegExp;
  /** How many requests; default 1. */
  times?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Cut the connection before an answer. */
  readonly reset?: boolean;
  /** Send the true answer's head and this many bytes of its body, then cut the connection. */
  readonly truncateAt?: number;
  /** Change the body's first byte. */
  readonly corrupt?: boolean;
  /** Milliseconds to wait before the answer. */
  readonly delay?: number;
}

export interface Logged {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface RegistryServerOptions {
  readonly auth?: AuthMode;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Without HEAD's Docker-Content-Digest, as some registries are. */
  readonly noDigestHeader?: boolean;
  readonly noRange?: boolean;
  /** Refuse uploads of more than this many bytes in one request (413). */
  readonly maxBody?: number;
}

interface Stored {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

const sha256 = (bytes: Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export class RegistryServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #options: RegistryServerOptions;
  readonly #blobs = new Map<string, Map<string, Buffer>>();
  readonly #manifests = new Map<string, Map<string, Stored>>();
  readonly #uploads = new Map<string, Buffer>();
  readonly #tokens = new Map<string, readonly string[]>();
  readonly #faults: Fault[] = [];
  readonly log: Logged[] = [];
  /** Scopes of the tokens given out. */
  readonly scopes: string[] = [];

  private constructor(options: RegistryServerOptions) {
    this.#options = options;
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    };
    this.#server =
      options.tls === undefined ? createServer(serve) : createTlsServer(options.tls, serve);
  }

  static async start(options: RegistryServerOptions = {}): Promise<RegistryServer> {
    const server = new RegistryServer(options);
    await new Promise<void>((resolve) => {
      server.#server.listen(0, "127.0.0.1", resolve);
    });
    return server;
  }

  /** `127.0.0.1:port`. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get #origin(): string {
    return `${this.#options.tls === undefined ? "http" : "https"}://${this.host}`;
  }

  fault(fault: Fault): void {
    this.#faults.push(fault);
  }

  putBlob(repository: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    const blobs = this.#blobs.get(repository) ?? new Map<string, Buffer>();
    this.#blobs.set(repository, blobs.set(digest, bytes));
    return digest;
  }

  putManifest(repository: string, name: string, mediaType: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    const manifests = this.#manifests.get(repository) ?? new Map<string, Stored>();
    this.#manifests.set(repository, manifests);
    manifests.set(digest, { bytes, mediaType }).set(name, { bytes, mediaType });
    return digest;
  }

  blob(repository: string, digest: string): Buffer | undefined {
    return this.#blobs.get(repository)?.get(digest);
  }

  manifest(repository: string, name: string): Stored | undefined {
    return this.#manifests.get(repository)?.get(name);
  }

  requests(pattern: RegExp): Logged[] {
    return this.log.filter(({ method, url }) => pattern.test(`${method} ${url}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? "";
    const url = request.url ?? "";
    const { authorization, range } = request.headers;
    this.log.push({ method, url, authorization, range });
    const fault = this.#faults.find((f) => (f.times ?? 1) > 0 && f.match.test(`${method} ${url}`));
    if (fault !== undefined) {
      fault.times = (fault.times ?? 1) - 1;
      if (fault.delay !== undefined) await new Promise((r) => setTimeout(r, fault.delay));
      if (fault.reset === true) {
        request.socket.destroy();
        return;
      }
      if (fault.status !== undefined) {
        await bodyOf(request);
        response.writeHead(fault.status, fault.headers).end(fault.body);
        return;
      }
    }
    const target = new URL(url, this.#origin);
    if (target.pathname === "/token") await this.#token(request, response, target);
    else if (!this.#isAllowed(authorization, target, method))
      await this.#challenge(request, response);
    else await this.#registry(request, response, target, fault);
  }

  #isAllowed(authorization: string | undefined, target: URL, method: string): boolean {
    const { auth = { kind: "none" } } = this.#options;
    if (auth.kind === "none") return true;
    if (auth.kind === "basic")
      return (
        authorization ===
        `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`
      );
    const scopes = this.#tokens.get(authorization?.replace(/^Bearer /, "") ?? "");
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs)\//.exec(target.pathname)?.[1];
    if (scopes === undefined || target.pathname === "/v2/") return scopes !== undefined;
    const action = method === "GET" || method === "HEAD" ? "pull" : "push";
    return scopes.some(
      (scope) =>
        scope.startsWith(`repository:${repository ?? ""}:`) &&
        (scope.split(":").at(-1) ?? "").split(",").includes(action),
    );
  }

  async #challenge(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await bodyOf(request);
    const value =
      this.#options.auth?.kind === "basic"
        ? 'Basic realm="a, \\"quoted\\" realm"'
        : `Bearer realm="${this.#origin}/token",service="registry.test"`;
    response.writeHead(401, { "www-authenticate": value });
    response.end('{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  }

  async #token(request: IncomingMessage, response: ServerResponse, target: URL): Promise<void> {
    const auth = this.#options.auth;
    const form = new URLSearchParams((await bodyOf(request)).toString());
    const login = request.headers.authorization;
    const refresh = form.get("refresh_token");
    const wanted =
      auth?.kind === "bearer" && auth.username !== undefined
        ? `Basic ${Buffer.from(`${auth.username}:${auth.password ?? ""}`).toString("base64")}`
        : undefined;
    const good =
      auth?.kind === "bearer" &&
      (refresh !== null
        ? refresh === auth.identityToken
        : (wanted === undefined && auth.identityToken === undefined) || login === wanted);
    if (!good) {
      response.writeHead(401).end('{"details":"incorrect username or password"}');
      return;
    }
    const scopes = [
      ...target.searchParams.getAll("scope"),
      ...(form.get("scope") ?? "").split(" "),
    ];
    this.scopes.push(...scopes.filter((scope) => scope !== ""));
    const token = randomBytes(8).toString("hex");
    this.#tokens.set(token, scopes);
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ [refresh === null ? "token" : "access_token"]: token, expires_in: 300 }),
    );
  }

  async #registry(
    request: IncomingMessage,
    response: ServerResponse,
    target: URL,
    fault: Fault | undefined,
  ): Promise<void> {
    const body = await bodyOf(request);
    const { maxBody } = this.#options;
    if (maxBody !== undefined && body.length > maxBody) {
      response.writeHead(413).end("too large");
      return;
    }
    const [, repository = "", kind = "", name = ""] =
      /^\/v2\/(.+)\/(manifests|blobs)\/(.*)$/.exec(target.pathname) ?? [];
    if (kind === "manifests") this.#serveManifest(request, response, repository, name, body, fault);
    else if (name.startsWith("uploads/"))
      this.#upload(request, response, repository, name.slice("uploads/".length), target, body);
    else if (kind === "blobs") {
      const bytes = this.blob(repository, name);
      this.#send(request, response, bytes, "application/octet-stream", fault);
    } else response.writeHead(target.pathname === "/v2/" ? 200 : 404).end();
  }

  #serveManifest(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    name: string,
    body: Buffer,
    fault: Fault | undefined,
  ): void {
    if (request.method === "PUT") {
      const mediaType = request.headers["content-type"] ?? "";
      const digest = this.putManifest(repository, name, mediaType, body);
      response.writeHead(201, { "docker-content-digest": digest }).end();
      return;
    }
    const stored = this.manifest(repository, name);
    this.#send(request, response, stored?.bytes, stored?.mediaType ?? "", fault);
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    bytes: Buffer | undefined,
    mediaType: string,
    fault: Fault | undefined,
  ): void {
    if (bytes === undefined) {
      response.writeHead(404);
      response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not known"}]}');
      return;
    }
    const from = this.#options.noRange === true ? undefined : request.headers.range;
    const start = Number(/^bytes=(\d+)-$/.exec(from ?? "")?.[1] ?? 0);
    const part = Buffer.from(bytes.subarray(start));
    if (fault?.corrupt === true) part[0] = (part[0] ?? 0) ^ 1;
    response.writeHead(start > 0 ? 206 : 200, {
      "content-type": mediaType,
      "content-length": String(part.length),
      ...(this.#options.noDigestHeader === true ? {} : { "docker-content-digest": sha256(bytes) }),
      ...(start > 0
        ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` }
        : {}),
    });
    if (request.method === "HEAD") response.end();
    else if (fault?.truncateAt === undefined) response.end(part);
    else
      response.write(part.subarray(0, fault.truncateAt), () => {
        request.socket.destroySoon();
      });
  }

  #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    id: string,
    target: URL,
    body: Buffer,
  ): void {
    const at = (upload: string): string => `/v2/${repository}/blobs/uploads/${upload}?state=opaque`;
    if (request.method === "POST") {
      const [mount, from] = [target.searchParams.get("mount"), target.searchParams.get("from")];
      const lent = mount === null || from === null ? undefined : this.blob(from, mount);
      if (lent !== undefined) {
        this.putBlob(repository, lent);
        response.writeHead(201).end();
        return;
      }
      const upload = randomBytes(8).toString("hex");
      this.#uploads.set(upload, Buffer.alloc(0));
      response.writeHead(202, { location: at(upload) }).end();
      return;
    }
    const before = this.#uploads.get(id);
    if (before === undefined) {
      response.writeHead(404).end();
      return;
    }
    const bytes = Buffer.concat([before, body]);
    if (request.method === "PATCH") {
      this.#uploads.set(id, bytes);
      response.writeHead(202, { location: at(id) }).end();
      return;
    }
    this.#uploads.delete(id);
    if (sha256(bytes) !== target.searchParams.get("digest")) {
      response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID","message":"no"}]}');
      return;
    }
    this.putBlob(repository, bytes);
    response.writeHead(201).end();
  }
}
