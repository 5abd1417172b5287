// SPDX-License-Identifier: Apache-2.0
import { formatPlatform, hostPlatform } from "../oci/index.js";

/** The platform of this machine, as flags and files name it: `linux/amd64`. */
export function localPlatform(): string {
  return formatPlatform(hostPlatform());
}
