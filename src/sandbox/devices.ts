// SPDX-License-Identifier: Apache-2.0
// Devices by the Container Device Interface: what the specifications of this machine say a command needs for one. Specifications
// are the machine owner's; which of them a Dockerfile may use is its user's word (`--allow device`).

import { readdir } from "node:fs/promises";
import { join, posix } from "node:path";
import {
  TsbuildError,
  defined,
  errnoOf,
  isRecord,
  printable,
  readSmallFile,
} from "../base/index.js";
import type { RunMount } from "./types.js";

/** Where specifications are looked for; a later directory wins. */
export const cdiDirectories: readonly string[] = ["/etc/cdi", "/var/run/cdi"];

/** The annotation that puts a device into a class, by which it can be asked for. */
const classAnnotation = "org.mobyproject.buildkit.device.class";
/** Bytes that one specification may have. */
const largest = 1 << 20;

/** What a command gets for a device. */
export interface DeviceEdits {
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly mounts: readonly Extract<RunMount, { readonly kind: "device" | "host" }>[];
}

/** A device that is registered. */
export interface Device {
  /** `vendor.com/class=name`. */
  readonly name: string;
  /** `vendor.com/class`. */
  readonly kind: string;
  /** The class that its specification puts it into. */
  readonly group?: string;
  /** What it needs. Throws SANDBOX_DEVICE for what no step can have. */
  edits(): DeviceEdits;
}

/** All devices of the directories, by name. `unread`: specifications that are not JSON. */
export interface Devices {
  readonly all: readonly Device[];
  readonly unread: readonly string[];
}

/** Reads all specifications. Throws SANDBOX_DEVICE for one that cannot be read or is no specification. */
export async function readDevices(directories: readonly string[]): Promise<Devices> {
  const found = new Map<string, Device>();
  const unread: string[] = [];
  for (const directory of directories)
    for (const name of await namesIn(directory)) {
      const path = join(directory, name);
      const document = await readSpecification(path);
      if (document === undefined) unread.push(path);
      else for (const device of devicesOf(document, path)) found.set(device.name, device);
    }
  const all = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { all, unread };
}

/**
 * The devices that a name means: `vendor.com/class=name`, the first of `vendor.com/class`, all of `vendor.com/class=*`, or
 * those of a class.
 */
export function findDevices({ all }: Devices, name: string): readonly Device[] {
  const equals = name.indexOf("=");
  const kind = equals < 0 ? name : name.slice(0, equals);
  const ofKind = all.filter((device) => device.kind === kind);
  const named =
    equals < 0
      ? ofKind.slice(0, 1)
      : name === `${kind}=*`
        ? ofKind
        : ofKind.filter((device) => device.name === name);
  return named.length > 0 ? named : all.filter(({ group }) => group === name);
}

function refuse(path: string, why: string, hint?: string): TsbuildError {
  return new TsbuildError("SANDBOX_DEVICE", `device specification ${path}: ${why}`, {
    details: { path },
    ...defined({ hint }),
  });
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory);
    return names.filter((name) => /\.(?:json|ya?ml)$/.test(name)).sort();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return [];
    throw refuse(directory, `cannot be read: ${errnoOf(error) ?? "unknown error"}`);
  }
}

/** Undefined: YAML that is not JSON, too. */
async function readSpecification(path: string): Promise<unknown> {
  let bytes;
  try {
    bytes = await readSmallFile(path, largest);
  } catch (error) {
    throw refuse(path, `cannot be read: ${errnoOf(error) ?? "unknown error"}`);
  }
  if (bytes === "not regular") throw refuse(path, "cannot be read: it is not a regular file");
  if (bytes === "too large") throw refuse(path, `it has more than ${largest} bytes`);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    if (!path.endsWith(".json")) return undefined;
    throw refuse(path, "it is not JSON");
  }
}

