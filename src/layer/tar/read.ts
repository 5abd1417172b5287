// SPDX-License-Identifier: Apache-2.0
// The entries of a tar, in order, each with its content as a stream. tar-stream does the parsing; what it is given has
// been through TarNormaliser.

import { extract } from "tar-stream";
import type { LayerLimits } from "../types.js";
import { malformed } from "./header.js";
import { TarNormaliser } from "./normalise.js";
import { numberOf } from "./pax.js";
import {
  expand,
  MAP_IN_CONTENT_KEY,
  MAP_KEY,
  mapFromContent,
  parseMap,
  type SparseMap,
} from "./sparse.js";

/** An entry as the archive has it. Strings have one character per byte. */
export interface TarEntry {
  readonly type: string;
  readonly name: string;
  readonly link: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  /** Of the content as given, holes filled. */
  readonly size: number;
  readonly devMajor: number;
  readonly devMinor: number;
  readonly records: Readonly<Record<string, string>>;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Writes the normalised tar into the parser, no faster than it takes it. Whatever goes wrong destroys the parser with it. */
async function feedParser(
  source: AsyncIterable<Uint8Array>,
  limits: LayerLimits,
  parser: ReturnType<typeof extract>,
): Promise<void> {
  const normaliser = new TarNormaliser(limits);
  const write = async (bytes: Buffer): Promise<void> => {
    if (parser.destroyed || parser.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        parser.off("drain", go);
        parser.off("close", go);
        resolve();
      };
      parser.on("drain", go);
      parser.on("close", go);
    });
  };
  try {
    for await (const chunk of source) {
      // After the end mark the source is still read to its end: its digest covers all of it.
      if (normaliser.ended) continue;
      for (const bytes of normaliser.push(asBuffer(chunk))) await write(bytes);
      if (parser.destroyed) return;
    }
    if (!parser.destroyed) parser.end(normaliser.end());
  } catch (error) {
    parser.destroy(error instanceof Error ? error : malformed(String(error)));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the parser gives for an entry, as far as it is used here. Its own types promise more than a stranger's tar keeps. */
type ParsedEntry = AsyncIterable<Uint8Array> & {
  readonly header: {
    readonly name: string;
    readonly type: string | null;
    readonly linkname: string | null;
    readonly size: number;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
    readonly mtime: Date;
    readonly devmajor: number;
    readonly devminor: number;
    readonly pax: Readonly<Record<string, string>> | null;
  };
  resume(): void;
};

async function sparseMapOf(
  records: Readonly<Record<string, string>>,
  entry: ParsedEntry,
  stored: number,
  limits: LayerLimits,
): Promise<{ readonly map: SparseMap; readonly data: AsyncIterable<Uint8Array> } | undefined> {
  const known = records[MAP_KEY];
  if (known !== undefined) return { map: parseMap(known, stored, limits), data: entry };
  const size = records[MAP_IN_CONTENT_KEY];
  if (size === undefined) return undefined;
  const iterator = entry[Symbol.asyncIterator]();
  const { map, rest } = await mapFromContent(iterator, Number(size), stored, limits);
  return { map, data: restOf(rest, iterator) };
}

async function* restOf(
  first: Uint8Array,
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (first.length > 0) yield first;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
    yield next.value;
}

/** Reads a tar. Errors: LAYER_TAR, LAYER_LIMIT, what the source throws. */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  limits: LayerLimits,
): AsyncGenerator<TarEntry, void, undefined> {
  // Options that the package takes and its types forget.
  const options = { filenameEncoding: "latin1", allowUnknownFormat: true };
  const parser = extract(options as Parameters<typeof extract>[0]);
  const feeding = feedParser(source, limits, parser);
  try {
    for await (const entry of parser as unknown as AsyncIterable<ParsedEntry>) {
      yield await tarEntry(entry, limits);
      entry.resume();
    }
    await feeding;
  } finally {
    parser.destroy(null);
    await feeding;
  }
}

async function tarEntry(entry: ParsedEntry, limits: LayerLimits): Promise<TarEntry> {
  const { header } = entry;
  const records = header.pax ?? {};
  const sparse = await sparseMapOf(records, entry, header.size, limits);
  return {
    type: header.type ?? "unknown",
    name: header.name,
    link: header.linkname ?? "",
    mode: header.mode,
    uid: numberOf(records, "uid", header.uid),
    gid: numberOf(records, "gid", header.gid),
    mtime: numberOf(records, "mtime", Math.floor(header.mtime.getTime() / 1000)),
    size: sparse?.map.size ?? header.size,
    devMajor: header.devmajor,
    devMinor: header.devminor,
    records,
    content: sparse === undefined ? entry : expand(sparse.map, sparse.data),
  };
}
