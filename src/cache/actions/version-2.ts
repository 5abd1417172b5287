// SPDX-License-Identifier: Apache-2.0
// Version 2 of the service's protocol: remote calls in JSON (Twirp), and bytes that go to Azure's block blobs and come from
// there, by signed URLs.

import { isRecord, printable } from "../../base/index.js";
import { blockUpload } from "../azure-blocks.js";
import { serviceError } from "../errors.js";
import { entryVersion, pieceSize, signedUrl, type CacheProtocol } from "./protocol.js";
import type { ActionsService } from "./service.js";

const methods = "twirp/github.actions.results.api.v1.CacheService";
const taken = 409;

export function versionTwo(service: ActionsService): CacheProtocol {
  const call = async (
    method: string,
    what: string,
    fields: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    accept: readonly number[] = [],
  ): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const { status, value } = await service.call({
      method: "POST",
      path: `${methods}/${method}`,
      headers: { "content-type": "application/json", accept: "application/json" },
      body: Buffer.from(JSON.stringify({ ...fields, version: entryVersion })),
      accept,
      what,
      signal,
    });
    return isRecord(value) && status === 200 ? value : undefined;
  };
  /** The answer to a call that must succeed. */
  const succeeded = (
    what: string,
    answer: Readonly<Record<string, unknown>> | undefined,
  ): Readonly<Record<string, unknown>> => {
    if (answer?.["ok"] === true) return answer;
    const said = answer?.["message"];
    const why = typeof said === "string" && said !== "" ? said : "it is not done";
    throw serviceError(`${what}: the cache service says ${printable(why.slice(0, 300))}`);
  };

  return {
    async find(prefix, signal) {
      const what = "find a cache entry";
      const fields = { key: prefix, restore_keys: [prefix] };
      const answer = await call("GetCacheEntryDownloadURL", what, fields, signal);
      const key = answer?.["ok"] === true ? answer["matched_key"] : undefined;
      if (typeof key !== "string") return undefined;
      return { key, url: signedUrl(answer?.["signed_download_url"], service.url) };
    },
    async reserve(key, size, signal) {
      const what = "reserve a cache entry";
      const answer = await call("CreateCacheEntry", what, { key }, signal, [taken]);
      if (answer === undefined) return undefined;
      const url = signedUrl(succeeded(what, answer)["signed_upload_url"], service.url);
      const put: Parameters<typeof blockUpload>[0] = (request) =>
        service.put({ ...request, what: "send a cache entry" });
      const bytes = blockUpload(put, url, size, pieceSize);
      return {
        piece: (index, piece, own) => bytes.piece(index, piece, own),
        async finish(own) {
          await bytes.finish(own);
          const done = "finish a cache entry";
          const fields = { key, size_bytes: String(size) };
          succeeded(done, await call("FinalizeCacheEntryUpload", done, fields, own));
        },
      };
    },
  };
}
