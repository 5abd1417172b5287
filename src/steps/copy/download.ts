// SPDX-License-Identifier: Apache-2.0
// ADD of a URL, once it is downloaded: the file as it is, or unpacked when --unpack says so.

import { isRecord } from "../../base/index.js";
import type { CopyOp, CopySource } from "../../plan/index.js";
import type { Root } from "../../sandbox/index.js";
import type { Result, StepContext } from "../../solve/index.js";
import type { StepServices } from "../services.js";
import type { OpenedTree } from "../trees.js";
import { isArchive, unpackArchive } from "./archives.js";
import { ordersOf, planCopy } from "./operations.js";
import { select } from "./select.js";
import { ownerOf } from "./owner.js";

export async function copyDownload(
  services: StepServices,
  op: CopyOp,
  from: {
    readonly source: Extract<CopySource, { kind: "download" }>;
    readonly tree: OpenedTree;
    readonly inputs: readonly Result[];
  },
  destination: Root,
  context: StepContext,
): Promise<void> {
  const { source, tree, inputs } = from;
  const result = source.root.from === "input" ? inputs[source.root.index] : undefined;
  const name = isRecord(result) ? result["name"] : undefined;
  if (typeof name !== "string") throw new TypeError("a download names its file");
  // The name is a stranger's: it must not be taken for a pattern.
  const { matches } = await select(tree, name.replace(/[\\*?[\]]/g, "\\$&"), {
    exclude: [],
    parents: false,
  });
  const [match] = matches;
  if (
    op.unpack === "all" &&
    match !== undefined &&
    (await isArchive(tree.reader, match, context))
  ) {
    await unpackArchive(services, op, tree.reader, match, destination, context.signal);
    return;
  }
  await services.sandbox.copy(
    { source: tree.root, destination, owner: ownerOf(op), madeTime: services.epoch ?? 0 },
    ordersOf(planCopy(op, matches, name)),
    context.signal,
  );
}
