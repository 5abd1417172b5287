// SPDX-License-Identifier: Apache-2.0
// The family of RUN mounts: one row each. Adding one is a file, a member of Mount in types.ts and a row here.

import { bindMount } from "./bind.js";
import { cacheMount } from "./cache.js";
import type { MountRow } from "./row.js";
import { secretMount } from "./secret.js";
import { sshMount } from "./ssh.js";
import { tmpfsMount } from "./tmpfs.js";

export const mountRows: readonly MountRow[] = [
  bindMount,
  cacheMount,
  tmpfsMount,
  secretMount,
  sshMount,
];
