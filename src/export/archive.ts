// SPDX-License-Identifier: Apache-2.0
// Archives of an image: entries in the order of their names, all with the same times and owners, so that the same image
// gives the same archive.

import { directoryHeader, endMark, fileHeader, paddingOf } from "../layer/index.js";
import type { Store } from "../store/index.js";
import { blobPath, layoutMarker } from "./layout-files.js";
import type { PreparedImage } from "./prepare.js";
import type { ExportOptions } from "./types.js";

/** A file of an archive: small text, or a blob of the store. */
interface ArchiveFile {
  readonly name: string;
  readonly size: number;
  readonly content: Buffer | (() => AsyncIterable<Uint8Array>);
}

function filesOf(
  image: PreparedImage,
  store: Store,
  texts: Readonly<Record<string, string>>,
): ArchiveFile[] {
  const small = Object.entries({ "oci-layout": layoutMarker, ...texts }).map(
    ([name, text]): ArchiveFile => {
      const content = Buffer.from(text);
      return { name, size: content.length, content };
    },
  );
  const blobs = image.blobs.map((blob): ArchiveFile => ({
    name: blobPath(blob),
    size: blob.size,
    content: () => store.blobs.pieces(blob),
  }));
  return [...small, ...blobs].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The names of the directories that files are in, parents first. */
function directoriesOf(files: readonly ArchiveFile[]): string[] {
  const names = new Set<string>();
  for (const { name } of files)
    for (let slash = name.indexOf("/"); slash >= 0; slash = name.indexOf("/", slash + 1))
      names.add(name.slice(0, slash + 1));
  return [...names].sort();
}

/**
 * The archive of an image as a stream: blobs, oci-layout, and the given texts (index.json ...). Blobs are verified on the
 * way; the stream fails when one is not what it should be. Nothing is read before it is: a failure then has no one to see it.
 */
export async function* archiveOf(
  image: PreparedImage,
  store: Store,
  texts: Readonly<Record<string, string>>,
  options: ExportOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const files = filesOf(image, store, texts);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  // What is small goes with what follows it: each piece is a write of its own.
  let held = directoriesOf(files).map(directoryHeader);
  for (const { name, size, content } of files) {
    options.signal.throwIfAborted();
    held.push(fileHeader(name, size));
    if (Buffer.isBuffer(content)) held.push(content, paddingOf(size));
    else {
      yield Buffer.concat(held);
      yield* content();
      held = [paddingOf(size)];
    }
    done += size;
    options.onProgress?.("writing the archive", done, total);
  }
  yield Buffer.concat([...held, endMark]);
}
