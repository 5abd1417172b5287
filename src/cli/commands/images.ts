// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../base/index.js";
import { listImages, untagImages } from "../../build/images.js";
import { formatSize, formatTable } from "../human.js";

/** `tsbuild images`. */
export async function imagesCommand(flags: {
  readonly format: string;
  readonly quiet?: boolean;
  readonly filter: readonly string[];
}): Promise<void> {
  const images = await listImages(flags.filter);
  if (flags.format === "json") {
    process.stdout.write(images.map((image) => `${printableJson(image)}\n`).join(""));
    return;
  }
  if (flags.quiet === true) {
    process.stdout.write(images.map(({ id }) => `${id}\n`).join(""));
    return;
  }
  const rows = images.map(({ name, id, platform, size, created }) => [
    name ?? "<none>",
    id.slice(7, 19),
    platform,
    formatSize(size),
    created ?? "",
  ]);
  process.stdout.write(formatTable([["NAME", "IMAGE ID", "PLATFORM", "SIZE", "CREATED"], ...rows]));
}

/** `tsbuild untag IMAGE...`. */
export async function untagCommand(images: readonly string[]): Promise<void> {
  const taken = await untagImages(images);
  const lines = [
    ...taken.names.map((name) => `untagged ${name}\n`),
    ...taken.images.map((digest) => `no longer kept: ${digest}\n`),
  ];
  process.stdout.write(lines.join(""));
}
