// SPDX-License-Identifier: Apache-2.0
// Where the store is.

import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** $TSBUILD_ROOT, else /var/lib/tsbuild for root, else below $XDG_DATA_HOME (~/.local/share). Absolute. */
export function defaultStoreRoot(env: Readonly<Record<string, string | undefined>>): string {
  const given = env["TSBUILD_ROOT"];
  if (given !== undefined && given !== "") return resolve(given);
  if (process.getuid?.() === 0) return "/var/lib/tsbuild";
  const data = env["XDG_DATA_HOME"];
  return join(
    data !== undefined && data !== "" ? data : join(homedir(), ".local", "share"),
    "tsbuild",
  );
}
