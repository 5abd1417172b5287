// SPDX-License-Identifier: Apache-2.0
// The framed streams of the tree verbs (native/wire.h): u32 length, kind, payload; little-endian. A writer that collects
// frames in one buffer, and the way they reach a helper without outrunning it.

import type { Writable } from "node:stream";
import { TsbuildError, writeName } from "../base/index.js";
import type { HelperEvent } from "./events.js";
import type { Helper } from "./spawn.js";

const INITIAL_SIZE = 64 << 10;
/** What a writer may hold before it is worth sending. */
export const SEND_SIZE: number = 48 << 10;

/** Collects frames. */
export class FrameWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(INITIAL_SIZE);
  #at = 0;
  #frame = 0;

  /** Bytes of finished frames that wait to be taken. */
  get length(): number {
    return this.#at;
  }

  open(kind: string): this {
    this.#room(5);
    this.#frame = this.#at;
    this.#at += 4;
    this.#buffer[this.#at++] = kind.charCodeAt(0);
    return this;
  }

  u8(value: number): this {
    this.#room(1);
    this.#buffer[this.#at++] = value;
    return this;
  }

  u32(value: number): this {
    this.#room(4);
    this.#at = this.#buffer.writeUInt32LE(value, this.#at);
    return this;
  }

  /** A 64-bit number, negative ones in two's complement. */
  u64(value: number): this {
    this.#room(8);
    this.#at = this.#buffer.writeBigInt64LE(BigInt(value), this.#at);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /**
   * A name and the NUL that ends it.
   * @throws SANDBOX_BAD_REQUEST for a name with a NUL in it.
   */
  text(value: string | Buffer): this {
    if (value.includes("\0"))
      throw new TsbuildError("SANDBOX_BAD_REQUEST", "a file name holds a NUL byte", {
        details: { name: value.toString() },
      });
    if (typeof value !== "string") return this.bytes(value).u8(0);
    this.#room(3 * value.length + 1);
    this.#at += writeName(value, this.#buffer, this.#at);
    return this.u8(0);
  }

  close(): void {
    this.#buffer.writeUInt32LE(this.#at - this.#frame - 4, this.#frame);
  }

  /** The finished frames; the writer starts anew. */
  take(): Buffer {
    const taken = this.#buffer.subarray(0, this.#at);
    this.#buffer = Buffer.allocUnsafeSlow(INITIAL_SIZE);
    this.#at = 0;
    return taken;
  }

  #room(more: number): void {
    if (this.#at + more <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, this.#at + more));
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** Cuts what arrives into frames. */
export class FrameReader {
  readonly #onFrame: (kind: string, payload: Buffer) => void;
  #chunks: Buffer[] = [];
  #buffered = 0;

  /** `payload` is valid during the call only. */
  constructor(onFrame: (kind: string, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#needed() > this.#buffered) return;
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered);
    let at = 0;
    while (buffer.length - at >= 4) {
      const end = at + 4 + buffer.readUInt32LE(at);
      if (end > buffer.length) break;
      this.#onFrame(String.fromCharCode(buffer[at + 4] ?? 0), buffer.subarray(at + 5, end));
      at = end;
    }
    this.#chunks = at === buffer.length ? [] : [buffer.subarray(at)];
    this.#buffered = buffer.length - at;
  }

  /** Bytes that must be there before the next frame is whole: chunks are joined once, not for each that arrives. */
  #needed(): number {
    const first = this.#chunks[0];
    return first === undefined || first.length < 4 ? 5 : 4 + first.readUInt32LE(0);
  }
}

/** The helper ended while it was being fed; why, says `done`. */
class HelperGone extends Error {}

async function drained(stdin: Writable): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      stdin.off("drain", done);
      stdin.off("close", done);
      resolve();
    };
    stdin.on("drain", done);
    stdin.on("close", done);
  });
}

/** Writes to the helper, and waits while it has enough to do. */
export type Send = (bytes: Uint8Array) => Promise<void>;

/**
 * Runs `produce`, which feeds the helper, and then waits for the helper's end. When the helper ends early, its reason is
 * thrown; when `produce` throws, the helper is stopped first, so that nothing of it is left behind.
 */
export async function feed(
  helper: Helper,
  produce: (send: Send) => Promise<void>,
): Promise<HelperEvent> {
  const { stdin } = helper;
  if (stdin === undefined) throw new TypeError("the helper was started without an input");
  const send: Send = async (bytes) => {
    if (stdin.destroyed) throw new HelperGone();
    if (stdin.write(bytes)) return;
    await drained(stdin);
  };
  try {
    await produce(send);
    stdin.end();
  } catch (error) {
    if (!(error instanceof HelperGone)) {
      helper.stop();
      await helper.done.catch(() => undefined);
      throw error;
    }
  }
  return helper.done;
}
