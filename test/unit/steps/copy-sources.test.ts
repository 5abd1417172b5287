// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CopyOp } from "#src/plan/index.js";
import type { TreeEntry } from "#src/sandbox/index.js";
import { sourceOrders, type Seen, type Work } from "#src/steps/copy/sources.js";

const op = {
  command: "COPY",
  destination: "/to/",
  directory: true,
  parents: false,
  exclude: [],
} as unknown as CopyOp;
const source = { kind: "path", pattern: "s*" } as unknown as Parameters<typeof sourceOrders>[1];
const socket = { path: "", type: "socket", mode: 0o755, size: 0, nlink: 1 } as unknown as TreeEntry;

/** What is said when the orders of a source are asked for twice, as when a copy is begun in memory and done on the disk. */
function saidOf(matches: Parameters<typeof sourceOrders>[2]["matches"]): string[] {
  const said: string[] = [];
  const seen: Seen = new WeakMap();
  const context = { warn: (message: string) => said.push(message) };
  const work = { seen, vertex: { op }, context } as unknown as Work;
  for (let i = 0; i < 2; i++) {
    const orders = [...sourceOrders(work, source, { matches, wildcard: true })];
    assert.ok(orders.every((order) => order.op !== "entry"));
  }
  return said;
}

describe("warnings about the sources of a copy", () => {
  it("name each socket once", () => {
    assert.deepEqual(saidOf([{ path: "sock", entry: socket, children: [], ancestors: [] }]), [
      '"sock" is a socket and is not copied',
    ]);
  });
  it("say once that nothing matches", () => {
    assert.deepEqual(saidOf([]), ['COPY: no file matches "s*", nothing is copied']);
  });
});
