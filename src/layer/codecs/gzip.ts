// SPDX-License-Identifier: Apache-2.0
// gzip, with node:zlib. Several members one after another are one stream. What is written names neither file, time nor
// system.

import { promisify } from "node:util";
import { constants, createGunzip, createGzip, gzip, gzipSync } from "node:zlib";
import { throughStream } from "./feed.js";

const CHUNK = 256 * 1024;

/** zlib writes the system that it runs on into its header; "unknown" is the same everywhere. */
const SYSTEM_BYTE = 9;
const UNKNOWN_SYSTEM = 255;

export function decompressGzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip({ chunkSize: CHUNK, finishFlush: constants.Z_FINISH });
  return throughStream("gzip", source, gunzip);
}

/** One member, however long. */
export function compressGzip(
  source: AsyncIterable<Uint8Array>,
  level: number,
): AsyncIterable<Uint8Array> {
  return throughStream("gzip", source, unnamed(createGzip({ level, chunkSize: CHUNK })));
}

function unnamed(stream: ReturnType<typeof createGzip>): ReturnType<typeof createGzip> {
  const push = stream.push.bind(stream);
  let seen = 0;
  stream.push = (chunk: Buffer | null): boolean => {
    if (chunk !== null && seen <= SYSTEM_BYTE && seen + chunk.length > SYSTEM_BYTE)
      chunk[SYSTEM_BYTE - seen] = UNKNOWN_SYSTEM;
    seen += chunk?.length ?? 0;
    return push(chunk);
  };
  return stream;
}

/** A member of a few bytes, at once. */
export function gzipNow(bytes: Uint8Array, level: number): Buffer {
  const member = gzipSync(bytes, { level });
  member[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
  return member;
}

const gzipBeside = promisify<Uint8Array, { level: number }, Buffer>(gzip);

/** Bytes up to which handing them to another thread costs more than it saves. */
const AT_ONCE = 16 * 1024;
/** As many as node:zlib has threads. */
const MEMBERS_AT_ONCE = 4;

/** A member for each piece of the source, in order, several at work at once. */
export async function* gzipMembers(
  source: AsyncIterable<Buffer>,
  level: number,
): AsyncGenerator<Buffer, void, undefined> {
  const made: Promise<Buffer>[] = [];
  for await (const bytes of source) {
    const member =
      bytes.length <= AT_ONCE
        ? Promise.resolve(gzipNow(bytes, level))
        : gzipBeside(bytes, { level }).then((whole) => {
            whole[SYSTEM_BYTE] = UNKNOWN_SYSTEM;
            return whole;
          });
    // A failure is seen when its turn comes.
    member.catch(() => undefined);
    made.push(member);
    if (made.length >= MEMBERS_AT_ONCE) yield (await made.shift()) as Buffer;
  }
  for (const member of made) yield await member;
}
