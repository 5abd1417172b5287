// SPDX-License-Identifier: Apache-2.0
// A container of Azure's blob storage, asked with the account's key or with a token.
// https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api

import { createHmac } from "node:crypto";
import type { Connections, HttpAnswer } from "../../registry/index.js";
import { blobVersion, blockUpload } from "../azure-blocks.js";
import { serviceError } from "../errors.js";
import { send, type Content } from "../uploads.js";
import type { AzureSettings } from "./azure-settings.js";
import { tokensOf } from "./azure-tokens.js";
import type { FoundObject, ObjectPlace } from "./place.js";
import { ObjectService, type ObjectRequest, type Sign } from "./service.js";

/** A blob may have 50,000 blocks. */
const smallestBlock = 8 << 20;
const mostBlocks = 50_000;
const retry = { attempts: 5, baseDelay: 500 };
const created = 201;
const missing = 404;
const exists = 409;

export class Container implements ObjectPlace {
  readonly #service: ObjectService;
  readonly #base: string;
  #made: Promise<void> | undefined;

  constructor(connections: Connections, settings: AzureSettings) {
    this.#base = `${settings.base}${settings.container}`;
    this.#service = new ObjectService(
      connections,
      retry,
      settings.key === undefined
        ? withToken(settings, connections)
        : signedWith(settings.key, settings.account),
    );
  }

  async find(key: string, signal: AbortSignal): Promise<FoundObject | undefined> {
    const request = this.#request("HEAD", key, {
      what: `look for ${key}`,
      accept: [200, missing],
      signal,
    });
    return await this.#service.open(request, ({ status, headers, body }) => {
      body.resume();
      if (status === missing) return undefined;
      return { size: Number(headers["content-length"]), writtenAt: undefined };
    });
  }

  async open(key: string, offset: number, signal: AbortSignal): Promise<HttpAnswer | undefined> {
    const request = this.#request("GET", key, {
      what: `read ${key}`,
      ...(offset === 0 ? {} : { headers: { range: `bytes=${offset}-` } }),
      accept: [200, 206, missing],
      signal,
    });
    return await this.#service.open(request, (answer) => {
      if (answer.status !== missing) return answer;
      answer.body.destroy();
      return undefined;
    });
  }

  async write(key: string, content: Content, signal: AbortSignal): Promise<void> {
    await (this.#made ??= this.#make(signal));
    const what = `write ${key}`;
    const blockSize = Math.max(smallestBlock, Math.ceil(content.size / mostBlocks));
    const put: Parameters<typeof blockUpload>[0] = async (request) => {
      await this.#service.send({ ...request, method: "PUT", accept: [created], what });
    };
    const upload = blockUpload(put, this.#urlOf(key), content.size, blockSize);
    await send(upload, content, blockSize, signal);
  }

  /** The container is made by the first who writes. */
  async #make(signal: AbortSignal): Promise<void> {
    const url = new URL(`${this.#base}?restype=container`);
    const headers = blobVersion;
    const what = "look for the container";
    const status = await this.#service.send({
      ...{ method: "HEAD", url, headers, what, signal },
      accept: [200, missing],
    });
    if (status !== missing) return;
    await this.#service.send({
      ...{ method: "PUT", url, headers, what: "make the container", signal },
      accept: [created, exists],
    });
  }

  #urlOf(key: string): URL {
    return new URL(`${this.#base}/${key.split("/").map(encodeURIComponent).join("/")}`);
  }

  #request(
    method: ObjectRequest["method"],
    key: string,
    { headers, ...rest }: Omit<ObjectRequest, "method" | "url">,
  ): ObjectRequest {
    return { method, url: this.#urlOf(key), headers: { ...blobVersion, ...headers }, ...rest };
  }
}

function dated(headers: ObjectRequest["headers"]): Readonly<Record<string, string>> {
  return { ...headers, "x-ms-date": new Date().toUTCString() };
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
function signedWith(key: Buffer, account: string): Sign {
  return (request) => {
    const headers = dated(request.headers);
    const signature = createHmac("sha256", key)
      .update(signedText({ ...request, headers }, account))
      .digest("base64");
    return Promise.resolve({ ...headers, authorization: `SharedKey ${account}:${signature}` });
  };
}

/** What the account's key signs. */
function signedText({ method, url, headers = {}, body }: ObjectRequest, account: string): string {
  const length = body === undefined || body.length === 0 ? "" : String(body.length);
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith("x-ms-"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const parameters = [...url.searchParams]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`);
  return [
    ...[method, "", "", length, "", headers["content-type"] ?? ""],
    ...["", "", "", "", "", headers["range"] ?? ""],
    `${own.join("")}/${account}${url.pathname}${parameters.join("")}`,
  ].join("\n");
}

/** Hosts of Azure's storage: a token that opens every account of its owner is shown to nobody else. */
const tokenHosts =
  /\.(?:blob|storage)\.(?:core\.windows\.net|core\.chinacloudapi\.cn|core\.usgovcloudapi\.net|storage\.azure\.net)$/;

function withToken(settings: AzureSettings, connections: Connections): Sign {
  const tokens = tokensOf(settings, connections);
  return async ({ url, headers, signal }) => {
    if (url.protocol !== "https:" || !tokenHosts.test(url.hostname))
      throw serviceError(
        `${url.host} is no host of Azure's storage, and gets no token`,
        {},
        "give the account's key: secret_access_key=",
      );
    return { ...dated(headers), authorization: `Bearer ${await tokens(signal)}` };
  };
}
