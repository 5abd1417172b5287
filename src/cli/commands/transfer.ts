// SPDX-License-Identifier: Apache-2.0
// `tsbuild pull`, `push` and `tag`.

import { defined } from "../../base/index.js";
import { tagImage } from "../../build/images.js";
import {
  pullImage,
  pushImage,
  type Transferred,
  type TransferRequest,
} from "../../build/transfer.js";
import { withInterruption } from "../interruption.js";
import { withAuthFile } from "../options/image-flags.js";
import { usageError } from "../options/values.js";
import { createProgress, type ProgressKind } from "../progress/create.js";

export interface RegistryFlags {
  readonly insecure?: boolean;
  readonly authfile?: string;
}

export interface TransferFlags extends RegistryFlags {
  readonly progress: ProgressKind;
  readonly quiet?: boolean;
}

export type PullFlags = TransferFlags & {
  readonly platform?: string;
  readonly allPlatforms?: boolean;
};

/** `tsbuild pull IMAGE`. */
export function pullCommand(image: string, flags: PullFlags): Promise<void> {
  if (flags.allPlatforms === true && flags.platform !== undefined)
    throw usageError("--platform", flags.platform, "--all-platforms pulls it with the others");
  const platform = flags.allPlatforms === true ? "all" : flags.platform;
  return transfer(image, flags, (request) => pullImage({ ...request, ...defined({ platform }) }));
}

/** `tsbuild push IMAGE [NAME]`. */
export function pushCommand(
  image: string,
  to: string | undefined,
  flags: TransferFlags,
): Promise<void> {
  return transfer(image, flags, (request) => pushImage({ ...request, ...defined({ to }) }));
}

/** `tsbuild tag IMAGE NAME...`. */
export async function tagCommand(image: string, tags: readonly string[]): Promise<void> {
  const names = await tagImage(image, tags);
  process.stdout.write(names.map((name) => `tagged ${name}\n`).join(""));
}

/** Shows the work, and then the image's name by digest, for scripts. */
async function transfer(
  image: string,
  flags: TransferFlags,
  work: (request: TransferRequest) => Promise<Transferred>,
): Promise<void> {
  const progress = createProgress(flags.quiet === true ? "quiet" : flags.progress);
  try {
    const { name, digest } = await withInterruption((signal) =>
      work({
        image,
        insecure: flags.insecure ?? false,
        env: withAuthFile(flags, process.env),
        events: progress.sink,
        signal,
      }),
    );
    progress.close();
    process.stdout.write(`${name.includes("@") ? name : `${name}@${digest}`}\n`);
  } finally {
    progress.close();
  }
}
