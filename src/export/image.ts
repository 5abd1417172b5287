// SPDX-License-Identifier: Apache-2.0
// The outputs `image` (into the store under its names, and pushed where asked) and `registry` (the same, always pushed).

import { TsbuildError } from "../base/index.js";
import { formatReference } from "../oci/index.js";
import { booleanOf, checkNames, imageAttributes, imageWish } from "./attributes.js";
import { prepareImage, type PreparedImage } from "./prepare.js";
import type { ExporterAttribute, ExporterRow, ExportInput, ExportOptions } from "./types.js";

const attributes: readonly ExporterAttribute[] = [
  { name: "push", summary: "push to the registries that the names say" },
  { name: "push-by-digest", summary: "push without setting a tag" },
  { name: "registry.insecure", summary: "plain HTTP, or TLS without verifying" },
  ...imageAttributes,
];

async function pushAll(
  input: ExportInput,
  image: PreparedImage,
  wish: { readonly byDigest: boolean; readonly insecure: boolean },
  options: ExportOptions,
): Promise<void> {
  if (input.registry === undefined)
    throw new TsbuildError("EXPORT_UNSUPPORTED", "there is no registry client to push with");
  const insecureHosts = wish.insecure ? image.names.map(({ domain }) => domain) : [];
  const registry = await input.registry({ insecureHosts });
  for (const name of image.names)
    await registry.push(name, image.root, input.store.blobs, {
      signal: options.signal,
      byDigest: wish.byDigest,
      mountFrom: input.mountFrom ?? [],
      onProgress: ({ digest, current, total }) => {
        options.onProgress?.(`pushing ${digest.slice(0, 19)}`, current, total);
      },
    });
}

function imageRow(name: "image" | "registry", summary: string): ExporterRow {
  return {
    name,
    summary,
    attributes,
    create(given, context) {
      checkNames(name, given, attributes);
      const wish = imageWish(name, given, context);
      const byDigest = booleanOf(name, given, "push-by-digest", false);
      const push = booleanOf(name, given, "push", name === "registry") || byDigest;
      const insecure = booleanOf(name, given, "registry.insecure", false);
      return {
        type: name,
        needs: "image",
        layers: wish.layers,
        needsName: push && wish.names.length === 0,
        async export(input, options) {
          const image = await prepareImage(input, wish);
          const names = image.names.map(formatReference);
          if (push) await pushAll(input, image, { byDigest, insecure }, options);
          if (name === "image" && !byDigest) {
            const { images } = input.store;
            const { signal } = options;
            const blobs = image.blobs.map(({ digest }) => digest);
            const named = names.map((full) => ({ name: full, descriptor: image.root }));
            await images.set(named, { blobs, signal });
            if (names.length === 0 && input.keepUnnamed === true)
              await images.keep([image.root], { blobs, signal });
          }
          return { descriptor: image.root, configDigest: image.configDigest, names };
        },
      };
    },
  };
}

export const imageExporter: ExporterRow = imageRow(
  "image",
  "the store, and with push=true registries",
);
export const registryExporter: ExporterRow = imageRow("registry", "push to registries");
