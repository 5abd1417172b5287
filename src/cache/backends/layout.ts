// SPDX-License-Identifier: Apache-2.0
// The cache type `local`: an OCI layout in a directory.

import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { TsbuildError, errnoOf } from "../../base/index.js";
import {
  algorithmOf,
  hexOf,
  isDigest,
  ociLimits,
  parseIndex,
  type Descriptor,
} from "../../oci/index.js";
import { readCaches, type DocumentReader } from "../read.js";
import { needed, optionError } from "../spec.js";
import { targetAttributes, targetOptions } from "../target.js";
import type { CacheBackend } from "../types.js";

const type = "local";
const refName = "org.opencontainers.image.ref.name";

export const localBackend: CacheBackend = {
  name: type,
  source: {
    attributes: ["src", "tag", "digest"],
    create(attributes, cwd) {
      const path = resolve(cwd, needed(type, attributes, "src"));
      const { tag = "latest", digest } = attributes;
      if (digest !== undefined && !isDigest(digest))
        throw optionError(type, "digest is not a digest");
      return {
        label: path,
        async open(_services, signal) {
          const top = await choose(path, digest === undefined ? { tag } : { digest });
          return readCaches(top, readerOf(path), signal);
        },
      };
    },
  },
  target: {
    attributes: [...targetAttributes, "dest", "tag"],
    create(attributes, cwd) {
      const path = resolve(cwd, needed(type, attributes, "dest"));
      const { tag = "latest" } = attributes;
      return {
        label: path,
        ...targetOptions(type, attributes),
        write: (manifest, blobs, services, signal) =>
          services.writeLayout(
            path,
            { ...manifest, annotations: { ...manifest.annotations, [refName]: tag } },
            blobs,
            signal,
          ),
      };
    },
  },
};

async function choose(
  path: string,
  wanted: { readonly tag?: string; readonly digest?: string },
): Promise<Descriptor> {
  const file = join(path, "index.json");
  let bytes: Uint8Array;
  try {
    const { size } = await stat(file);
    if (size > ociLimits.manifestBytes) throw noCache(path, "its index.json is too large");
    bytes = await readFile(file);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    throw noCache(path, "it has no index.json", error);
  }
  const found = parseIndex(bytes).manifests.findLast(({ digest, annotations }) =>
    wanted.digest === undefined ? annotations?.[refName] === wanted.tag : digest === wanted.digest,
  );
  if (found === undefined)
    throw noCache(path, `it has no ${wanted.digest ?? `tag ${wanted.tag ?? ""}`}`);
  return found;
}

function noCache(path: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("CACHE_DOCUMENT", `${path} holds no cache: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The digest was checked when it was parsed, so its hex is safe in a path. */
function readerOf(path: string): DocumentReader {
  const fileOf = ({ digest }: Descriptor): string =>
    join(path, "blobs", algorithmOf(digest), hexOf(digest));
  return {
    document: async (descriptor) => readFile(fileOf(descriptor)),
    blob: (descriptor, signal) => createReadStream(fileOf(descriptor), { signal }),
  };
}
