// SPDX-License-Identifier: Apache-2.0
// A blob that can be read while it is being written: its first bytes are of use long before its last one has come.

import { open, type FileHandle } from "node:fs/promises";
import { storeError } from "./errors.js";

const chunkSize = 256 * 1024;

/**
 * Handed to BlobStore.write, which tells it how far it is. Its file stays open until it is disposed of, also when the blob
 * has got its name by then, or has been thrown away.
 */
export class GrowingBlob implements AsyncDisposable {
  #file: FileHandle | undefined;
  #length = 0;
  #end: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;
  #news: Promise<void> = this.#nextNews();

  /** The writer has made its file. */
  async begin(path: string): Promise<void> {
    this.#file = await open(path, "r");
  }

  /** The writer has written that many bytes more. */
  grow(count: number): void {
    this.#length += count;
    this.#tell();
  }

  /** The writer is done: the bytes are what they should be, or `error` says why there will be no more. */
  end(error?: unknown): void {
    this.#end = error === undefined ? {} : { error };
    this.#tell();
  }

  /**
   * The bytes from the first, as they come; may be called several times, also after the end. They are not verified: nothing
   * that was read counts before the iteration has ended. Throws what the writer failed with.
   */
  async *stream(): AsyncGenerator<Buffer, void, undefined> {
    for (let at = 0; ;) {
      const news = this.#news;
      if (at < this.#length) {
        const chunk = await this.#read(at, Math.min(chunkSize, this.#length - at));
        at += chunk.length;
        yield chunk;
      } else if (this.#end === undefined) await news;
      else if ("error" in this.#end) throw this.#end.error;
      else return;
    }
  }

  async #read(position: number, length: number): Promise<Buffer> {
    try {
      if (this.#file === undefined) throw new TypeError("a blob grew before it had begun");
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await this.#file.read(buffer, 0, length, position);
      if (bytesRead === 0) throw new Error("the file is shorter than what was written to it");
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      throw storeError(error, "read a blob that is being written");
    }
  }

  #nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #tell(): void {
    this.#wake();
    this.#news = this.#nextNews();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }
}
