// SPDX-License-Identifier: Apache-2.0
// Bringing an image's blobs into the store, from wherever its origin says.

import { assertNever, counted } from "../../base/index.js";
import { parseReference, type Descriptor } from "../../oci/index.js";
import type { ImageOrigin } from "../../plan/index.js";
import { GrowingBlob, readLayoutBlob, type Store } from "../../store/index.js";
import type { StepServices } from "../services.js";

type Rooms = Pick<StepServices, "store" | "registry">;

export interface FetchWatch {
  readonly onBytes: (count: number) => void;
  /** Called before the first byte comes, when the blob is not there yet. */
  readonly onGrowing: (blob: GrowingBlob) => void;
}

/** Stores a blob of an image unless it is there, verified by digest and size. */
export async function fetchBlob(
  rooms: Rooms,
  origin: ImageOrigin,
  descriptor: Descriptor,
  signal: AbortSignal,
  watch?: FetchWatch,
): Promise<void> {
  const open = (): Promise<AsyncIterable<Uint8Array>> =>
    openBlob(rooms, origin, descriptor, signal);
  await storeBlob(rooms.store, descriptor, open, signal, watch);
}

/** The same for bytes from anywhere; other processes that want the blob wait. */
export async function storeBlob(
  store: Store,
  { digest, size }: Descriptor,
  open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
  signal: AbortSignal,
  watch?: FetchWatch,
): Promise<void> {
  if (await store.blobs.has(digest, size)) return;
  await using _lock = await store.lock(`blob:${digest}`, { signal });
  if (await store.blobs.has(digest, size)) return;
  const source = await open();
  const expected = { digest, size };
  if (watch === undefined) await store.blobs.write(source, { expected, signal });
  else {
    const growing = new GrowingBlob();
    watch.onGrowing(growing);
    await store.blobs.write(counted(source, watch.onBytes), { expected, signal, growing });
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
      return readLayoutBlob(origin.path, descriptor, signal);
    case "store":
      return rooms.store.blobs.stream(descriptor);
    default:
      return assertNever(origin);
  }
}
