// SPDX-License-Identifier: Apache-2.0
// Version 1 of the service's protocol, which GitHub Enterprise Server and services like it speak: resources in JSON. Bytes go to
// the service itself, and come from a signed URL.

import { isRecord } from "../../base/index.js";
import { serviceError } from "../errors.js";
import { entryVersion, pieceSize, signedUrl, type CacheProtocol } from "./protocol.js";
import type { ActionsService } from "./service.js";

const resources = "_apis/artifactcache";
const taken = 409;
const accept = { accept: "application/json;api-version=6.0-preview.1" };
const json = { ...accept, "content-type": "application/json" };

export function versionOne(service: ActionsService): CacheProtocol {
  return {
    async find(prefix, signal) {
      const query = new URLSearchParams({ keys: prefix, version: entryVersion });
      const { value } = await service.call({
        method: "GET",
        path: `${resources}/cache?${query.toString()}`,
        headers: accept,
        what: "find a cache entry",
        signal,
      });
      const key = isRecord(value) ? value["cacheKey"] : undefined;
      if (!isRecord(value) || typeof key !== "string") return undefined;
      return { key, url: signedUrl(value["archiveLocation"], service.url) };
    },
    async reserve(key, size, signal) {
      const { status, value } = await service.call({
        method: "POST",
        path: `${resources}/caches`,
        headers: json,
        body: Buffer.from(JSON.stringify({ key, version: entryVersion, cacheSize: size })),
        accept: [taken],
        what: "reserve a cache entry",
        signal,
      });
      if (status === taken) return undefined;
      const id = isRecord(value) ? value["cacheId"] : undefined;
      if (typeof id !== "number" || !Number.isSafeInteger(id) || id <= 0)
        throw serviceError("reserve a cache entry: the cache service gives it no number");
      const path = `${resources}/caches/${id}`;
      return {
        async piece(index, body, own) {
          const from = index * pieceSize;
          await service.call({
            method: "PATCH",
            path,
            headers: {
              ...accept,
              "content-type": "application/octet-stream",
              "content-range": `bytes ${from}-${from + body.length - 1}/*`,
            },
            body,
            what: "send a cache entry",
            signal: own,
          });
        },
        async finish(own) {
          const body = Buffer.from(JSON.stringify({ size }));
          const what = "finish a cache entry";
          await service.call({ method: "POST", path, headers: json, body, what, signal: own });
        },
      };
    },
  };
}
