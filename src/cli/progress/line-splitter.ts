// SPDX-License-Identifier: Apache-2.0
// Turns chunks of a command's output into lines, without ever holding more than one bounded line.

import { StringDecoder } from "node:string_decoder";

/** Longer lines are cut into pieces of this many characters. */
const longest = 8192;

/** Feed it chunks; it calls back once per line (without the line end; `\r` starts the line anew). */
export class LineSplitter {
  readonly #onLine: (line: string, time: number) => void;
  readonly #decoder = new StringDecoder("utf8");
  #rest = "";

  constructor(onLine: (line: string, time: number) => void) {
    this.#onLine = onLine;
  }

  push(data: Uint8Array, time: number): void {
    this.#take(
      this.#decoder.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength)),
      time,
    );
  }

  /** Emits what has no line end. */
  end(time: number): void {
    this.#take(this.#decoder.end(), time);
    if (this.#rest !== "") this.#emit(this.#rest, time);
    this.#rest = "";
  }

  #take(text: string, time: number): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#emit(line, time);
    while (this.#rest.length > longest) {
      this.#emit(this.#rest.slice(0, longest), time);
      this.#rest = this.#rest.slice(longest);
    }
  }

  #emit(line: string, time: number): void {
    const text = line.endsWith("\r") ? line.slice(0, -1) : line;
    this.#onLine(text.slice(text.lastIndexOf("\r") + 1), time);
  }
}
