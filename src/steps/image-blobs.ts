// SPDX-License-Identifier: Apache-2.0
// Bringing an image's blobs into the store, from wherever its origin says.

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { assertNever } from "../base/index.js";
import { hexOf, algorithmOf, parseReference, type Descriptor } from "../oci/index.js";
import type { ImageOrigin } from "../plan/index.js";
import { GrowingBlob } from "../store/index.js";
import type { StepServices } from "./services.js";

type Rooms = Pick<StepServices, "store" | "registry">;

export interface FetchWatch {
  readonly onBytes: (count: number) => void;
  /** Called before the first byte comes, when the blob is not there yet. */
  readonly onGrowing: (blob: GrowingBlob) => void;
}

/** Stores a blob unless it is there, verified by digest and size. */
export async function fetchBlob(
  rooms: Rooms,
  origin: ImageOrigin,
  descriptor: Descriptor,
  signal: AbortSignal,
  watch?: FetchWatch,
): Promise<void> {
  if (await rooms.store.blobs.has(descriptor.digest, descriptor.size)) return;
  await using _lock = await rooms.store.lock(`blob:${descriptor.digest}`, { signal });
  if (await rooms.store.blobs.has(descriptor.digest, descriptor.size)) return;
  const source = await openBlob(rooms, origin, descriptor, signal);
  const { digest, size } = descriptor;
  const expected = { digest, size };
  if (watch === undefined) await rooms.store.blobs.write(source, { expected, signal });
  else {
    const growing = new GrowingBlob();
    watch.onGrowing(growing);
    await rooms.store.blobs.write(counted(source, watch.onBytes), { expected, signal, growing });
  }
}

async function openBlob(
  rooms: Rooms,
  origin: ImageOrigin,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  switch (origin.kind) {
    case "registry": {
      const client = await rooms.registry();
      return client.blob(parseReference(origin.reference), descriptor, { signal });
    }
    case "layout":
      return createReadStream(layoutBlob(origin.path, descriptor), { signal });
    case "store":
      return rooms.store.blobs.stream(descriptor);
    default:
      return assertNever(origin);
  }
}

/** The file of a blob in an OCI layout. The digest was validated when it was parsed, so its hex is safe in a path. */
export function layoutBlob(layout: string, { digest }: Pick<Descriptor, "digest">): string {
  return join(layout, "blobs", algorithmOf(digest), hexOf(digest));
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of source) {
    onBytes(chunk.byteLength);
    yield chunk;
  }
}
