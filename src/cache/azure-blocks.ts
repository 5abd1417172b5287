// SPDX-License-Identifier: Apache-2.0
// Writing a blob of Azure's: whole when it is one piece, else blocks and the list of them.

import type { Upload } from "./uploads.js";

/** Of Azure's interface. */
export const blobVersion = { "x-ms-version": "2021-12-02" } as const;

export interface BlockRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** `url`: the blob's; its query stays as it is. `size`: bytes of it all, which come in pieces of `pieceSize`. */
export function blockUpload(
  put: (request: BlockRequest) => Promise<void>,
  url: URL,
  size: number,
  pieceSize: number,
): Upload {
  const whole = size > 0 && size <= pieceSize;
  const count = Math.ceil(size / pieceSize);
  const withQuery = (query: string): URL =>
    new URL(`${url.href}${url.search === "" ? "?" : "&"}${query}`);
  return {
    async piece(index, body, signal) {
      await put(
        whole
          ? { url, headers: { ...blobVersion, "x-ms-blob-type": "BlockBlob" }, body, signal }
          : {
              url: withQuery(`comp=block&blockid=${encodeURIComponent(blockId(index))}`),
              headers: blobVersion,
              body,
              signal,
            },
      );
    },
    async finish(signal) {
      if (whole) return;
      const ids = Array.from({ length: count }, (_, index) => `<Latest>${blockId(index)}</Latest>`);
      const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.join("")}</BlockList>`;
      await put({
        url: withQuery("comp=blocklist"),
        headers: { ...blobVersion, "content-type": "application/xml" },
        body: Buffer.from(list),
        signal,
      });
    },
  };
}

/** Azure wants the ids of a blob's blocks in Base64, and all of one length. */
function blockId(index: number): string {
  return Buffer.from(String(index).padStart(9, "0")).toString("base64");
}
