// SPDX-License-Identifier: Apache-2.0
// Finds out, before LMDB maps a file, whether LMDB could crash on it: it trusts page numbers and offsets, and a file that
// was cut short is a bus error. The format is LMDB's own, with 24-byte page headers: two meta pages, then B-trees of
// pages whose slots (16-bit offsets, counted from the header's end) grow upwards and whose nodes grow downwards.

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../base/index.js";

const header = 24;
const nodeHeader = 8;
const magic = 0xbeefc0de;
const noPage = 0xffffffffffffffffn;
const deepest = 32;

const flag = { branch: 1, leaf: 2, overflow: 4 } as const;
/** Of a node: its value stands on overflow pages. */
const bigValue = 1;

/** The fields of a meta page that say where the data is. */
interface Meta {
  readonly pageSize: number;
  /** Of the list of free pages, and of the data. */
  readonly roots: readonly bigint[];
  readonly lastPage: number;
  readonly transaction: bigint;
}

function readMeta(page: Buffer): Meta | undefined {
  if (page.length < 176 || page.readUInt32LE(header) !== magic) return undefined;
  const lastPage = page.readBigUInt64LE(144);
  if (lastPage > 0xffffffffn) return undefined;
  return {
    pageSize: page.readUInt32LE(48),
    roots: [page.readBigUInt64LE(88), page.readBigUInt64LE(136)],
    lastPage: Number(lastPage),
    transaction: page.readBigUInt64LE(152),
  };
}

function readAt(fd: number, size: number, position: number): Buffer {
  const buffer = Buffer.alloc(size);
  return buffer.subarray(0, readSync(fd, buffer, 0, size, position));
}

class Fault extends Error {}

/** Up to this size a file is read at once, which is much faster than page by page. */
const wholeFile = 64 * 1024 * 1024;

/** Walks the trees of a file, each page at most once. */
class Walk {
  readonly #fd: number;
  readonly #meta: Meta;
  readonly #seen: Uint8Array;
  readonly #whole: Buffer | undefined;
  #leafDepth: number | undefined;

  constructor(fd: number, meta: Meta) {
    this.#fd = fd;
    this.#meta = meta;
    const size = (meta.lastPage + 1) * meta.pageSize;
    this.#whole = size <= wholeFile ? readAt(fd, size, 0) : undefined;
    this.#seen = new Uint8Array(meta.lastPage + 1);
  }

  tree(root: bigint): void {
    this.#leafDepth = undefined;
    if (root !== noPage) this.#page(root, 0);
  }

  /** Marks pages as used by this tree. */
  #claim(first: bigint, count: number): number {
    const number = Number(first);
    if (first < 2n || first + BigInt(count) - 1n > BigInt(this.#meta.lastPage))
      throw new Fault("a page number points outside of it");
    for (let page = number; page < number + count; page++) {
      if (this.#seen[page] === 1) throw new Fault("a page is used twice");
      this.#seen[page] = 1;
    }
    return number;
  }

  #read(number: number, kinds: readonly number[]): Buffer {
    const { pageSize } = this.#meta;
    const start = number * pageSize;
    const page =
      this.#whole?.subarray(start, start + pageSize) ?? readAt(this.#fd, pageSize, start);
    if (page.length < pageSize) throw new Fault("a page is cut short");
    if (page.readBigUInt64LE(0) !== BigInt(number) || !kinds.includes(page.readUInt16LE(18)))
      throw new Fault("a page is not what the page above says");
    return page;
  }

  #page(at: bigint, depth: number): void {
    if (depth > deepest) throw new Fault("its tree is too deep");
    const page = this.#read(this.#claim(at, 1), [flag.branch, flag.leaf]);
    const isLeaf = page.readUInt16LE(18) === flag.leaf;
    if (isLeaf && (this.#leafDepth ??= depth) !== depth) throw new Fault("its tree is uneven");
    const body = page.subarray(header);
    const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)];
    if (lower % 2 !== 0 || lower > upper || upper > body.length)
      throw new Fault("a page's bounds are impossible");
    if (!isLeaf && lower < 4) throw new Fault("a branch has no children");
    for (let slot = 0; slot < lower; slot += 2)
      this.#node(body, body.readUInt16LE(slot), upper, isLeaf, depth);
  }

  #node(body: Buffer, at: number, upper: number, isLeaf: boolean, depth: number): void {
    if (at % 2 !== 0 || at < upper || at + nodeHeader > body.length)
      throw new Fault("an entry is outside of its page");
    const low = body.readUInt32LE(at);
    const flags = body.readUInt16LE(at + 4);
    const keyEnd = at + nodeHeader + body.readUInt16LE(at + 6);
    if (keyEnd > body.length) throw new Fault("a key is outside of its page");
    if (!isLeaf) {
      this.#page(BigInt(low) + (BigInt(flags) << 32n), depth + 1);
      return;
    }
    if (flags === bigValue) {
      if (keyEnd + 8 > body.length) throw new Fault("a value is outside of its page");
      this.#overflow(body.readBigUInt64LE(keyEnd), low);
    } else if (flags !== 0 || keyEnd + low > body.length)
      throw new Fault("a value is outside of its page");
  }

  /** A value of its own pages: the header of the first says how many there are. */
  #overflow(at: bigint, size: number): void {
    const { pageSize, lastPage } = this.#meta;
    if (at < 2n || at > BigInt(lastPage)) throw new Fault("a page number points outside of it");
    const page = this.#read(Number(at), [flag.overflow]);
    const count = page.readUInt32LE(20);
    if (count === 0 || count > lastPage || size + header > count * pageSize)
      throw new Fault("a large value is longer than its pages");
    this.#claim(at, count);
  }
}

function newestMeta(fd: number, size: number): Meta {
  const first = readMeta(readAt(fd, 512, 0));
  if (first === undefined) throw new Fault("its first page is not that of a database");
  const { pageSize } = first;
  if (pageSize < 512 || pageSize > 65536 || (pageSize & (pageSize - 1)) !== 0)
    throw new Fault("its page size is impossible");
  const second = readMeta(readAt(fd, 512, pageSize));
  if (second === undefined) throw new Fault("its second page is not that of a database");
  const newest = second.transaction > first.transaction ? second : first;
  if (newest.pageSize !== pageSize) throw new Fault("its page size is impossible");
  if ((newest.lastPage + 1) * pageSize > size) throw new Fault("it is cut short");
  if (newest.roots.some((root) => root !== noPage && root > BigInt(newest.lastPage)))
    throw new Fault("its root is outside of it");
  return newest;
}

/**
 * What is wrong with a database file, in a few words; undefined when nothing is, or when there is no file. `thorough`
 * walks every page that is in use, which is right only while no process writes.
 */
export function checkDatabaseFile(path: string, thorough: boolean): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return undefined;
    const meta = newestMeta(fd, size);
    if (!thorough) return undefined;
    const walk = new Walk(fd, meta);
    for (const root of meta.roots) walk.tree(root);
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  } finally {
    closeSync(fd);
  }
}
