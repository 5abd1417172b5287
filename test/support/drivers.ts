// SPDX-License-Identifier: Apache-2.0
// The storage drivers that this machine can be tested with, and where their results are not overlayfs' own.

import { accessSync, constants } from "node:fs";
import type { StorageDriver } from "#src/sandbox/index.js";

const program = "/usr/bin/fuse-overlayfs";

/** Why fuse-overlayfs cannot be tested here, or undefined. */
export function fuseIsMissing(): string | undefined {
  try {
    accessSync(program, constants.X_OK);
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
    return undefined;
  } catch {
    return "fuse-overlayfs is not installed, or /dev/fuse is missing or closed to this user";
  }
}

/** A driver by its name. */
export function driverOf(name: string | undefined): StorageDriver {
  if (name === "copy") return { name };
  return name === "fuse-overlayfs" ? { name, program } : { name: "overlay" };
}

/** Differences of one driver, by the name of the conformance case. */
const differences: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  copy: {
    "a hard-linked file of a lower layer is changed":
      "a copy is a real file system: a change through one name shows under the other; overlayfs copies up one name only",
  },
};

/** The reason for which a case cannot have overlayfs' result under the driver that the tests run with. */
export function driverDifference(caseName: string): string | undefined {
  return differences[process.env["TSBUILD_STORAGE_DRIVER"] ?? ""]?.[caseName];
}
