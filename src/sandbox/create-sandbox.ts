// SPDX-License-Identifier: Apache-2.0
// Puts the room together: one Sandbox for one store root.

import { join } from "node:path";
import { apply, inheritDirectories } from "./apply.js";
import { copy, copyAsLayer } from "./copy.js";
import { diff } from "./diff.js";
import { HeldNamespaces } from "./held-namespaces.js";
import { chooseIdMaps, idMapFields } from "./id-maps.js";
import { NetworkChooser } from "./network.js";
import { probe } from "./probe.js";
import { remove, sync } from "./remove.js";
import { run } from "./run.js";
import { RunServer } from "./run-server.js";
import type { HelperConfig } from "./spawn.js";
import { openTree } from "./tree-reader.js";
import {
  chooseDriver,
  driverFields,
  machineSources,
  type StorageDriver,
} from "./storage-driver.js";
import type { Sandbox } from "./types.js";
import { usage } from "./usage.js";

export interface SandboxOptions {
  /** Absolute. Its directories `snapshots` and `cache-mounts` must exist before anything but `probe` is called. */
  readonly storeRoot: string;
  /** `--storage-driver`, chosen by storageDriver(). Default: the kernel's overlayfs. */
  readonly driver?: StorageDriver;
  /** Something the user should know (a fallback that weakens isolation, say). Each text comes once. */
  readonly onWarning?: (message: string) => void;
  /** The native helper. Default: the environment's TSBUILD_HELPER, else the one of this package. */
  readonly helperPath?: string;
}

/** Where the helper is unless the caller says otherwise. */
export function defaultHelperPath(): string {
  const given = process.env["TSBUILD_HELPER"];
  if (given !== undefined && given !== "") return given;
  return join(import.meta.dirname, "..", "..", "native", "bin", "tsbuild-helper");
}

function once(report: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return;
    said.add(message);
    report(message);
  };
}

/**
 * How layers of a store become one tree: as asked for (`overlay`, `fuse-overlayfs`, `copy`), or the best way of this machine.
 * @throws SANDBOX_STORAGE_DRIVER when what was asked for cannot be had
 */
export async function storageDriver(
  options: Pick<SandboxOptions, "storeRoot" | "helperPath"> & { readonly asked?: string },
  signal: AbortSignal,
): Promise<StorageDriver> {
  const maps = chooseIdMaps();
  const config: HelperConfig = {
    helperPath: options.helperPath ?? defaultHelperPath(),
    storeRoot: options.storeRoot,
    idMapFields: idMapFields(maps),
  };
  return chooseDriver(options.asked, machineSources(config, maps.kind === "all", signal));
}

/** The door to the helper for one store. Cheap: nothing is started before the first call. */
export function createSandbox(options: SandboxOptions): Sandbox {
  const maps = chooseIdMaps();
  const plain: HelperConfig = {
    helperPath: options.helperPath ?? defaultHelperPath(),
    storeRoot: options.storeRoot,
    idMapFields: idMapFields(maps),
    ...(options.driver === undefined ? {} : { driverFields: driverFields(options.driver) }),
  };
  const namespaces = new HeldNamespaces(plain);
  const onNotice = once(options.onWarning ?? (() => undefined));
  const config: HelperConfig = {
    ...plain,
    onLoss: onNotice,
    userNamespace: () => namespaces.userNamespace(),
  };
  // A command that cannot be run is tried all the same: the helper says what is missing.
  const files: HelperConfig =
    options.driver?.noNamespaces === undefined
      ? config
      : { ...plain, idMapFields: [["no-namespaces", true]], onLoss: onNotice };
  const networks = new NetworkChooser();
  const server = new RunServer(config);
  return {
    probe: (signal) => probe(plain, maps, networks, signal),
    run: (request, output) =>
      run({ config, server, networks, namespaces, onNotice }, request, output),
    openTree: (root, signal) => openTree(files, root, signal),
    copy: (request, ops, signal) => copy(files, request, ops, signal),
    copyAsLayer: (request, ops, signal, output) => copyAsLayer(files, request, ops, signal, output),
    apply: (request, entries, signal) => apply(files, request, entries, signal),
    inheritDirectories: (dir, lowers, paths, signal) =>
      inheritDirectories(files, dir, lowers, paths, signal),
    diff: (request, signal, output) => diff(files, request, signal, output),
    remove: (dirs, signal, place) => remove(files, dirs, signal, place),
    usage: (place, dirs, signal) => usage(files, place, dirs, signal),
    sync: (signal) => sync(files, signal),
  };
}
