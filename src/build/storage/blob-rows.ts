// SPDX-License-Identifier: Apache-2.0
// Rows of blobs, with everything that speaks of each: named images, names that were pulled, packed layers, downloads.

import { annotationNames, type Descriptor, type Digest } from "../../oci/index.js";
import type { RecordType } from "../../prune/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import { downloadTable, pulledTable, type Download, type Pulled } from "../../steps/index.js";
import type { Store, StoredBlob } from "../../store/index.js";
import { largest, redactUrl } from "../../base/index.js";
import { layerTable, type RememberedLayer } from "../layers.js";
import { ImageContents } from "./contents.js";
import type { Row } from "./rows.js";
import type { KnownState } from "./state-rows.js";

/** Something that speaks of a blob. */
interface Reference {
  readonly record?: readonly [table: string, key: string];
  readonly type: RecordType;
  readonly description: string;
  readonly lastUsedAt: number;
  /** Not to be removed. */
  readonly named: boolean;
  /** An image without a name, which is kept no longer when this goes. */
  readonly unnamed?: Digest;
}

type References = Map<Digest, Reference[]>;

/** What images need, and the state of the tables in which that was so. */
export interface BlobRows {
  readonly rows: readonly Row[];
  readonly imagesVersion: string;
  readonly pulledVersion: string;
}

/** `unnamed`: images that are kept without a name may go. */
export async function blobRows(
  store: Store,
  states: ReadonlyMap<SnapshotId, KnownState>,
  leased: ReadonlySet<string>,
  unnamed: boolean,
): Promise<BlobRows> {
  const references: References = new Map();
  const contents = new ImageContents(store);
  const { descriptors, version: imagesVersion } = await store.images.roots();
  const blobs: StoredBlob[] = [];
  for await (const blob of store.blobs.list()) blobs.push(blob);
  const times = new Map(blobs.map(({ digest, modified }) => [digest, modified]));
  const mayGo = new Set(
    unnamed ? (await store.images.unnamed()).map(({ digest }) => digest) : undefined,
  );
  for (const descriptor of descriptors)
    await addKept(references, contents, descriptor, times, mayGo);
  const pulled = [...store.table<Pulled>(pulledTable).entries()];
  for (const [name, record] of pulled) await addPulled(references, contents, name, record);
  addLayers(references, store, states);
  addDownloads(references, store);
  const rows = blobs.map((blob) => rowOf(blob, references.get(blob.digest) ?? [], leased));
  return { rows, imagesVersion, pulledVersion: pulledVersionOf(pulled) };
}

/** Changes when another name, or another image of a name, is pulled. */
export function pulledVersionOf(entries: Iterable<readonly [string, Pulled]>): string {
  return [...entries].map(([name, { descriptor }]) => `${name} ${descriptor.digest}`).join("\n");
}

function add(references: References, digest: Digest, reference: Reference): void {
  const known = references.get(digest);
  if (known === undefined) references.set(digest, [reference]);
  else known.push(reference);
}

async function addKept(
  references: References,
  contents: ImageContents,
  descriptor: Descriptor,
  times: ReadonlyMap<Digest, number>,
  mayGo: ReadonlySet<Digest>,
): Promise<void> {
  const { annotations, digest: top } = descriptor;
  const name = annotations?.[annotationNames.imageName] ?? annotations?.[annotationNames.refName];
  const goes = mayGo.has(top);
  for (const digest of await contents.of(descriptor))
    add(references, digest, {
      type: "image",
      description: name === undefined ? `image without a name ${top}` : `named image ${name}`,
      named: !goes,
      // What goes is as old as the image, not as its layers.
      ...(goes ? { unnamed: top, lastUsedAt: times.get(top) ?? 0 } : { lastUsedAt: 0 }),
    });
}

async function addPulled(
  references: References,
  contents: ImageContents,
  name: string,
  { descriptor, lastUsedAt = 0 }: Pulled,
): Promise<void> {
  for (const digest of await contents.of(descriptor))
    add(references, digest, {
      record: [pulledTable, name],
      type: "image",
      description: `pulled ${name}`,
      lastUsedAt,
      named: false,
    });
}

function addLayers(
  references: References,
  store: Store,
  states: ReadonlyMap<SnapshotId, KnownState>,
): void {
  for (const [key, { descriptor }] of store.table<RememberedLayer>(layerTable).entries()) {
    const [subject = ""] = key.split(" ");
    const state = states.get(subject as SnapshotId);
    add(references, descriptor.digest, {
      record: [layerTable, key],
      type: subject === "converted" ? "image" : "regular",
      description:
        subject === "converted"
          ? "layer of an image, compressed anew"
          : `layer of ${state?.use?.name ?? "a state"}`,
      lastUsedAt: state?.lastUsedAt ?? 0,
      named: false,
    });
  }
}

function addDownloads(references: References, store: Store): void {
  for (const [url, { digest }] of store.table<Download>(downloadTable).entries())
    add(references, digest as Digest, {
      record: [downloadTable, url],
      type: "source.http",
      description: `download of ${redactUrl(url)}`,
      lastUsedAt: 0,
      named: false,
    });
}

function rowOf(
  { digest, modified, allocated }: StoredBlob,
  references: readonly Reference[],
  leased: ReadonlySet<string>,
): Row {
  const named = references.some((reference) => reference.named);
  const first = references.find((reference) => reference.named) ?? references[0];
  const inUse = leased.has(digest);
  return {
    id: digest,
    type: first?.type ?? "regular",
    bytes: allocated,
    createdAt: modified,
    lastUsedAt: largest(
      references.map(({ lastUsedAt }) => lastUsedAt),
      modified,
    ),
    inUse,
    shared: named,
    reclaimable: !inUse && !named,
    mutable: false,
    description: first?.description ?? "blob of an image without a name",
    parents: [],
    holding: {
      kind: "blob",
      digest,
      records: references.flatMap(({ record }) => (record === undefined ? [] : [record])),
      unnamed: references.flatMap((one) => (one.unnamed === undefined ? [] : [one.unnamed])),
    },
  };
}
