// SPDX-License-Identifier: Apache-2.0
// ADD of a URL: the file, kept as a blob and asked for again only when the server says that it changed.

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { utimes } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { redactUrl, TsbuildError } from "../base/index.js";
import { fetchUrl, parseHttpUrl, urlFilename, type HttpValidators } from "../context/index.js";
import { algorithmOf, parseDigest, type Digest } from "../oci/index.js";
import type { HttpOp } from "../plan/index.js";
import type { Root } from "../sandbox/index.js";
import type { Result, Step, StepContext, Vertex } from "../solve/index.js";
import { draftOn } from "./draft.js";
import { snapshotUsable } from "./result.js";
import type { StepServices } from "./services.js";

/** The name of the table of downloads, by URL. */
export const downloadTable = "downloads";

/** What is remembered of a URL. */
export interface Download {
  readonly digest: string;
  readonly size: number;
  readonly mtime: number;
  readonly validators: HttpValidators;
}

export function httpStep(services: StepServices): Step {
  // A URL has one content in a build, however often it is added.
  const downloads = new Map<string, Promise<Download>>();
  const download = (vertex: Vertex, context: StepContext): Promise<Download> => {
    const { url, checksum } = vertex.op as HttpOp;
    const key = JSON.stringify([url, checksum]);
    const pending = downloads.get(key) ?? fetchFile(services, vertex.op as HttpOp, context);
    downloads.set(key, pending);
    return pending;
  };
  return {
    resource: "network",
    define: async (vertex, context) => {
      const { digest, mtime } = await download(vertex, context);
      return { digest, mtime, name: fileName(vertex.op as HttpOp) };
    },
    run: async (vertex, _inputs, context): Promise<Result> => {
      const { digest, size, mtime } = await download(vertex, context);
      const name = fileName(vertex.op as HttpOp);
      await using scratch = await services.store.tempDir();
      const file = join(scratch.path, "file");
      const blob = { digest: parseDigest(digest), size };
      await pipeline(services.store.blobs.stream(blob), createWriteStream(file, { mode: 0o600 }), {
        signal: context.signal,
      });
      await utimes(file, mtime, mtime);
      const { signal } = context;
      const write = (destination: Root): Promise<void> =>
        services.sandbox.copy(
          {
            source: { kind: "directory", path: scratch.path },
            destination,
            owner: { kind: "ids", uid: 0, gid: 0 },
            madeTime: 0,
          },
          [
            { op: "target", path: "/", as: "dir", name: "", parentMode: 0o755 },
            { op: "entry", from: "file", to: name, follow: false, merge: "set", mode: 0o600 },
          ],
          signal,
        );
      const snapshot = await draftOn(services, null, write, signal);
      return { ...snapshot, name, digest };
    },
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

/** What docker build calls a file whose URL has no name for it. */
const unnamed = "__unnamed__";

function fileName({ url, name = urlFilename(parseHttpUrl(url)) }: HttpOp): string {
  return name ?? unnamed;
}

async function fetchFile(
  services: StepServices,
  { url, checksum }: HttpOp,
  context: StepContext,
): Promise<Download> {
  const { store, remotes } = services;
  const wanted = checksum === undefined ? undefined : parseDigest(checksum);
  const table = store.table<Download>(downloadTable);
  const known = table.get(url);
  const usable = known !== undefined && (await store.blobs.has(parseDigest(known.digest)));
  await using scratch = await store.tempDir();
  const destination = join(scratch.path, "download");
  const result = await fetchUrl({
    url,
    destination,
    ...(usable ? { validators: known.validators } : {}),
    remotes,
    decided: true,
    signal: context.signal,
  });
  if (result.kind === "not-modified" && known !== undefined) {
    await verify(url, wanted, known.digest, () =>
      store.blobs.stream({ digest: parseDigest(known.digest), size: known.size }),
    );
    return known;
  }
  if (result.kind === "not-modified")
    throw new RangeError("a server answered a question that was not asked");
  await verify(url, wanted, result.sha256, () => createReadStream(destination));
  const digest = parseDigest(result.sha256);
  await store.blobs.write(createReadStream(destination), {
    expected: { digest, size: result.size },
    signal: context.signal,
  });
  const { size, mtime, validators } = result;
  const download: Download = { digest, size, mtime, validators };
  await table.put(url, download);
  return download;
}

async function verify(
  url: string,
  wanted: Digest | undefined,
  sha256: string,
  open: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  if (wanted === undefined) return;
  const algorithm = algorithmOf(wanted);
  const actual = algorithm === "sha256" ? sha256 : await digestWith(algorithm, open());
  if (actual !== wanted)
    throw new TsbuildError(
      "STEPS_CHECKSUM",
      `digest mismatch for ${redactUrl(url)}: expected ${wanted}, got ${actual}`,
      {
        details: { expected: wanted, actual },
      },
    );
}

async function digestWith(algorithm: string, source: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of source) hash.update(chunk);
  return `${algorithm}:${hash.digest("hex")}`;
}
