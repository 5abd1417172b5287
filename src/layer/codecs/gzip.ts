// SPDX-License-Identifier: Apache-2.0
// gzip, with node:zlib. Several members one after another are one stream.

import { constants, createGunzip } from "node:zlib";
import { throughStream } from "./feed.js";

export function decompressGzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: 256 * 1024, finishFlush: constants.Z_FINISH });
  return throughStream("gzip", source, gunzip);
}
