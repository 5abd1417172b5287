// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../base/index.js";
import { inspectImage } from "../../build/images.js";

/** `tsbuild inspect IMAGE`. */
export async function inspectCommand(image: string): Promise<void> {
  process.stdout.write(printableJson(await inspectImage(image), 2) + "\n");
}
