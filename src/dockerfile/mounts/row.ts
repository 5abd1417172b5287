// SPDX-License-Identifier: Apache-2.0
// What one mount type says about itself.

import type { Mount } from "../types.js";
import type { MountOptions } from "./options.js";

export interface MountRow<M extends Mount = Mount> {
  readonly kind: M["kind"];
  /** Options that this type refuses, by canonical name, with what to say. Others that mean nothing to it are ignored. */
  readonly refused: Readonly<Record<string, string>>;
  /** Builds the mount from its options, with all defaults. */
  readonly create: (options: MountOptions) => M;
}
