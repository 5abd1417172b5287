// SPDX-License-Identifier: Apache-2.0
import { inspectImage } from "../../build/images.js";

/** `tsbuild inspect IMAGE`. */
export async function inspectCommand(image: string): Promise<void> {
  process.stdout.write(JSON.stringify(await inspectImage(image), null, 2) + "\n");
}
