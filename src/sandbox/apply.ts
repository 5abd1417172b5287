// SPDX-License-Identifier: Apache-2.0
// The verbs `apply` and `inherit`: entries of an archive become files, as a stream, with their contents between them.

import { TsbuildError } from "../base/index.js";
import { ownerFieldsOf } from "./copy.js";
import { rootFieldsOf } from "./encode.js";
import { encodeEntry } from "./entry-codec.js";
import { eventText } from "./events.js";
import { feed, FrameWriter, SEND_SIZE, type Send } from "./frames.js";
import { startHelper, type HelperConfig } from "./spawn.js";
import type { ApplyEntry, ApplyRequest, ApplyResult, LayerDirId } from "./types.js";

/** Contents up to this many bytes travel in the same write as the entries around them. */
const SMALL_CHUNK = 16 << 10;

async function writeContent(writer: FrameWriter, entry: ApplyEntry, send: Send): Promise<void> {
  let left = entry.size;
  for await (const chunk of entry.content ?? []) {
    left -= chunk.length;
    if (left < 0) break;
    if (chunk.length > SMALL_CHUNK) {
      if (writer.length > 0) await send(writer.take());
      await send(chunk);
      continue;
    }
    writer.bytes(chunk);
    if (writer.length >= SEND_SIZE) await send(writer.take());
  }
  if (left !== 0)
    throw new TsbuildError(
      "SANDBOX_BAD_REQUEST",
      `the content of ${entry.path} is not ${entry.size} bytes long`,
      { details: { path: entry.path, size: entry.size } },
    );
}

/** Makes `entries` below the request's root. A failure leaves what was done so far: the caller throws the directory away. */
export async function apply(
  config: HelperConfig,
  request: ApplyRequest,
  entries: AsyncIterable<ApplyEntry>,
  signal: AbortSignal,
): Promise<ApplyResult> {
  const implied = new Set<string>();
  const helper = startHelper(config, {
    verb: "apply",
    fields: [
      ...rootFieldsOf("root", request.root),
      ...(request.below === undefined ? [] : rootFieldsOf("source", request.below)),
      ["path", request.path],
      ["mode", request.mode],
      ...ownerFieldsOf(request.owner, request.madeTime),
    ],
    signal,
    stdin: "pipe",
    onEvent: (event) => {
      if (event.event === "implied") implied.add(eventText(event, "path"));
    },
  });
  const described: string[] = [];
  let opaque = false;
  await feed(helper, async (send) => {
    const writer = new FrameWriter();
    for await (const entry of entries) {
      encodeEntry(writer, entry);
      if (entry.type === "dir" && request.mode === "layer") described.push(entry.path);
      if (entry.type === "opaque" && entry.path === "") opaque = true;
      if (entry.size > 0 && entry.type === "file") await writeContent(writer, entry, send);
      if (writer.length >= SEND_SIZE) await send(writer.take());
    }
    writer.open("z").close();
    await send(writer.take());
  });
  for (const path of described) implied.delete(path);
  return { impliedDirectories: [...implied], opaque };
}

/** See Sandbox.inheritDirectories. */
export async function inheritDirectories(
  config: HelperConfig,
  dir: LayerDirId,
  lowers: readonly LayerDirId[],
  paths: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (paths.length === 0 || lowers.length === 0) return;
  const helper = startHelper(config, {
    verb: "inherit",
    fields: [
      ...rootFieldsOf("root", { kind: "stack", lowers: [], upper: dir }),
      ...rootFieldsOf("source", { kind: "stack", lowers }),
    ],
    signal,
    stdin: "pipe",
  });
  await feed(helper, async (send) => {
    const writer = new FrameWriter();
    for (const path of paths) {
      writer.open("p").text(path).close();
      if (writer.length >= SEND_SIZE) await send(writer.take());
    }
    writer.open("z").close();
    await send(writer.take());
  });
}
