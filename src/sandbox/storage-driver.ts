// SPDX-License-Identifier: Apache-2.0
// How layers become one tree: the kernel's overlayfs, else the program fuse-overlayfs, else copies. What is there is tried by the
// helper, but only where overlayfs is in doubt: on most machines it costs nothing to know.

import { existsSync, readFileSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { defined, isTsbuildError, messageOf, TsbuildError } from "../base/index.js";
import type { Field } from "./encode.js";
import { eventText } from "./events.js";
import { findProgram } from "./id-maps.js";
import { startHelper, type HelperConfig } from "./spawn.js";

/** Names of `--storage-driver`, best first. */
export const storageDrivers = ["overlay", "fuse-overlayfs", "copy"] as const;

export type StorageDriverName = (typeof storageDrivers)[number];

export interface StorageDriver {
  readonly name: StorageDriverName;
  /** Absent: asked for, or nothing speaks against it. */
  readonly reason?: string;
  /** Of fuse-overlayfs. */
  readonly program?: string;
  /** Set where namespaces cannot be made, and so no command can be run: why. */
  readonly noNamespaces?: string;
}

/** What the choice depends on; the defaults are this machine's. */
export interface DriverSources {
  readonly filesystems?: string;
  /** The kernel's number for the type of the store's file system. */
  readonly storeType?: number;
  readonly kernel?: string;
  readonly rootless?: boolean;
  readonly find?: (program: string) => string | undefined;
  readonly hasFuse?: () => boolean;
  /** Undefined: namespaces can be made; else why not. */
  readonly tryNamespaces: () => Promise<string | undefined>;
  /** Undefined: it works; else why not. */
  readonly tryDriver: (fields: readonly Field[]) => Promise<string | undefined>;
}

/** NFS, CIFS, SMB2, 9p, FUSE, FAT, exFAT, overlayfs and eCryptfs: no upper directory can be there, or not always. */
const doubtfulTypes: ReadonlySet<number> = new Set([
  0x6969, 0xff534d42, 0xfe534d42, 0x01021997, 0x65735546, 0x4d44, 0x2011bab0, 0x794c7630, 0xf15f,
]);
const TMPFS = 0x01021994;

/** The fields that tell the helper. */
export function driverFields({ name, program }: StorageDriver): Field[] {
  if (name === "overlay") return [];
  return [
    ["driver", name],
    ...(program === undefined ? [] : [["driver-program", program] satisfies Field]),
  ];
}

function isInDoubt(sources: DriverSources): boolean {
  const [major = 0, minor = 0] = (sources.kernel ?? release()).split(/[.-]/).map(Number);
  const type = sources.storeType ?? 0;
  const rootless = sources.rootless === true;
  return (
    !/\toverlay$/m.test(sources.filesystems ?? "") ||
    doubtfulTypes.has(type) ||
    (rootless && (major < 5 || (major === 5 && minor < 11))) ||
    // Its user.* attributes are of Linux 6.6.
    (rootless && type === TMPFS && (major < 6 || (major === 6 && minor < 6)))
  );
}

function fuseDriver(sources: DriverSources): StorageDriver | string {
  const program = (sources.find ?? findProgram)("fuse-overlayfs");
  if (program === undefined) return "fuse-overlayfs is not installed";
  const hasFuse = sources.hasFuse ?? (() => existsSync("/dev/fuse"));
  return hasFuse() ? { name: "fuse-overlayfs", program } : "there is no /dev/fuse";
}

/** Chooses by what is there. */
export async function chooseByTrying(sources: DriverSources): Promise<StorageDriver> {
  if (!isInDoubt(sources)) return { name: "overlay" };
  const overlayFault = await sources.tryDriver([]);
  if (overlayFault === undefined) return { name: "overlay" };
  const fuse = fuseDriver(sources);
  const fuseFault = typeof fuse === "string" ? fuse : await sources.tryDriver(driverFields(fuse));
  if (typeof fuse !== "string" && fuseFault === undefined)
    return { ...fuse, reason: `overlayfs cannot be used: ${overlayFault}` };
  return {
    name: "copy",
    reason: `overlayfs cannot be used: ${overlayFault}; nor fuse-overlayfs: ${fuseFault ?? ""}`,
  };
}

/** The driver that the user asked for, or the best one of this machine. */
export async function chooseDriver(
  asked: string | undefined,
  sources: DriverSources,
): Promise<StorageDriver> {
  const fault = await sources.tryNamespaces();
  const isFree = asked === undefined || asked === "" || asked === "auto";
  if (fault !== undefined && (isFree || asked === "copy"))
    return {
      name: "copy",
      reason: `nothing can be mounted, and no command be run (${fault})`,
      noNamespaces: fault,
    };
  if (isFree) return chooseByTrying(sources);
  if (asked === "overlay" || asked === "copy") return { name: asked };
  if (asked !== "fuse-overlayfs")
    throw new TsbuildError("SANDBOX_STORAGE_DRIVER", `there is no storage driver ${asked}`, {
      hint: `One of ${storageDrivers.join(", ")}.`,
    });
  const fuse = fuseDriver(sources);
  if (typeof fuse !== "string") return fuse;
  throw new TsbuildError("SANDBOX_STORAGE_DRIVER", `fuse-overlayfs cannot be used: ${fuse}`, {
    hint: "Install the package fuse-overlayfs; inside a container, pass the device /dev/fuse.",
  });
}

function storeType(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch {
    return undefined; // not made yet: then nothing is known
  }
}

/** This machine, for a store. `container`: we are root of one that is not privileged, and it may not let us make namespaces. */
export function machineSources(
  config: HelperConfig,
  container: boolean,
  signal: AbortSignal,
): DriverSources {
  const type = storeType(config.storeRoot);
  return {
    filesystems: existsSync("/proc/filesystems") ? readFileSync("/proc/filesystems", "utf8") : "",
    ...defined({ storeType: type }),
    rootless: config.idMapFields.length > 0,
    tryNamespaces: async () => (container ? await tryNamespaces(config, signal) : undefined),
    tryDriver: (fields) => tryDriver(config, fields, signal),
  };
}

async function tryNamespaces(
  config: HelperConfig,
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = new Set<string>();
  try {
    await startHelper(config, {
      verb: "probe",
      fields: [],
      signal,
      onEvent: (event) => {
        found.add(eventText(event, "name"));
      },
    }).done;
  } catch (error) {
    signal.throwIfAborted();
    // Without a helper, a build says so.
    if (found.has("namespaces") || isTsbuildError(error, "SANDBOX_HELPER_MISSING"))
      return undefined;
    return messageOf(error);
  }
  return undefined;
}

/** Has the helper make a mount of two layers in the store. */
async function tryDriver(
  config: HelperConfig,
  fields: readonly Field[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const wanted = fields.length === 0 ? "overlayfs" : "fuse-overlayfs";
  let fault: string | undefined = "it was not tried";
  try {
    await startHelper(config, {
      verb: "probe",
      fields,
      signal,
      onEvent: (event) => {
        if (event.event === "item" && eventText(event, "name") === wanted)
          fault = event["ok"] === true ? undefined : eventText(event, "detail");
      },
    }).done;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
  return fault;
}
