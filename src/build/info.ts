// SPDX-License-Identifier: Apache-2.0
// `tsbuild info`: what this machine offers.

import { defined, messageOf } from "../base/index.js";
import { createSandbox, storageDriver, type ProbeItem } from "../sandbox/index.js";
import { defaultStoreRoot } from "./store-root.js";

export interface MachineInfo {
  readonly storeRoot: string;
  readonly items: readonly ProbeItem[];
}

export async function machineInfo(): Promise<MachineInfo> {
  const storeRoot = defaultStoreRoot(process.env);
  const signal = AbortSignal.timeout(20_000);
  const given = process.env["TSBUILD_STORAGE_DRIVER"];
  const asked = given === "" ? undefined : given;
  const items = await createSandbox({ storeRoot }).probe(signal);
  return { storeRoot, items: [...items, await driverItem(storeRoot, asked, signal)] };
}

/** Which driver a build would take, and why. */
async function driverItem(
  storeRoot: string,
  asked: string | undefined,
  signal: AbortSignal,
): Promise<ProbeItem> {
  const name = "storage driver";
  try {
    const driver = await storageDriver({ storeRoot, ...defined({ asked }) }, signal);
    const why = driver.reason ?? (asked === undefined ? "the best there is" : "asked for");
    return { name, ok: true, detail: `${driver.name} (${why})` };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}
