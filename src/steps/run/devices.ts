// SPDX-License-Identifier: Apache-2.0
// Which registered devices a command gets: those that the user gives to all, and those of RUN --device. A Dockerfile alone gets
// none: the user has to permit each, or all.

import { TsbuildError } from "../../base/index.js";
import type { RunOp } from "../../plan/index.js";
import { findDevices, type Device, type DeviceEdits, type Devices } from "../../sandbox/index.js";

/** The entitlement; `device=NAME` grants one device. */
const entitlement = "device";

/** What devices there are, and which are permitted. */
export interface DeviceSettings {
  /** Read when a command first asks for one. Throws SANDBOX_DEVICE. */
  readonly registered: () => Promise<Devices>;
  /** `--allow` texts. */
  readonly allow: readonly string[];
  /** Registered devices that every command gets. */
  readonly given: readonly string[];
}

/**
 * What the devices of a command need, in the order of the flags. One that is not registered counts only when it is required.
 * Throws STEPS_DEVICE and SANDBOX_DEVICE.
 */
export async function deviceEdits(
  settings: DeviceSettings,
  { devices = [] }: Pick<RunOp, "devices">,
): Promise<DeviceEdits> {
  const given = settings.given.map((name) => ({ name, required: true }));
  if (given.length + devices.length === 0) return { env: [], mounts: [] };
  const registered = await settings.registered();
  const found = new Map<string, Device>();
  for (const wanted of [...given, ...devices]) {
    const { name, required } = wanted;
    const meant = findDevices(registered, name);
    if (meant.length === 0 && required) throw missing(name, registered);
    for (const device of meant) {
      if (!given.includes(wanted) && !found.has(device.name)) demand(settings.allow, name, device);
      found.set(device.name, device);
    }
  }
  const edits = [...found.values()].map((device) => device.edits());
  return {
    env: edits.flatMap(({ env }) => env),
    mounts: edits.flatMap(({ mounts }) => mounts),
  };
}

function missing(name: string, { unread }: Devices): TsbuildError {
  return new TsbuildError(
    "STEPS_DEVICE",
    `required device ${JSON.stringify(name)} is not registered`,
    {
      details: { name },
      hint:
        unread.length === 0
          ? "Devices are registered by specifications (JSON) in /etc/cdi and /var/run/cdi."
          : `Only specifications in JSON are read, and these are not: ${unread.join(", ")}.`,
    },
  );
}

function demand(allow: readonly string[], asked: string, { name }: Device): void {
  if (allow.includes(entitlement) || allow.includes(`${entitlement}=${name}`)) return;
  throw new TsbuildError(
    "STEPS_DEVICE",
    `RUN --device=${asked}: entitlement ${entitlement} is not allowed for ${name}`,
    {
      details: { name },
      hint: `Add --allow ${entitlement}=${name}, or --allow ${entitlement} for all, if you trust this Dockerfile with it.`,
    },
  );
}
