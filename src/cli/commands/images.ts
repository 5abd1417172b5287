// SPDX-License-Identifier: Apache-2.0
import { listImages } from "../../build/images.js";

/** `tsbuild images`. */
export async function imagesCommand(flags: {
  readonly format: string;
  readonly quiet?: boolean;
}): Promise<void> {
  const images = await listImages();
  if (flags.format === "json") {
    process.stdout.write(images.map((image) => `${JSON.stringify(image)}\n`).join(""));
    return;
  }
  if (flags.quiet === true) {
    process.stdout.write(images.map(({ id }) => `${id}\n`).join(""));
    return;
  }
  const rows = images.map(({ name, id, platform, size, created }) => [
    name,
    id.slice(7, 19),
    platform,
    `${(size / 1e6).toFixed(1)}MB`,
    created ?? "",
  ]);
  const table = [["NAME", "IMAGE ID", "PLATFORM", "SIZE", "CREATED"], ...rows];
  const widths =
    table[0]?.map((_, i) => Math.max(...table.map((row) => row[i]?.length ?? 0))) ?? [];
  for (const row of table)
    process.stdout.write(
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("   ")
        .trimEnd() + "\n",
    );
}
