// SPDX-License-Identifier: Apache-2.0
// The framed streams between Node and the helper, and how they end.

import assert from "node:assert/strict";
import { PassThrough, type Writable } from "node:stream";
import { describe, it } from "node:test";
import { isTsbuildError, TsbuildError } from "#src/base/index.js";
import { decodeEntries, encodeEntry } from "#src/sandbox/entry-codec.js";
import { feed, FrameWriter } from "#src/sandbox/frames.js";
import type { Helper } from "#src/sandbox/spawn.js";
import type { ApplyEntry, TreeEntry } from "#src/sandbox/index.js";

const entry: ApplyEntry = {
  type: "file",
  path: "dir/näme\udcff",
  link: "",
  mode: 0o6755,
  uid: 4_294_967_294,
  gid: 7,
  mtime: -5,
  size: 2 ** 40,
  devMajor: 0,
  devMinor: 0,
  xattrs: [
    ["user.a", Buffer.from([0, 255])],
    ["user.b", Buffer.alloc(0)],
  ],
};

function decoded(...entries: readonly ApplyEntry[]): TreeEntry[] {
  const found: TreeEntry[] = [];
  for (const one of entries) {
    const writer = new FrameWriter();
    encodeEntry(writer, one);
    const frame = writer.take();
    assert.equal(frame.readUInt32LE(0), frame.length - 4);
    decodeEntries(frame.subarray(4), found);
  }
  return found;
}

describe("records of entries", () => {
  it("say the same on both sides", () => {
    const [found] = decoded(entry);
    assert.ok(found !== undefined);
    const { path, mode, uid, gid, mtimeNs, size, xattrs } = found;
    assert.deepEqual(
      { path, mode, uid, gid, mtimeNs, size, xattrs },
      {
        path: entry.path,
        mode: 0o6755,
        uid: 4_294_967_294,
        gid: 7,
        mtimeNs: "-5000000000",
        size: 2 ** 40,
        xattrs: [
          ["user.a", "00ff"],
          ["user.b", ""],
        ],
      },
    );
  });
  it("keep targets of links", () => {
    assert.equal(decoded({ ...entry, type: "symlink", link: "../é", size: 0 })[0]?.link, "../é");
  });
  it("are refused when they are cut off", () => {
    const writer = new FrameWriter();
    encodeEntry(writer, entry);
    const frame = writer.take().subarray(4);
    for (let length = 1; length < frame.length; length++)
      assert.throws(
        () => {
          decodeEntries(frame.subarray(0, length), []);
        },
        (error) => isTsbuildError(error, "SANDBOX_HELPER_EVENT"),
      );
  });
  it("hold no NUL in a name", () => {
    assert.throws(
      () => decoded({ ...entry, path: "a\0b" }),
      (error) => isTsbuildError(error, "SANDBOX_BAD_REQUEST"),
    );
  });
  it("may be larger than a buffer", () => {
    const writer = new FrameWriter();
    for (let i = 0; i < 3000; i++) encodeEntry(writer, { ...entry, path: `p${i}` });
    const frames = writer.take();
    let count = 0;
    for (let at = 0; at < frames.length; at += 4 + frames.readUInt32LE(at)) count++;
    assert.equal(count, 3000);
    assert.equal(writer.length, 0);
  });
});

describe("feeding a helper", () => {
  const helper = (
    stdin: Writable,
    done: Promise<{ event: string }>,
  ): Helper & { stopped: boolean } => ({
    stdin,
    stdout: undefined,
    control: undefined,
    done,
    stopped: false,
    letGo: () => undefined,
    keep: () => undefined,
    stop() {
      this.stopped = true;
      stdin.destroy();
    },
  });

  it("waits while the helper has enough to do", async () => {
    const slow = new PassThrough({ highWaterMark: 10 });
    let sent = 0;
    const feeding = feed(helper(slow, Promise.resolve({ event: "done" })), async (send) => {
      for (; sent < 5; sent++) await send(Buffer.alloc(20));
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(sent, 0);
    slow.resume();
    await feeding;
    assert.equal(sent, 5);
  });
  it("throws the helper's reason when it ends early", async () => {
    const stdin = new PassThrough({ highWaterMark: 10 });
    const reason = new TsbuildError("SANDBOX_SYSTEM", "no space");
    const done = Promise.reject(reason);
    done.catch(() => undefined);
    const feeding = feed(helper(stdin, done), async (send) => {
      for (;;) {
        setTimeout(() => stdin.destroy(), 5);
        await send(Buffer.alloc(20));
      }
    });
    await assert.rejects(feeding, (error) => error === reason);
  });
  it("stops the helper when the source of the entries fails", async () => {
    const failure = new Error("source");
    const running = helper(new PassThrough(), Promise.resolve({ event: "done" }));
    await assert.rejects(
      feed(running, () => Promise.reject(failure)),
      (error) => error === failure,
    );
    assert.equal(running.stopped, true);
  });
});
