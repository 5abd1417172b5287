// SPDX-License-Identifier: Apache-2.0
// A bucket of Amazon's S3, or of a service that speaks its protocol (Signature Version 4).
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html

import { defined } from "../../base/index.js";
import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { buffer } from "node:stream/consumers";
import type { Connections, HttpAnswer } from "../../registry/index.js";
import { serviceError } from "../errors.js";
import { send, type Content, type Upload } from "../uploads.js";
import { credentialsOf, type CredentialSource } from "./aws-credentials.js";
import type { FoundObject, ObjectPlace } from "./place.js";
import type { S3Settings } from "./s3-settings.js";
import { elementOf, ObjectService, refusal, type ObjectRequest, type Sign } from "./service.js";

/** S3 takes 10,000 parts of at least 5 MB. */
const smallestPart = 8 << 20;
const mostParts = 10_000;
/** What S3 copies in one request. */
const largestCopy = 5 * 1024 ** 3;

export class Bucket implements ObjectPlace {
  readonly #service: ObjectService;
  readonly #settings: S3Settings;

  constructor(connections: Connections, settings: S3Settings) {
    this.#settings = settings;
    const retry = { attempts: settings.attempts, baseDelay: 500 };
    const credentials = credentialsOf(settings, connections);
    this.#service = new ObjectService(connections, retry, signerOf(settings, credentials));
  }

  async find(key: string, signal: AbortSignal): Promise<FoundObject | undefined> {
    return await this.#service.open(
      this.#request("HEAD", key, { what: `look for ${key}`, accept: [200, 404], signal }),
      ({ status, headers, body }) => {
        body.resume();
        if (status === 404) return undefined;
        const writtenAt = Date.parse(headers["last-modified"] ?? "");
        return {
          size: Number(headers["content-length"]),
          writtenAt: Number.isNaN(writtenAt) ? undefined : writtenAt,
        };
      },
    );
  }

  async open(key: string, offset: number, signal: AbortSignal): Promise<HttpAnswer | undefined> {
    const request = this.#request("GET", key, {
      what: `read ${key}`,
      ...(offset === 0 ? {} : { headers: { range: `bytes=${offset}-` } }),
      accept: [200, 206, 404],
      signal,
    });
    return await this.#service.open(request, (answer) => {
      if (answer.status !== 404) return answer;
      answer.body.destroy();
      return undefined;
    });
  }

  async write(key: string, content: Content, signal: AbortSignal): Promise<void> {
    const what = `write ${key}`;
    const partSize = Math.max(smallestPart, Math.ceil(content.size / mostParts));
    if (content.size > partSize) {
      await this.#inParts(key, what, signal, (upload) => send(upload, content, partSize, signal));
      return;
    }
    const body = await buffer(content.open());
    await this.#service.send(this.#request("PUT", key, { what, body, accept: [200], signal }));
  }

  /** A copy onto itself; S3 wants something about it to change. */
  async touch(key: string, { size }: FoundObject, signal: AbortSignal): Promise<void> {
    const what = `touch ${key}`;
    const source = `/${this.#settings.bucket}/${encodeKey(key)}`;
    const copy = { "x-amz-copy-source": source };
    if (size <= largestCopy) {
      const headers = {
        ...copy,
        "x-amz-metadata-directive": "REPLACE",
        "x-amz-meta-updated-at": new Date().toISOString(),
      };
      await this.#tell(this.#request("PUT", key, { what, headers, accept: [200], signal }));
      return;
    }
    await this.#inParts(key, what, signal, async (upload) => {
      for (let start = 0; start < size; start += largestCopy) {
        const end = Math.min(start + largestCopy, size) - 1;
        const range = { "x-amz-copy-source-range": `bytes=${start}-${end}` };
        await upload.part(start / largestCopy, { headers: { ...copy, ...range } }, signal);
      }
      await upload.finish(signal);
    });
  }

  /** An upload in parts, which is taken back when it cannot be finished: parts cost money until then. */
  async #inParts(
    key: string,
    what: string,
    signal: AbortSignal,
    work: (upload: PartUpload) => Promise<void>,
  ): Promise<void> {
    const begun = await this.#tell(
      this.#request("POST", key, { query: "uploads=", what, accept: [200], signal }),
    );
    const id = elementOf(begun, "UploadId");
    if (id === undefined) throw serviceError(`${what}: the service gives the upload no name`);
    const upload = `uploadId=${rfc3986(id)}`;
    try {
      await work(this.#partUpload(key, what, upload));
    } catch (error) {
      const request = this.#request("DELETE", key, {
        query: upload,
        what: `take back ${key}`,
        accept: [204, 404],
        signal: AbortSignal.timeout(10_000),
      });
      // What went wrong before is told; of what is left the bucket's own rules take care.
      await this.#service.send(request).catch(() => undefined);
      throw error;
    }
  }

  #partUpload(key: string, what: string, upload: string): PartUpload {
    const tags: string[] = [];
    const part: PartUpload["part"] = async (index, { body, headers = {} }, signal) => {
      const query = `partNumber=${index + 1}&${upload}`;
      const request = this.#request("PUT", key, {
        query,
        what,
        headers,
        ...defined({ body }),
        accept: [200],
        signal,
      });
      tags[index] = await this.#service.open(request, async (answer) => {
        const text = (await buffer(answer.body)).toString("utf8");
        const tag = answer.headers.etag ?? elementOf(text, "ETag");
        if (tag === undefined) throw refusal(what, answer, text);
        return tag;
      });
    };
    return {
      part,
      piece: (index, body, signal) => part(index, { body }, signal),
      finish: async (signal) => {
        const parts = tags.map(
          (tag, i) =>
            `<Part><PartNumber>${i + 1}</PartNumber><ETag>${escapeXml(tag)}</ETag></Part>`,
        );
        const body = Buffer.from(
          `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
        );
        await this.#tell(
          this.#request("POST", key, { query: upload, what, body, accept: [200], signal }),
        );
      },
    };
  }

  /** What may take long is answered with 200 at once, and with an error in the body when it fails. */
  async #tell(request: ObjectRequest): Promise<string> {
    const text = await this.#service.ask(request);
    if (elementOf(text, "Code") === undefined) return text;
    throw refusal(request.what, { status: 200, url: request.url, headers: {} }, text);
  }

  #request(
    method: ObjectRequest["method"],
    key: string,
    { query, ...rest }: Omit<ObjectRequest, "method" | "url"> & { readonly query?: string },
  ): ObjectRequest {
    const url = new URL(`${this.#settings.base}${encodeKey(key)}`);
    if (query !== undefined) url.search = query;
    return { method, url, ...rest };
  }
}

interface PartUpload extends Upload {
  part(
    index: number,
    content: {
      readonly body?: Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<void>;
}

/** Everything that is sent is signed, bodies by their digest. */
function signerOf({ region }: S3Settings, credentials: CredentialSource): Sign {
  return async ({ method, url, headers = {}, body = new Uint8Array(), signal }) => {
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials(signal);
    const digest = createHash("sha256").update(body).digest("hex");
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, "x-amz-content-sha256": digest },
      service: "s3",
      region,
      accessKeyId,
      secretAccessKey,
      ...defined({ sessionToken }),
    });
    return Object.fromEntries((await signer.sign()).headers);
  };
}

function encodeKey(key: string): string {
  return key.split("/").map(rfc3986).join("/");
}

function rfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
