// SPDX-License-Identifier: Apache-2.0
// The cache types whose parts are objects in somebody's storage: `s3` and `azblob`. The clients are loaded when they are needed: most
// builds have no such cache.

import { targetAttributes, targetOptions } from "../target.js";
import type { Attributes, CacheBackend, CacheServices, Surroundings } from "../types.js";
import { azureAttributes, azureSettings } from "../objects/azure-settings.js";
import type { ObjectCache } from "../objects/cache.js";
import { s3Attributes, s3Settings } from "../objects/s3-settings.js";

interface NamedCache {
  readonly label: string;
  readonly connect: (services: CacheServices) => Promise<ObjectCache>;
}

function backendOf(
  type: string,
  own: readonly string[],
  named: (attributes: Attributes, surroundings: Surroundings) => NamedCache,
): CacheBackend {
  return {
    name: type,
    source: {
      attributes: own,
      create(attributes, surroundings) {
        const { label, connect } = named(attributes, surroundings);
        return {
          label,
          async open(services, signal) {
            const { openObjects } = await import("../objects/cache.js");
            return openObjects(await connect(services), signal);
          },
        };
      },
    },
    target: {
      attributes: [...targetAttributes, ...own],
      create(attributes, surroundings) {
        const { label, connect } = named(attributes, surroundings);
        return {
          label,
          ...targetOptions(type, attributes),
          async write(manifest, blobs, services, signal) {
            const { saveObjects } = await import("../objects/cache.js");
            // The manifest around the document says nothing that the document does not.
            const parts = blobs.filter(({ digest }) => digest !== manifest.digest);
            await saveObjects(await connect(services), parts, services.store.blobs, signal);
          },
        };
      },
    },
  };
}

export const s3Backend: CacheBackend = backendOf("s3", s3Attributes, (attributes, surroundings) => {
  const settings = s3Settings(attributes, surroundings);
  const { bucket, names, layersAtOnce, touchAfter } = settings;
  return {
    label: `s3 (bucket ${bucket}, ${names.documents.join(", ")})`,
    async connect(services) {
      const { Bucket } = await import("../objects/s3.js");
      const place = new Bucket(await services.connections(), settings);
      return { place, names, layersAtOnce, touchAfter };
    },
  };
});

export const azblobBackend: CacheBackend = backendOf(
  "azblob",
  azureAttributes,
  (attributes, surroundings) => {
    const settings = azureSettings(attributes, surroundings);
    const { container, names } = settings;
    return {
      label: `azblob (container ${container}, ${names.documents.join(", ")})`,
      async connect(services) {
        const { Container } = await import("../objects/azure.js");
        const place = new Container(await services.connections(), settings);
        return { place, names, layersAtOnce: 4, touchAfter: Infinity };
      },
    };
  },
);
