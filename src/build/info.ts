// SPDX-License-Identifier: Apache-2.0
// `tsbuild info`: what this machine offers.

import { createSandbox, type ProbeItem } from "../sandbox/index.js";
import { defaultStoreRoot } from "./store-root.js";

export interface MachineInfo {
  readonly storeRoot: string;
  readonly items: readonly ProbeItem[];
}

export async function machineInfo(): Promise<MachineInfo> {
  const storeRoot = defaultStoreRoot(process.env);
  const sandbox = createSandbox({ storeRoot });
  return { storeRoot, items: await sandbox.probe(AbortSignal.timeout(20_000)) };
}
