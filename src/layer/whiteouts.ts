// SPDX-License-Identifier: Apache-2.0
// Deletion marks in layers: `.wh.NAME` hides NAME of the layers below, `.wh..wh..opq` hides everything that they have in its
// directory. Both only concern the layers below, wherever in the tar they stand.

import { printable, TsbuildError } from "../base/index.js";

export const WHITEOUT_PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Bookkeeping of AUFS (hard link store and the like): means nothing to anybody else. */
const AUFS_PREFIX = ".wh..wh.";

export type Mark =
  | { readonly kind: "none" }
  | { readonly kind: "whiteout" | "opaque"; readonly path: string }
  | { readonly kind: "ignored" };

function invalid(path: string): TsbuildError {
  return new TsbuildError(
    "LAYER_WHITEOUT",
    `the deletion mark ${JSON.stringify(printable(path))} has an invalid name`,
    { details: { path } },
  );
}

/** What a cleaned path means in a layer. Errors: LAYER_WHITEOUT. */
export function markOf(path: string, type: string): Mark {
  if (!path.includes(WHITEOUT_PREFIX)) return { kind: "none" };
  const slash = path.lastIndexOf("/");
  const parent = slash < 0 ? "" : path.slice(0, slash);
  const name = path.slice(slash + 1);
  if (parent.split("/").some((component) => component.startsWith(WHITEOUT_PREFIX))) {
    if (parent.split("/").some((component) => component.startsWith(AUFS_PREFIX)))
      return { kind: "ignored" };
    throw invalid(path);
  }
  if (!name.startsWith(WHITEOUT_PREFIX)) return { kind: "none" };
  if (name === OPAQUE) return { kind: "opaque", path: parent };
  if (name.startsWith(AUFS_PREFIX)) return { kind: "ignored" };
  const hidden = name.slice(WHITEOUT_PREFIX.length);
  if (
    hidden === "" ||
    hidden === "." ||
    hidden === ".." ||
    type === "directory" ||
    type === "symlink"
  )
    throw invalid(path);
  return { kind: "whiteout", path: parent === "" ? hidden : `${parent}/${hidden}` };
}
