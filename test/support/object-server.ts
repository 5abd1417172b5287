// SPDX-License-Identifier: Apache-2.0
// Places of objects in this process, on 127.0.0.1: a bucket of S3 and an account of Azure's storage, each with what tells its own
// clients from others. The proofs of requests are computed here from the services' own documentation.

import { createHash, createHmac, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault } from "./registry-server.js";

export interface StoredObject {
  bytes: Buffer;
  /** Milliseconds since the epoch. */
  writtenAt: number;
}

export interface Asked {
  readonly method: string;
  readonly target: URL;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export type ObjectFault = Pick<Fault, "match" | "times" | "status" | "headers" | "body" | "reset"> &
  Pick<Fault, "truncateAt">;

/** What both have in common. */
abstract class ObjectServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #faults: ObjectFault[] = [];
  /** By key. */
  readonly objects = new Map<string, StoredObject>();
  readonly log: Asked[] = [];

  protected constructor() {
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : undefined);
      });
    });
  }

  protected async listen(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, "127.0.0.1", resolve);
    });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  fault(fault: ObjectFault): void {
    this.#faults.push(fault);
  }

  /** Method and path of the requests that fit. */
  requests(pattern: RegExp): string[] {
    return this.log
      .map(({ method, target }) => `${method} ${target.pathname}${target.search}`)
      .filter((line) => pattern.test(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  protected abstract answer(asked: Asked): Answer;

  /** Bytes, or the part of them that was asked for. */
  protected found({ headers }: Asked, { bytes, writtenAt }: StoredObject): Answer {
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? "") ?? [];
    const date = { "last-modified": new Date(writtenAt).toUTCString() };
    if (from === undefined) return { status: 200, headers: date, body: bytes };
    return {
      status: 206,
      headers: { ...date, "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
      body: bytes.subarray(Number(from)),
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "", headers } = request;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = {
      method,
      target: new URL(url, this.origin),
      headers,
      body: Buffer.concat(chunks),
    };
    this.log.push(asked);
    const fault = this.#faults.find((f) => (f.times ?? 1) > 0 && f.match.test(`${method} ${url}`));
    if (fault !== undefined) fault.times = (fault.times ?? 1) - 1;
    if (fault?.reset === true) {
      request.socket.destroy();
      return;
    }
    const {
      status,
      headers: own = {},
      body = "",
    } = fault?.status === undefined ? this.answer(asked) : { ...fault, status: fault.status };
    const bytes = Buffer.from(body);
    response.writeHead(status, { ...own, "content-length": bytes.length });
    if (method === "HEAD") response.end();
    else if (fault?.truncateAt === undefined) response.end(bytes);
    else response.write(bytes.subarray(0, fault.truncateAt), () => request.socket.destroy());
  }
}

const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");
const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac("sha256", key).update(text).digest();

/** Signature Version 4 of a request, as the service computes it. */
export function signatureOf(
  { method, target, headers }: Asked,
  { secret, region }: { readonly secret: string; readonly region: string },
): string {
  const [, signed = ""] = /SignedHeaders=([^,\s]+)/.exec(headers.authorization ?? "") ?? [];
  const date = String(headers["x-amz-date"]);
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const query = [...target.searchParams]
    .map(([name, value]) => `${strict(name)}=${strict(value)}`)
    .sort();
  const canonical = [
    method,
    target.pathname,
    query.join("&"),
    ...signed.split(";").map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    signed,
    headers["x-amz-content-sha256"],
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = [date.slice(0, 8), region, "s3", "aws4_request"].reduce<Buffer | string>(
    (above, part) => hmac(above, part),
    `AWS4${secret}`,
  );
  return hmac(key, text).toString("hex");
}

function strict(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function xmlError(status: number, code: string): Answer {
  return { status, body: `<Error><Code>${code}</Code><Message>the message</Message></Error>` };
}

/** One bucket, in path style. */
export class BucketServer extends ObjectServer {
  readonly bucket = "my-bucket";
  readonly region = "eu-west-7";
  readonly keyId = "AKIAEXAMPLE";
  readonly secret = randomBytes(20).toString("hex");
  /** Undefined: the keys are good without. */
  token: string | undefined;
  readonly #parts = new Map<string, Map<number, Buffer>>();

  static async start(): Promise<BucketServer> {
    const server = new BucketServer();
    await server.listen();
    return server;
  }

  /** Uploads that were begun and neither finished nor taken back. */
  get openUploads(): number {
    return this.#parts.size;
  }

  protected override answer(asked: Asked): Answer {
    const { method, target, headers, body } = asked;
    const [, path = ""] = target.pathname.split(`/${this.bucket}/`);
    const key = decodeURIComponent(path);
    const [, id] = /Credential=([^/]+)\//.exec(headers.authorization ?? "") ?? [];
    if (id !== this.keyId) return xmlError(403, "InvalidAccessKeyId");
    if (headers["x-amz-security-token"] !== this.token) return xmlError(403, "InvalidToken");
    if (!headers.authorization?.endsWith(`Signature=${signatureOf(asked, this)}`))
      return xmlError(403, "SignatureDoesNotMatch");
    if (headers["x-amz-content-sha256"] !== sha256(body))
      return xmlError(400, "XAmzContentSHA256Mismatch");
    const query = target.searchParams;
    if (method === "POST" && query.has("uploads")) {
      const upload = `${randomBytes(4).toString("hex")}+/=`;
      this.#parts.set(upload, new Map());
      return { status: 200, body: `<R><Key>x</Key><UploadId>${upload}</UploadId></R>` };
    }
    const upload = query.get("uploadId");
    if (upload !== null) return this.#upload(asked, key, upload);
    if (method === "PUT") return this.#put(asked, key);
    const object = this.objects.get(key);
    return object === undefined ? xmlError(404, "NoSuchKey") : this.found(asked, object);
  }

  #put({ headers, body }: Asked, key: string): Answer {
    const source = headers["x-amz-copy-source"];
    const copied =
      typeof source === "string"
        ? this.objects.get(decodeURIComponent(source.replace(`/${this.bucket}/`, "")))?.bytes
        : body;
    if (copied === undefined) return xmlError(404, "NoSuchKey");
    this.objects.set(key, { bytes: copied, writtenAt: Date.now() });
    return { status: 200, headers: { etag: '"x"' } };
  }

  #upload({ method, target, body }: Asked, key: string, upload: string): Answer {
    const parts = this.#parts.get(upload);
    if (parts === undefined) return xmlError(404, "NoSuchUpload");
    const number = Number(target.searchParams.get("partNumber"));
    if (method === "PUT") {
      parts.set(number, body);
      return { status: 200, headers: { etag: `"${number}&"` } };
    }
    this.#parts.delete(upload);
    if (method === "DELETE") return { status: 204 };
    const listed = [...body.toString().matchAll(/<PartNumber>(\d+)<.*?<ETag>(.*?)</g)];
    const chosen = listed.map(([, part, tag]) =>
      tag === `&quot;${part ?? ""}&amp;&quot;` ? parts.get(Number(part)) : undefined,
    );
    const bytes = chosen.filter((part) => part !== undefined);
    const small = bytes.slice(0, -1).some((part) => part.length < 5 << 20);
    // An error after a while comes with the status of success.
    if (bytes.length !== chosen.length || small) return { ...xmlError(200, "InvalidPart") };
    this.objects.set(key, { bytes: Buffer.concat(bytes), writtenAt: Date.now() });
    return { status: 200, body: "<R><Key>x</Key></R>" };
  }
}

/** The account `account`, in the style of Azure's emulator: its name is a part of the path. */
export class AccountServer extends ObjectServer {
  readonly account = "account";
  readonly key = randomBytes(64);
  readonly containers = new Set<string>();
  readonly #blocks = new Map<string, Map<string, Buffer>>();

  static async start(): Promise<AccountServer> {
    const server = new AccountServer();
    await server.listen();
    return server;
  }

  get url(): string {
    return `${this.origin}/${this.account}`;
  }

  #signature({ method, target, headers, body }: Asked): string {
    const own = Object.entries(headers)
      .filter(([name]) => name.startsWith("x-ms-"))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}:${String(value)}\n`);
    const query = [...target.searchParams].sort(([a], [b]) => (a < b ? -1 : 1));
    const text = [
      method,
      ...["", "", body.length === 0 ? "" : String(body.length), ""],
      headers["content-type"] ?? "",
      ...["", "", "", "", ""],
      headers.range ?? "",
      `${own.join("")}/${this.account}${target.pathname}` +
        query.map(([name, value]) => `\n${name}:${value}`).join(""),
    ].join("\n");
    return hmac(this.key, text).toString("base64");
  }

  protected override answer(asked: Asked): Answer {
    const { method, target, headers, body } = asked;
    const refuse = (status: number, code: string): Answer => ({
      ...xmlError(status, code),
      headers: { "x-ms-error-code": code },
    });
    if (headers.authorization !== `SharedKey ${this.account}:${this.#signature(asked)}`)
      return refuse(403, "AuthenticationFailed");
    const [, container = "", path = ""] =
      new RegExp(`^/${this.account}/([^/]+)/?(.*)$`).exec(target.pathname) ?? [];
    const there = this.containers.has(container);
    const query = target.searchParams;
    if (query.get("restype") === "container") {
      if (method === "HEAD") return there ? { status: 200 } : refuse(404, "ContainerNotFound");
      this.containers.add(container);
      return there ? refuse(409, "ContainerAlreadyExists") : { status: 201 };
    }
    if (!there) return refuse(404, "ContainerNotFound");
    const key = `${container}/${decodeURIComponent(path)}`;
    const object = this.objects.get(key);
    if (method !== "PUT")
      return object === undefined ? refuse(404, "BlobNotFound") : this.found(asked, object);
    const blocks = this.#blocks.get(key) ?? new Map<string, Buffer>();
    this.#blocks.set(key, blocks);
    if (query.get("comp") === "block") {
      blocks.set(query.get("blockid") ?? "", body);
      return { status: 201 };
    }
    const listed = [...body.toString().matchAll(/<Latest>([^<]*)</g)].map(([, id = ""]) => id);
    const bytes =
      query.get("comp") === "blocklist"
        ? Buffer.concat(listed.map((id) => blocks.get(id) ?? Buffer.alloc(0)))
        : body;
    this.objects.set(key, { bytes, writtenAt: Date.now() });
    return { status: 201 };
  }
}
