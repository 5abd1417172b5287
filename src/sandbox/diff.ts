// SPDX-License-Identifier: Apache-2.0
// The verb `diff`: the helper's standard output is the tar.

import { Readable, type Writable } from "node:stream";
import { TsbuildError } from "../base/index.js";
import { rootFieldsOf, type Field } from "./encode.js";
import { startHelper, type Helper, type HelperConfig } from "./spawn.js";
import type { DiffRequest, StreamResult } from "./types.js";

/** Passes the bytes on, and fails at the end when the helper did. A reader that stops early ends the helper. */
async function* verified(
  helper: Helper,
  done: Promise<unknown>,
): AsyncGenerator<Buffer, void, undefined> {
  let whole = false;
  let size = 0;
  try {
    for await (const chunk of helper.stdout ?? []) {
      size += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    whole = true;
  } finally {
    if (!whole) helper.stop();
  }
  await done;
  // Even a tar of nothing has two blocks at its end.
  if (size === 0)
    throw new TsbuildError("SANDBOX_HELPER_CRASHED", "the native helper wrote no archive");
}

/** The latest time in an archive, in seconds. */
export function clampFieldOf(clampTime: number | undefined): Field[] {
  return clampTime === undefined ? [] : [["clamp-time", clampTime]];
}

/** The mtime of everything, in seconds. */
export function oneTimeFieldOf(oneTime: number | undefined): Field[] {
  return oneTime === undefined ? [] : [["one-time", oneTime]];
}

/**
 * Starts writing. The bytes count only once `done` is fulfilled; the stream itself fails, too, when the helper does. With
 * `output`, a program's input, the bytes go there, and the stream has none.
 */
export function diff(
  config: HelperConfig,
  request: DiffRequest,
  signal: AbortSignal,
  output?: Writable,
): StreamResult {
  const helper = startHelper(config, {
    verb: "diff",
    fields: [
      ...rootFieldsOf("root", request.root),
      ...(request.below === undefined ? [] : rootFieldsOf("source", request.below)),
      ["mode", request.mode],
      ...(request.directory === undefined ? [] : [["directory", request.directory] as const]),
      ...clampFieldOf(request.clampTime),
      ...oneTimeFieldOf(request.oneTime),
    ],
    signal,
    stdout: output ?? "pipe",
  });
  // The helper has it now: the program at the other end shall see the end when the helper ends.
  output?.destroy();
  return archiveOf(helper, helper.done);
}

/** A helper's standard output as an archive; `done` tells whether it is whole. */
export function archiveOf(helper: Helper, ended: Promise<unknown>): StreamResult {
  // When a process ends, Node throws away what nobody has begun to read. A reader may come later than that: with this
  // listener the bytes wait.
  helper.stdout?.on("readable", () => undefined);
  const done = ended.then(() => undefined);
  // Whoever reads the stream learns of the failure there; `done` may be awaited later or never.
  done.catch(() => undefined);
  const stream = Readable.from(verified(helper, ended), {
    objectMode: false,
    highWaterMark: 1 << 20,
  });
  // A stream that goes before anybody read it has not begun to look after its helper.
  stream.once("close", () => {
    helper.stop();
  });
  return { stream, done };
}
