// SPDX-License-Identifier: Apache-2.0
// The outputs `oci` (an OCI layout) and `docker` (the same with Docker's manifest.json, as `docker load` takes it), as an
// archive or as a directory.

import { resolve } from "node:path";
import { TsbuildError, defined } from "../base/index.js";
import { formatReference } from "../oci/index.js";
import { archiveOf } from "./archive.js";
import { booleanOf, checkNames, imageAttributes, imageWish } from "./attributes.js";
import { fileDestination, writeOut } from "./destination.js";
import { loadIntoEngine } from "./engine.js";
import { optionError } from "./errors.js";
import { writeLayout } from "./layout-directory.js";
import { dockerManifestJson, indexEntries, indexJson } from "./layout-files.js";
import { prepareImage, type PreparedImage } from "./prepare.js";
import type { ExporterAttribute, ExporterRow } from "./types.js";

const attributes: readonly ExporterAttribute[] = [
  {
    name: "dest",
    summary:
      "file, or directory with tar=false; - is stdout; none: type=docker loads into the engine",
  },
  { name: "tar", summary: "false: a directory instead of an archive" },
  ...imageAttributes,
];

/** What stands beside blobs, oci-layout and index.json. */
function textsFor(type: string, image: PreparedImage): Record<string, string> {
  if (type !== "docker") return {};
  if (image.manifests.length > 1)
    throw new TsbuildError(
      "EXPORT_UNSUPPORTED",
      "Docker's archive holds images of one platform only",
      {
        hint: "use type=oci for several platforms",
      },
    );
  return { "manifest.json": dockerManifestJson(image) };
}

function layoutRow(type: "oci" | "docker", summary: string): ExporterRow {
  return {
    name: type,
    summary,
    attributes,
    create(given, context) {
      checkNames(type, given, attributes);
      const wish = imageWish(type, given, context);
      const dest = given["dest"];
      const asTar = booleanOf(type, given, "tar", true);
      if (!asTar && (dest === undefined || dest === "" || dest === "-"))
        throw optionError(
          type,
          "tar=false needs a directory in dest",
          `write type=${type},tar=false,dest=DIR`,
        );
      // As in docker buildx: Docker's archive without a destination goes into the engine.
      const toEngine = type === "docker" && asTar && (dest === undefined || dest === "");
      const file = asTar && !toEngine ? fileDestination(type, dest, context) : undefined;
      const toStdout = asTar && !toEngine && file === undefined;
      const path = asTar ? file?.path : resolve(context.cwd, dest ?? "");
      return {
        type,
        needs: "image",
        layers: wish.layers,
        toStdout,
        ...defined({ path }),
        async export(input, options) {
          const image = await prepareImage(input, wish);
          const texts = textsFor(type, image);
          // As docker buildx does: a directory is built into again, and `oci:DIR:latest` is how tools name what is in it.
          const entries = indexEntries(image, asTar ? undefined : "latest");
          if (asTar) {
            const all = { ...texts, "index.json": indexJson(entries) };
            const archive = archiveOf(image, input.store, all, options);
            await (toEngine
              ? loadIntoEngine(archive, options.signal)
              : writeOut(file, archive, options));
          } else if (path !== undefined)
            await writeLayout(
              path,
              { blobs: image.blobs, entries, texts },
              input.store.blobs,
              options,
            );
          return {
            descriptor: image.root,
            configDigest: image.configDigest,
            names: image.names.map(formatReference),
            toStdout,
            ...defined({ path }),
          };
        },
      };
    },
  };
}

export const ociExporter: ExporterRow = layoutRow(
  "oci",
  "OCI layout, as an archive or a directory",
);
export const dockerExporter: ExporterRow = layoutRow(
  "docker",
  "archive for docker load and podman load",
);
