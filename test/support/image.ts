// SPDX-License-Identifier: Apache-2.0
// Small images out of nothing, as the bytes of their parts.

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

export interface MadeBlob {
  readonly bytes: Buffer;
  readonly digest: string;
}

export interface MadeImage {
  readonly manifest: MadeBlob & { readonly mediaType: string };
  readonly config: MadeBlob;
  readonly layers: readonly MadeBlob[];
}

const digest = (bytes: Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const blob = (bytes: Buffer): MadeBlob => ({ bytes, digest: digest(bytes) });

/** A tar archive with one regular file. */
export function tarOf(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write("0000644\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((a, b) => a + b, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding, Buffer.alloc(1024)]);
}

/** An image with one gzip layer per content. */
export function makeImage(
  contents: readonly Buffer[],
  platform: { readonly os: string; readonly architecture: string; readonly variant?: string } = {
    os: "linux",
    architecture: "amd64",
  },
  config: object = {},
): MadeImage {
  const tars = contents.map((content, i) => tarOf(`file${i}`, content));
  const layers = tars.map((tar) => blob(gzipSync(tar)));
  const document = blob(
    Buffer.from(
      JSON.stringify({
        ...platform,
        created: "2024-01-02T03:04:05Z",
        config: { Cmd: ["/bin/true"], ...config },
        rootfs: { type: "layers", diff_ids: tars.map(digest) },
      }),
    ),
  );
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const describe = (type: string, { bytes, digest: name }: MadeBlob): object => ({
    mediaType: `application/vnd.oci.image.${type}`,
    digest: name,
    size: bytes.length,
  });
  const manifest = blob(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: describe("config.v1+json", document),
        layers: layers.map((layer) => describe("layer.v1.tar+gzip", layer)),
      }),
    ),
  );
  return { manifest: { ...manifest, mediaType }, config: document, layers };
}
