// SPDX-License-Identifier: Apache-2.0
// The verb `copy`: orders are written as frames while the helper already works on the first ones.

import type { Writable } from "node:stream";
import { assertNever, defined } from "../base/index.js";
import { rootFieldsOf, type Field } from "./encode.js";
import { archiveOf, clampFieldOf, oneTimeFieldOf } from "./diff.js";
import type { HelperEvent } from "./events.js";
import { feed, FrameWriter, SEND_SIZE, type Send } from "./frames.js";
import { startHelper, type Helper, type HelperConfig } from "./spawn.js";
import type { CopyOp, CopyRequest, LayerCopyRequest, Owner, StreamResult } from "./types.js";

// Flags of an entry; native/tree_copy.c has the same.
const FOLLOW = 1;
const MERGE_SET = 2;
const HAS_MODE = 4;
const OWNER_MADE = 8;

/** The fields that say who owns what is made. */
export function ownerFieldsOf(owner: Owner, madeTime: number): Field[] {
  const fields: Field[] = [
    ["owner", owner.kind],
    ["made-time", madeTime],
  ];
  if (owner.kind === "ids") fields.push(["owner-uid", owner.uid], ["owner-gid", owner.gid]);
  if (owner.kind === "spec") fields.push(["owner-spec", owner.spec]);
  return fields;
}

async function writeData(
  writer: FrameWriter,
  op: Extract<CopyOp, { op: "data" }>,
  send: Send,
): Promise<void> {
  writer.open("d").u32(op.mode).u64(op.mtime).u64(op.bytes.length).text(op.to).close();
  await send(writer.take());
  await send(op.bytes);
}

function writeOrder(writer: FrameWriter, op: Exclude<CopyOp, { op: "data" }>): void {
  switch (op.op) {
    case "target":
      writer
        .open("t")
        .u8(op.as.charCodeAt(0))
        .u32(op.parentMode)
        .text(op.path)
        .text(op.name)
        .close();
      return;
    case "entry": {
      const flags =
        (op.follow ? FOLLOW : 0) |
        (op.merge === "set" ? MERGE_SET : 0) |
        (op.mode === undefined ? 0 : HAS_MODE) |
        (op.owner === "made" ? OWNER_MADE : 0);
      writer
        .open("e")
        .u8(flags)
        .u32(op.mode ?? 0)
        .text(op.from)
        .text(op.to)
        .close();
      return;
    }
    default:
      assertNever(op);
  }
}

function feedOps(helper: Helper, ops: Iterable<CopyOp>): Promise<HelperEvent> {
  return feed(helper, async (send) => {
    const writer = new FrameWriter();
    // Of very many orders none is waited for that is there.
    for (const op of ops) {
      if (op.op === "data") await writeData(writer, op, send);
      else writeOrder(writer, op);
      if (writer.length >= SEND_SIZE) await send(writer.take());
    }
    writer.open("z").close();
    await send(writer.take());
  });
}

/** Carries out `ops` in order. A failure leaves what was done so far: the caller throws the destination away. */
export async function copy(
  config: HelperConfig,
  request: CopyRequest,
  ops: Iterable<CopyOp>,
  signal: AbortSignal,
): Promise<void> {
  const helper = startHelper(config, {
    verb: "copy",
    fields: [
      ...rootFieldsOf("source", request.source),
      ...rootFieldsOf("root", request.destination),
      ...ownerFieldsOf(request.owner, request.madeTime),
      ["unprivileged", request.unprivileged === true],
      ["replace", request.replace === true],
      ...oneTimeFieldOf(request.oneTime),
    ],
    signal,
    stdin: "pipe",
  });
  await feedOps(helper, ops);
}

/**
 * The layer that `ops` make of the destination, as tar: the same bytes as `copy` into an upper and `diff` give. Without an
 * upper no file is made on a disk. With `output`, a program's input, the bytes go there, and the stream has none. Errors: as copy and diff; SANDBOX_NO_FEATURE where the kernel cannot.
 */
export function copyAsLayer(
  config: HelperConfig,
  request: LayerCopyRequest,
  ops: Iterable<CopyOp>,
  signal: AbortSignal,
  output?: Writable,
): StreamResult {
  const helper = startHelper(config, {
    verb: "copy",
    fields: [
      ...rootFieldsOf("source", request.source),
      ...rootFieldsOf("root", {
        kind: "stack",
        lowers: request.lowers,
        ...defined({ upper: request.upper }),
      }),
      ...ownerFieldsOf(request.owner, request.madeTime),
      ["layer", true],
      ...clampFieldOf(request.clampTime),
    ],
    signal,
    stdin: "pipe",
    stdout: output ?? "pipe",
  });
  // The helper has it now: the program at the other end shall see the end when the helper ends.
  output?.destroy();
  return archiveOf(helper, feedOps(helper, ops));
}
