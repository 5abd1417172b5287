// SPDX-License-Identifier: Apache-2.0
// ADD of archives: recognised by their bytes, unpacked into the destination.

import { detectArchive, readArchive } from "../../layer/index.js";
import type { CopyOp } from "../../plan/index.js";
import type { Root, TreeReader } from "../../sandbox/index.js";
import type { StepContext } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import { ownerOf } from "./owner.js";
import type { Match } from "./select.js";

/** Bytes read at a time. */
const chunkSize = 1024 * 1024;

/** Whether a match is a file that is an archive. Warns of one that may be, and cannot be read. */
export async function isArchive(
  reader: TreeReader,
  match: Match,
  context: Pick<StepContext, "warn">,
): Promise<boolean> {
  if (match.entry.type !== "file") return false;
  return detectArchive(
    () => contentOf(reader, match),
    ({ message }) => {
      context.warn(`${match.path} may be an archive, but is added as it is: ${message}`);
    },
  );
}

/** Unpacks an archive into the destination. */
export async function unpackArchive(
  services: StepServices,
  op: CopyOp,
  reader: TreeReader,
  match: Match,
  destination: Root,
  signal: AbortSignal,
): Promise<void> {
  await services.sandbox.apply(
    {
      root: destination,
      path: op.destination,
      mode: "archive",
      // A local archive's owners are its own unless --chown says otherwise.
      owner: op.chown === undefined ? { kind: "keep" } : ownerOf(op),
      madeTime: services.epoch ?? 0,
    },
    readArchive(contentOf(reader, match)),
    signal,
  );
}

async function* contentOf(reader: TreeReader, { path, entry }: Match): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < entry.size;) {
    const chunk = await reader.readAt(path, offset, chunkSize);
    if (chunk.length === 0) return;
    offset += chunk.length;
    yield chunk;
  }
}
