// SPDX-License-Identifier: Apache-2.0
// What the benchmark builds: trees of files, made from a fixed seed so that every run has the same bytes.

import { createCipheriv } from "node:crypto";
import { mkdirSync, openSync, closeSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const pieceBytes = 64 * 1024;

/** Bytes that deflate to about half, as programs and text do: half of each piece hexadecimal noise, a quarter noise, a quarter words. */
function* pieces(seed: string): Generator<Buffer, never> {
  const key = Buffer.alloc(16, `${seed}.`);
  const noise = createCipheriv("aes-128-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(pieceBytes / 4);
  const words = Buffer.alloc(pieceBytes / 4, "the quick brown fox jumps over the lazy dog; ");
  for (;;) {
    const hex = noise.update(zeros).toString("hex");
    yield Buffer.concat([Buffer.from(hex, "latin1"), noise.update(zeros), words]);
  }
}

/** Writes `count` files of `bytes` bytes each, a hundred to a directory. */
export function makeSmallFiles(
  directory: string,
  { count, bytes, seed = "small" }: { count: number; bytes: number; seed?: string },
): void {
  const source = pieces(seed);
  let piece = source.next().value;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const parent = join(directory, `d${Math.floor(i / 100)}`);
    if (i % 100 === 0) mkdirSync(parent, { recursive: true });
    if (at + bytes > piece.length) {
      piece = source.next().value;
      at = 0;
    }
    // The name makes each file different from every other one.
    const content = Buffer.concat([Buffer.from(`${i}\n`), piece.subarray(at, at + bytes)]);
    writeFileSync(join(parent, `f${i}.txt`), content.subarray(0, bytes));
    at += Math.min(bytes, 777);
  }
}

/** Writes `count` files of `bytes` bytes each into one directory. */
export function makeLargeFiles(
  directory: string,
  { count, bytes }: { count: number; bytes: number },
): void {
  mkdirSync(directory, { recursive: true });
  for (let i = 0; i < count; i++) {
    const file = openSync(join(directory, `large${i}.bin`), "w");
    let left = bytes;
    for (const piece of pieces(`large${i}`)) {
      left -= writeSync(file, piece, 0, Math.min(left, piece.length));
      if (left === 0) break;
    }
    closeSync(file);
  }
}

/** A C program of `count` files with a Makefile, each file with enough in it to keep a compiler busy. */
export function makeProgram(directory: string, count: number): void {
  mkdirSync(directory, { recursive: true });
  const names = Array.from({ length: count }, (_, i) => `part${i}`);
  for (const name of names) {
    const functions = Array.from(
      { length: 40 },
      (_, i) =>
        `static int ${name}_${i}(int x) {\n  int y = ${i};\n` +
        `  for (int k = 0; k < x; k++) y = (y * 31 + k) ^ (x >> (k & 7));\n` +
        `  switch (y & 3) { case 0: return y; case 1: return y + x; case 2: return printf("%d\\n", y); }\n` +
        `  return strlen("${name}") ? y : x;\n}\n`,
    );
    const calls = functions.map((_, i) => `${name}_${i}(x)`).join(" + ");
    const head = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n";
    const text = `${head}${functions.join("")}int ${name}(int x) { return ${calls}; }\n`;
    writeFileSync(join(directory, `${name}.c`), text);
  }
  const declarations = names.map((name) => `int ${name}(int);\n`).join("");
  const sum = names.map((name) => `${name}(argc)`).join(" + ");
  const main = `${declarations}int main(int argc, char **argv) { (void)argv; return (${sum}) == 42; }\n`;
  writeFileSync(join(directory, "main.c"), main);
  const objects = ["main", ...names].map((name) => `${name}.o`).join(" ");
  const rules = `CFLAGS = -O2\nprogram: ${objects}\n\t$(CC) -o $@ $^\n`;
  writeFileSync(join(directory, "Makefile"), rules);
}
