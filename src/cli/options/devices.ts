// SPDX-License-Identifier: Apache-2.0
// --device: devices of this machine, by path or by registered name.

import { readdirSync, statSync } from "node:fs";
import { posix } from "node:path";
import type { MountRequest } from "../../build/run/run-image.js";
import { usageError } from "./values.js";

/** Devices as a build is asked for them. */
export interface GivenDevices {
  readonly mounts: readonly MountRequest[];
  /** Names as `vendor.com/class=name`. */
  readonly registered: readonly string[];
}

/**
 * `PATH[:PATH-INSIDE][:rwm]` texts, where a directory stands for the devices in it, and names of registered devices. Whether a
 * path is a device is found out when a command gets it. Throws CLI_USAGE.
 */
export function parseDevices(texts: readonly string[]): GivenDevices {
  const isPath = (text: string): boolean => text.startsWith("/");
  return {
    mounts: texts.filter(isPath).flatMap(nodes),
    registered: texts.filter((text) => !isPath(text)),
  };
}

const permissions = /^[rwm]{1,3}$/;

function nodes(text: string): MountRequest[] {
  const parts = text.split(":");
  const [source = ""] = parts;
  const last = parts.at(-1) ?? "";
  const given = parts.length > 1 && permissions.test(last) ? last : undefined;
  const [target = source, ...rest] = parts.slice(1, given === undefined ? undefined : -1);
  if (rest.length > 0 || !target.startsWith("/"))
    throw usageError("--device", text, "expected PATH[:PATH-INSIDE][:rwm], or VENDOR/CLASS=NAME");
  if (given !== undefined && !(given.includes("r") && given.includes("w")))
    throw usageError("--device", text, "a device can be given only for reading and writing");
  return expand(source, target);
}

/** What is no directory stands for itself, whether it is there or not. */
function expand(source: string, target: string): MountRequest[] {
  if (statSync(source, { throwIfNoEntry: false })?.isDirectory() !== true)
    return [{ kind: "device", source, target }];
  return readdirSync(source, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isCharacterDevice() || entry.isBlockDevice())
    .flatMap(({ name }) => expand(posix.join(source, name), posix.join(target, name)));
}
