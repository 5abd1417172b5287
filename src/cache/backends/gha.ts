// SPDX-License-Identifier: Apache-2.0
// The cache type `gha`: the cache service of GitHub Actions. A layer is an entry under its digest's name; the document is an
// entry under the name of its scope and branch, written when all its layers are there.

import { createHash } from "node:crypto";
import { TsbuildError, eachAtOnce, printable } from "../../base/index.js";
import { digestOf, ociLimits, type Descriptor } from "../../oci/index.js";
import type { ActionsEntries } from "../actions/entries.js";
import type { BlobStore } from "../../store/index.js";
import { actionsSettings, settingAttributes, type ActionsSettings } from "../actions/settings.js";
import { scopesOf, type TokenScope } from "../actions/token.js";
import { cacheConfigType, parseRecords } from "../document.js";
import { targetAttributes, targetOptions } from "../target.js";
import type { CacheBackend, CacheServices, OpenedCache } from "../types.js";

const type = "gha";
const layersAtOnce = 4;

export const ghaBackend: CacheBackend = {
  name: type,
  source: {
    attributes: settingAttributes,
    create(attributes, surroundings) {
      const settings = actionsSettings(type, attributes, surroundings);
      if ("absent" in settings) return settings;
      return {
        label: labelOf(settings),
        open: async (services, signal) =>
          openCaches(await entriesOf(services, settings), settings, signal),
      };
    },
  },
  target: {
    attributes: [...targetAttributes, ...settingAttributes],
    create(attributes, surroundings) {
      const options = targetOptions(type, attributes);
      const settings = actionsSettings(type, attributes, surroundings);
      if ("absent" in settings) return settings;
      return {
        label: labelOf(settings),
        ...options,
        write: async (manifest, blobs, services, signal) =>
          saveCache(await entriesOf(services, settings), settings, {
            blobs: blobs.filter(({ digest }) => digest !== manifest.digest),
            store: services.store.blobs,
            signal,
          }),
      };
    },
  },
};

function labelOf({ scope }: ActionsSettings): string {
  return `${type} (scope ${printable(scope)})`;
}

/** The client is loaded when it is needed: most builds have no such cache. */
async function entriesOf(
  services: CacheServices,
  settings: ActionsSettings,
): Promise<ActionsEntries> {
  const { ActionsEntries: Entries } = await import("../actions/entries.js");
  return new Entries(await services.connections(), settings);
}

/** The layers, and then the document that names them; the manifest around it says nothing that the document does not. */
async function saveCache(
  entries: ActionsEntries,
  settings: ActionsSettings,
  cache: {
    readonly blobs: readonly Descriptor[];
    readonly store: BlobStore;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { blobs, store, signal } = cache;
  const scope = scopesOf(settings.token).find(({ write }) => write);
  if (scope === undefined)
    throw new TsbuildError("CACHE_SERVICE", "the token of this job may write no cache");
  const save = (
    name: string,
    blob: Descriptor,
    replace: boolean,
    own: AbortSignal,
  ): Promise<void> =>
    entries.save(name, { size: blob.size, open: () => store.stream(blob) }, { replace }, own);
  const isDocument = ({ mediaType }: Descriptor): boolean => mediaType === cacheConfigType;
  const layers = blobs.filter((blob) => !isDocument(blob));
  await eachAtOnce(layers, layersAtOnce, signal, (layer, own) =>
    save(layerName(layer), layer, false, own),
  );
  const name = documentName(settings, scope);
  const newest = await entries.read(name, ociLimits.configBytes, signal);
  for (const document of blobs.filter(isDocument))
    if (newest === undefined || digestOf(newest) !== document.digest)
      await save(name, document, true, signal);
}

/** The caches of the job's own branch, of its target and of the default branch, as far as the token opens them. */
async function openCaches(
  entries: ActionsEntries,
  settings: ActionsSettings,
  signal: AbortSignal,
): Promise<readonly OpenedCache[]> {
  const scopes = scopesOf(settings.token).filter(({ read }) => read);
  const documents = await Promise.all(
    scopes.map((scope) =>
      entries.read(documentName(settings, scope), ociLimits.configBytes, signal),
    ),
  );
  const found = documents.filter((document) => document !== undefined);
  if (found.length === 0) throw new TsbuildError("CACHE_DOCUMENT", "there is none yet");
  return found.map((document) => ({
    records: parseRecords(document),
    blob: (layer, own) => entries.stream(layerName(layer), layer.size, own),
  }));
}

function layerName({ digest }: Descriptor): string {
  return `tsbuild-blob-1-${digest}`;
}

/**
 * Of a scope in the cache of a branch: the service looks into several branches at once, and each has a document of its own.
 * Keys have no commas and at most 512 characters, and a part of the name is for people who look at the list of entries.
 */
function documentName({ scope }: ActionsSettings, { ref }: TokenScope): string {
  const shown = scope.replace(/[^\w.-]+/g, "-").slice(0, 64);
  const hash = createHash("sha256")
    .update(JSON.stringify([scope, ref]))
    .digest("hex");
  return `tsbuild-index-1-${shown}-${hash.slice(0, 16)}`;
}
