// SPDX-License-Identifier: Apache-2.0
// The cache type `local`: an OCI layout in a directory.

import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { TsbuildError } from "../../base/index.js";
import { annotationNames, isDigest, type Descriptor } from "../../oci/index.js";
import { readLayoutBlob, readLayoutIndex } from "../../store/index.js";
import { readCaches, type DocumentReader } from "../read.js";
import { needed, optionError, truthOf } from "../spec.js";
import { targetAttributes, targetOptions } from "../target.js";
import type { CacheBackend } from "../types.js";

const type = "local";
const { refName } = annotationNames;

export const localBackend: CacheBackend = {
  name: type,
  source: {
    attributes: ["src", "tag", "digest"],
    create(attributes, { cwd }) {
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
    attributes: [...targetAttributes, "dest", "tag", "reset"],
    create(attributes, { cwd }) {
      const path = resolve(cwd, needed(type, attributes, "dest"));
      const { tag = "latest" } = attributes;
      const reset = truthOf(type, attributes, "reset", false);
      return {
        label: path,
        ...targetOptions(type, attributes),
        async write(manifest, blobs, services, signal) {
          await services.writeLayout(
            path,
            { ...manifest, annotations: { ...manifest.annotations, [refName]: tag } },
            blobs,
            signal,
          );
          if (reset) await services.tidyLayout(path, signal);
        },
      };
    },
  },
};

async function choose(
  path: string,
  wanted: { readonly tag?: string; readonly digest?: string },
): Promise<Descriptor> {
  const { manifests } = await readLayoutIndex(path);
  const found = manifests.findLast(({ digest, annotations }) =>
    wanted.digest === undefined ? annotations?.[refName] === wanted.tag : digest === wanted.digest,
  );
  if (found !== undefined) return found;
  const what = wanted.digest ?? `tag ${wanted.tag ?? ""}`;
  throw new TsbuildError("CACHE_DOCUMENT", `${path} holds no cache: it has no ${what}`);
}

function readerOf(path: string): DocumentReader {
  return {
    document: (descriptor, signal) => buffer(readLayoutBlob(path, descriptor, signal)),
    blob: (descriptor, signal) => readLayoutBlob(path, descriptor, signal),
  };
}
