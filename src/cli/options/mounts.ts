// SPDX-License-Identifier: Apache-2.0
// --volume, --mount and --tmpfs of `tsbuild run`.

import { isAbsolute, resolve } from "node:path";
import { isVolumeName, type MountRequest } from "../../build/run/run-image.js";
import { parseAttributes, parseBytes, splitFields, usageError } from "./values.js";

/** `[SOURCE:]TARGET[:OPTIONS]`. A source with a slash, or one that begins with a dot, is a path; else the name of a volume. */
export function parseVolume(text: string, cwd: string): MountRequest {
  const parts = text.split(":");
  if (parts.length > 3 || parts.some((part) => part === ""))
    throw usageError("--volume", text, "expected [SOURCE:]TARGET[:ro]");
  const [first = "", target] = parts;
  if (target === undefined) return { kind: "volume", target: first, readOnly: false, copy: true };
  const options = new Set((parts[2] ?? "rw").split(","));
  for (const option of options)
    if (!volumeOptions.has(option))
      throw usageError(
        "--volume",
        text,
        `the option ${JSON.stringify(option)} is not one of ro, rw, O, nocopy, rprivate, private, z, Z`,
      );
  const readOnly = options.has("ro");
  if (readOnly && options.has("rw"))
    throw usageError("--volume", text, "ro and rw exclude each other");
  const overlay = options.has("O");
  if (overlay && readOnly) throw usageError("--volume", text, "ro and O exclude each other");
  if (first.includes("/") || first.startsWith("."))
    return {
      ...{ kind: "bind", source: resolve(cwd, first), target, readOnly },
      ...(overlay ? { overlay } : {}),
    };
  if (overlay) throw usageError("--volume", text, "O is for a directory, named with a slash");
  return {
    kind: "volume",
    name: volumeName("--volume", text, first),
    target,
    readOnly,
    copy: !options.has("nocopy"),
  };
}

/**
 * `O` is an overlay, whose writes are dropped, as in Podman. `z` and `Z` label files for SELinux, which is left as it is here; the
 * others say what is so anyway.
 */
const volumeOptions = new Set(["ro", "rw", "O", "nocopy", "rprivate", "private", "z", "Z"]);

function volumeName(flag: string, text: string, name: string): string {
  if (isVolumeName(name)) return name;
  throw usageError(
    flag,
    text,
    `${JSON.stringify(name)} is no name of a volume (letters, digits, _ . -), nor a path (which has a slash)`,
  );
}

const mountKeys: Readonly<Record<string, readonly string[]>> = {
  bind: ["type", "source", "src", "target", "dst", "destination", "readonly", "ro"],
  volume: [
    ...["type", "source", "src", "target", "dst", "destination", "readonly", "ro"],
    "volume-nocopy",
  ],
  tmpfs: ["type", "target", "dst", "destination", "tmpfs-size", "tmpfs-mode"],
};

/** Keys that may stand alone, for `true`. */
const switches = new Set(["readonly", "ro", "volume-nocopy"]);

/** `type=bind|volume|tmpfs,source=...,target=...[,readonly]`. */
export function parseMount(text: string, cwd: string): MountRequest {
  const complete = splitFields("--mount", text)
    .map((field) => (switches.has(field) ? `${field}=true` : field))
    .map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field))
    .join(",");
  const type = /(?:^|,)type=([^,]*)/.exec(complete)?.[1] ?? "volume";
  const keys = mountKeys[type];
  if (keys === undefined)
    throw usageError("--mount", text, "the type must be bind, volume or tmpfs");
  const fields = parseAttributes("--mount", complete, keys);
  const target = fields.get("target") ?? fields.get("dst") ?? fields.get("destination") ?? "";
  const source = fields.get("source") ?? fields.get("src");
  if (target === "") throw usageError("--mount", text, "target is missing");
  const on = (name: string): boolean => isOn(text, fields.get(name));
  const readOnly = on("readonly") || on("ro");
  if (type === "tmpfs") return tmpfs(text, target, fields);
  if (type === "volume")
    return {
      kind: "volume",
      ...(source === undefined ? {} : { name: volumeName("--mount", text, source) }),
      target,
      readOnly,
      copy: !on("volume-nocopy"),
    };
  if (source === undefined || source === "") throw usageError("--mount", text, "source is missing");
  return { kind: "bind", source: resolve(cwd, source), target, readOnly };
}

function isOn(text: string, value: string | undefined): boolean {
  if (value === undefined || /^(?:false|0)$/.test(value)) return false;
  if (/^(?:true|1)$/.test(value)) return true;
  throw usageError("--mount", text, `${JSON.stringify(value)} is neither true nor false`);
}

function tmpfs(text: string, target: string, fields: ReadonlyMap<string, string>): MountRequest {
  const size = fields.get("tmpfs-size");
  const mode = fields.get("tmpfs-mode");
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode))
    throw usageError("--mount", text, "tmpfs-mode is an octal number");
  return {
    kind: "tmpfs",
    target,
    ...(size === undefined ? {} : { size: parseBytes("--mount", size) }),
    ...(mode === undefined ? {} : { mode: parseInt(mode, 8) }),
  };
}

/** `TARGET[:size=...,mode=...]`. */
export function parseTmpfs(text: string): MountRequest {
  const [target = "", options = ""] = text.split(/:(.*)/s);
  if (!isAbsolute(target)) throw usageError("--tmpfs", text, "expected TARGET[:size=...,mode=...]");
  const flags = new Set(["rw", "nosuid", "nodev", "exec"]);
  const rest = options.split(",").filter((option) => option !== "" && !flags.has(option));
  const given =
    rest.length === 0 ? [] : parseAttributes("--tmpfs", rest.join(","), ["size", "mode"]);
  const renamed = new Map([...given].map(([key, value]) => [`tmpfs-${key}`, value]));
  return tmpfs(text, target, renamed);
}
