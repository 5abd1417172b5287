// SPDX-License-Identifier: Apache-2.0
// The outputs `image` (into the store under its names, and pushed where asked) and `registry` (the same, always pushed).

import { TsbuildError, defined } from "../base/index.js";
import { formatReference, parseReference, type Reference } from "../oci/index.js";
import {
  booleanOf,
  checkNames,
  imageAttributes,
  imageWish,
  type Attributes,
} from "./attributes.js";
import { prepareImage, type PreparedImage } from "./prepare.js";
import type { ExporterAttribute, ExporterRow, ExportInput, ExportOptions } from "./types.js";

const attributes: readonly ExporterAttribute[] = [
  { name: "push", summary: "push to the registries that the names say" },
  { name: "push-by-digest", summary: "push without setting a tag" },
  { name: "store", summary: "false: not into the store; default for type=registry" },
  { name: "name-canonical", summary: "name the image with its digest, too" },
  { name: "dangling-name-prefix", summary: "name it by this and its digest, too" },
  { name: "danging-name-empty-only", summary: "that only when it has no other name" },
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
  const mountFrom = await input.mountFrom?.();
  for (const name of image.names)
    await registry.push(name, image.root, input.store.blobs, {
      signal: options.signal,
      byDigest: wish.byDigest,
      ...defined({ mountFrom }),
      onProgress: ({ digest, current, total }) => {
        options.onProgress?.(`pushing ${digest.slice(0, 19)}`, current, total);
      },
    });
}

/** Throws EXPORT_OPTION for names that say more than a place in a registry. */
export function refuseTags(names: readonly Reference[]): void {
  const tagged = names.find(({ tag, digest }) => tag !== undefined || digest !== undefined);
  if (tagged !== undefined)
    throw new TsbuildError(
      "EXPORT_OPTION",
      `cannot push ${formatReference(tagged)} by digest: it has a tag`,
      { hint: "give the name without a tag, or leave push-by-digest out" },
    );
}

/** What an output was told of names by digest. */
interface DigestNames {
  /** Each name with the digest, too. */
  readonly canonical: boolean;
  /** What stands before the digest in a name of its own. */
  readonly prefix: Reference | undefined;
  /** That name is only for an image without others. */
  readonly prefixAlone: boolean;
}

/** Throws EXPORT_OPTION, OCI_REFERENCE. */
function digestNames(type: string, given: Attributes): DigestNames {
  const prefix = given["dangling-name-prefix"] ?? "";
  return {
    canonical: booleanOf(type, given, "name-canonical", false),
    prefix: prefix === "" ? undefined : parseReference(prefix),
    prefixAlone: booleanOf(type, given, "danging-name-empty-only", false),
  };
}

/** The names of an image and those by its digest. */
function allNames({ names, root }: PreparedImage, wish: DigestNames): string[] {
  const { digest } = root;
  const { prefix } = wish;
  const more = prefix === undefined || (wish.prefixAlone && names.length > 0) ? [] : [prefix];
  return [
    ...names.map(formatReference),
    ...[...(wish.canonical ? names : []), ...more].map((name) =>
      formatReference({ ...name, digest }),
    ),
  ];
}

function imageRow(name: "image" | "registry", summary: string): ExporterRow {
  return {
    name,
    summary,
    attributes,
    create(given, context) {
      checkNames(name, given, attributes);
      const byDigest = booleanOf(name, given, "push-by-digest", false);
      const wish = { ...imageWish(name, given, context), untagged: byDigest };
      if (byDigest) refuseTags(wish.names);
      const stores = booleanOf(name, given, "store", name === "image") && !byDigest;
      const byDigests = digestNames(name, given);
      const push = booleanOf(name, given, "push", name === "registry") || byDigest;
      const insecure = booleanOf(name, given, "registry.insecure", false);
      return {
        type: name,
        needs: "image",
        layers: wish.layers,
        refusesTags: byDigest,
        needsName: push && wish.names.length === 0,
        async export(input, options) {
          const image = await prepareImage(input, wish);
          const names = allNames(image, byDigests);
          if (push) await pushAll(input, image, { byDigest, insecure }, options);
          if (stores) {
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
