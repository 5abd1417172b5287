// SPDX-License-Identifier: Apache-2.0
// ADD of archives: recognised by their bytes, unpacked into the destination.

import { detectArchive, readArchive } from "../../layer/index.js";
import type { CopyOp } from "../../plan/index.js";
import type { Owner, Root, TreeReader } from "../../sandbox/index.js";
import type { StepContext } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import type { Match } from "./select.js";

/** Bytes read at a time. */
const chunkSize = 1024 * 1024;

/** Unpacks the files that are archives, in order, and says which those were. */
export async function copyArchives(
  services: StepServices,
  op: CopyOp,
  reader: TreeReader,
  files: readonly Match[],
  destination: Root,
  owner: Owner,
  context: StepContext,
): Promise<ReadonlySet<Match>> {
  const unpacked = new Set<Match>();
  for (const match of files) {
    const isArchive = await detectArchive(
      () => contentOf(reader, match),
      ({ message }) => {
        context.warn(`${match.path} may be an archive, but is added as it is: ${message}`);
      },
    );
    if (!isArchive) continue;
    // A local archive's owners are its own unless --chown says otherwise.
    const unpackOwner: Owner = op.chown === undefined ? { kind: "keep" } : owner;
    await services.sandbox.apply(
      {
        root: destination,
        path: op.destination,
        mode: "archive",
        owner: unpackOwner,
        madeTime: services.epoch ?? 0,
      },
      readArchive(contentOf(reader, match)),
      context.signal,
    );
    unpacked.add(match);
  }
  return unpacked;
}

async function* contentOf(reader: TreeReader, { path, entry }: Match): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < entry.size;) {
    const chunk = await reader.readAt(path, offset, chunkSize);
    if (chunk.length === 0) return;
    offset += chunk.length;
    yield chunk;
  }
}
