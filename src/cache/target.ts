// SPDX-License-Identifier: Apache-2.0
// What all places for a cache have in common.

import { optionError, truthOf } from "./spec.js";
import type { Attributes, CacheTarget } from "./types.js";

/** Of these, those about layers are read by whoever makes the layers. */
export const targetAttributes: readonly string[] = [
  ...["mode", "mounts", "ignore-error", "image-manifest", "oci-mediatypes"],
  ...["compression", "compression-level", "force-compression"],
];

/** Throws CACHE_OPTION. */
export function targetOptions(
  type: string,
  attributes: Attributes,
): Pick<CacheTarget, "mode" | "mounts" | "ignoreErrors" | "form"> {
  const mode = attributes["mode"] ?? "min";
  if (mode !== "min" && mode !== "max") throw optionError(type, "mode is neither min nor max");
  const docker = !truthOf(type, attributes, "oci-mediatypes", true);
  const asManifest = truthOf(type, attributes, "image-manifest", !docker);
  if (docker && asManifest) throw optionError(type, "image-manifest=true needs OCI's media types");
  return {
    mode,
    mounts: truthOf(type, attributes, "mounts", false),
    ignoreErrors: truthOf(type, attributes, "ignore-error", false),
    form: docker ? "docker-index" : asManifest ? "manifest" : "index",
  };
}
