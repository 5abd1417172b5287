// SPDX-License-Identifier: Apache-2.0
// The cache type `registry`: an image of its own at a registry, or an image that holds its cache (`inline`).

import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  formatReference,
  isIndexType,
  isManifestType,
  parseReference,
  withDefaultTag,
  type Reference,
} from "../../oci/index.js";
import type { RegistryClient } from "../../registry/index.js";
import { readCaches, type DocumentReader } from "../read.js";
import { needed, truthOf } from "../spec.js";
import { targetAttributes, targetOptions } from "../target.js";
import type { Attributes, CacheBackend, CacheServices } from "../types.js";

const type = "registry";
const sourceAttributes = ["ref", "registry.insecure"];

export const registryBackend: CacheBackend = {
  name: type,
  source: {
    attributes: sourceAttributes,
    create(attributes) {
      const reference = referenceOf(attributes);
      const insecure = truthOf(type, attributes, "registry.insecure", false);
      return {
        label: formatReference(reference),
        async open(services, signal) {
          const client = await clientFor(reference, insecure, services);
          const { descriptor, bytes } = await client.manifest(reference, { signal });
          const reader = readerOf(client, reference);
          const known: DocumentReader["document"] = async (wanted, own) =>
            wanted.digest === descriptor.digest ? bytes : reader.document(wanted, own);
          return readCaches(descriptor, { ...reader, document: known }, signal);
        },
      };
    },
  },
  target: {
    attributes: [...targetAttributes, ...sourceAttributes],
    create(attributes) {
      const reference = referenceOf(attributes);
      const insecure = truthOf(type, attributes, "registry.insecure", false);
      return {
        label: formatReference(reference),
        ...targetOptions(type, attributes),
        async write(manifest, _blobs, services, signal) {
          const client = await clientFor(reference, insecure, services);
          await client.push(reference, manifest, services.store.blobs, { signal });
        },
      };
    },
  },
};

function referenceOf(attributes: Attributes): Reference {
  return withDefaultTag(parseReference(needed(type, attributes, "ref")));
}

function clientFor(
  { domain }: Reference,
  insecure: boolean,
  services: CacheServices,
): Promise<RegistryClient> {
  return services.registry({ insecureHosts: insecure ? [domain] : [] });
}

function readerOf(client: RegistryClient, reference: Reference): DocumentReader {
  return {
    async document(descriptor, signal) {
      const { mediaType, digest } = descriptor;
      if (isManifestType(mediaType) || isIndexType(mediaType))
        return (await client.manifest({ ...reference, digest }, { signal })).bytes;
      return buffer(Readable.from(client.blob(reference, descriptor, { signal })));
    },
    blob: (descriptor, signal) => client.blob(reference, descriptor, { signal }),
  };
}
