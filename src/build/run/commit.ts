// SPDX-License-Identifier: Apache-2.0
// What a container changed, as a new image: the base's layers and configuration, one layer more, and an entry of history.

import { defined } from "../../base/index.js";
import {
  encodeConfig,
  encodeManifest,
  toOciType,
  type Descriptor,
  type ImageConfig,
} from "../../oci/index.js";
import type { ResolvedImage } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import { historyOfBase, timestamp, unknownFields } from "../assemble.js";
import { LayerPacker } from "../layers.js";
import type { Rooms } from "../rooms.js";

/** The diffID of an archive without entries: nothing was changed. */
const emptyArchive = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

export interface CommitInput {
  readonly base: ResolvedImage;
  /** What the container left. */
  readonly state: SnapshotId;
  /** Full name. */
  readonly name: string;
  /** The command, for the history. */
  readonly argv: readonly string[];
  /** Seconds; clamps the time of the commit. */
  readonly epoch?: number;
}

/** Names the image and gives the descriptor of its configuration. */
export async function commitImage(
  rooms: Rooms,
  input: CommitInput,
  signal: AbortSignal,
): Promise<Descriptor> {
  const { store } = rooms;
  const { base } = input;
  const packer = new LayerPacker(rooms, { compression: "gzip", force: false }, signal);
  const made = await packer.layer(input.state);
  const added = made.diffId === emptyArchive ? [] : [made];
  const created = timestamp(made.createdAt, input.epoch);
  const { architecture, os, variant } = base.config;
  const image: ImageConfig = {
    ...unknownFields(base.config),
    created,
    architecture,
    os,
    ...defined({ variant, config: base.config.config }),
    rootfs: {
      type: "layers",
      diff_ids: [...base.config.rootfs.diff_ids, ...added.map(({ diffId }) => diffId)],
    },
    history: [
      ...historyOfBase(base.config.history ?? [], base.layers.length),
      {
        created,
        created_by: input.argv.join(" "),
        ...(added.length === 0 ? { empty_layer: true } : {}),
      },
    ],
  };
  const config = encodeConfig(image);
  await store.blobs.writeBytes(config.bytes);
  const layers = [
    ...base.layers.map((layer) => ({ ...layer, mediaType: toOciType(layer.mediaType) })),
    ...added.map(({ descriptor }) => descriptor),
  ];
  const manifest = encodeManifest({ config: config.descriptor, layers });
  await store.blobs.writeBytes(manifest.bytes);
  const platform = { architecture, os, ...defined({ variant }) };
  const descriptor = { ...manifest.descriptor, platform };
  const blobs = [descriptor, config.descriptor, ...layers].map(({ digest }) => digest);
  await store.images.set([{ name: input.name, descriptor }], { blobs, signal });
  return config.descriptor;
}