function devicesOf(document: unknown, path: string): readonly Device[] {
  if (!isRecord(document)) throw refuse(path, "it is no object");
  const { kind, devices, annotations, containerEdits } = document;
  if (typeof kind !== "string" || !/^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*$/.test(kind))
    throw refuse(path, "its kind is not vendor/class");
  if (!Array.isArray(devices)) throw refuse(path, "it has no devices");
  return devices.map((device: unknown): Device => {
    if (!isRecord(device) || typeof device["name"] !== "string")
      throw refuse(path, "a device has no name");
    const name = `${kind}=${device["name"]}`;
    const group = classOf(device["annotations"]) ?? classOf(annotations);
    return {
      name,
      kind,
      ...defined({ group }),
      edits: () => mergedEdits(path, [containerEdits, device["containerEdits"]]),
    };
  });
}

function classOf(annotations: unknown): string | undefined {
  const value = isRecord(annotations) ? annotations[classAnnotation] : undefined;
  return typeof value === "string" ? value : undefined;
}

/** Edits of the whole specification, then the device's own. */
function mergedEdits(path: string, given: readonly unknown[]): DeviceEdits {
  const parts = given.filter((edits) => edits !== undefined).map((edits) => editsOf(edits, path));
  return {
    env: parts.flatMap(({ env }) => env),
    mounts: parts.flatMap(({ mounts }) => mounts),
  };
}

/** Programs of the host, and what reaches beyond the files of a step, are given to none. */
const refused: Readonly<Record<string, string>> = {
  hooks: "hooks, which are programs that would run on this machine outside of the sandbox",
  intelRdt: "settings of the processor's cache (intelRdt)",
  additionalGids: "further groups (additionalGids)",
  netDevices: "network devices (netDevices)",
};

function editsOf(edits: unknown, path: string): DeviceEdits {
  if (!isRecord(edits)) throw refuse(path, "containerEdits is no object");
  for (const [name, what] of Object.entries(refused)) {
    const value = edits[name];
    const isNothing =
      value === undefined || value === null || (Array.isArray(value) && value.length === 0);
    if (!isNothing)
      throw refuse(
        path,
        `it asks for ${what}; no step gets them`,
        "Leave them out of the specification where the device works without.",
      );
  }
  const list = (name: string): readonly unknown[] => {
    const value = edits[name] ?? [];
    if (!Array.isArray(value)) throw refuse(path, `${name} is no list`);
    return value as readonly unknown[];
  };
  return {
    env: list("env").map((line) => {
      if (typeof line === "string" && /^[^=\0]+=[^\0]*$/.test(line)) return line;
      throw refuse(path, "an entry of env is not NAME=value");
    }),
    mounts: [
      ...list("deviceNodes").map((node) => nodeOf(node, path)),
      ...list("mounts").map((mount) => mountOf(mount, path)),
    ],
  };
}

function nodeOf(node: unknown, path: string): DeviceEdits["mounts"][number] {
  if (!isRecord(node)) throw refuse(path, "an entry of deviceNodes is no object");
  const target = pathOf(node["path"], path, "a device's path");
  const source =
    node["hostPath"] === undefined ? target : pathOf(node["hostPath"], path, "a device's hostPath");
  return { kind: "device", target, path: source };
}

function mountOf(mount: unknown, path: string): DeviceEdits["mounts"][number] {
  if (!isRecord(mount)) throw refuse(path, "an entry of mounts is no object");
  const type = mount["type"] ?? "bind";
  if (type !== "bind" && type !== "none" && type !== "")
    throw refuse(path, `a mount has the type ${printable(JSON.stringify(type))}`);
  const options = Array.isArray(mount["options"]) ? (mount["options"] as unknown[]) : [];
  return {
    kind: "host",
    target: pathOf(mount["containerPath"], path, "a mount's containerPath"),
    path: pathOf(mount["hostPath"], path, "a mount's hostPath"),
    readOnly: options.includes("ro"),
  };
}

/** An absolute path without `..`. */
function pathOf(value: unknown, path: string, what: string): string {
  if (typeof value === "string" && value.startsWith("/") && !value.includes("\0")) {
    const clean = posix.normalize(value);
    if (!value.split("/").includes("..") && clean !== "/") return clean;
  }
  throw refuse(path, `${what} is no absolute path without ..`);
}
