// SPDX-License-Identifier: Apache-2.0
import type { CopyOp, SourceRef } from "./types.js";

/** A COPY without flags: how a context that FROM names, and what a mount shows, are seen, to be selected and digested as one. */
export function plainCopy(root: SourceRef, pattern: string): CopyOp {
  return {
    command: "COPY",
    sources: [{ kind: "path", root, pattern }],
    destination: "/",
    directory: true,
    link: false,
    parents: false,
    exclude: [],
    unpack: "none",
    keepOwners: root.from === "input",
  };
}
