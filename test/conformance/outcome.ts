// SPDX-License-Identifier: Apache-2.0
// What is compared: an image against its base, as flat text. Left out is what no two builds share (times of the build).

import type { FlatEntry, FlatImage, FlatTree } from "./flatten.js";

/** Key to value: `entries/PATH`, `config/FIELD`, `history/N`, `layers`, or only `fails`. */
export type Outcome = Readonly<Record<string, string>>;

/** Later times than this (2024-12-31) were made by a build. */
const madeAfter = 1_735_600_000;

/** The outcome of a successful build. `base`: the image that the last stage is built on, if any. */
export function outcomeOf(image: FlatImage, base: FlatImage | undefined): Outcome {
  const found: Record<string, string> = {};
  const before: FlatTree = base?.tree ?? new Map<string, FlatEntry>();
  const first = new Map<FlatEntry, string>();
  for (const name of [...image.tree.keys()].sort()) {
    const entry = image.tree.get(name);
    if (entry === undefined) continue;
    const linked = entry.type === "dir" ? undefined : first.get(entry);
    first.set(entry, linked ?? name);
    const old = before.get(name);
    const line = describe(entry) + (linked === undefined ? "" : ` = ${linked}`);
    if (old === undefined || !sameAsBefore(old, entry)) found[`entries/${name}`] = line;
  }
  for (const name of before.keys()) {
    const parent = name.slice(0, Math.max(name.lastIndexOf("/"), 0));
    const gone = !image.tree.has(name) && (parent === "" || image.tree.get(parent)?.type === "dir");
    if (gone) found[`entries/${name}`] = "removed";
  }
  for (const [field, value] of Object.entries(image.config).sort())
    found[`config/${field}`] = JSON.stringify(sorted(value));
  if (image.author !== undefined) found["config/author"] = JSON.stringify(image.author);
  image.history.slice(base?.history.length ?? 0).forEach((entry, i) => {
    const mark = entry.empty_layer === true ? "" : "+ ";
    found[`history/${String(i).padStart(2, "0")}`] = mark + (entry.created_by ?? "");
  });
  found["layers"] = String(image.diffIds.length - (base?.diffIds.length ?? 0));
  return found;
}

/** Which of the bases the image stands on: the one most of whose layers are its first. */
export function baseOf(image: FlatImage, bases: readonly FlatImage[]): FlatImage | undefined {
  return bases
    .filter(({ diffIds }) => diffIds.every((id, i) => image.diffIds[i] === id))
    .sort((a, b) => b.diffIds.length - a.diffIds.length)[0];
}

/** The time of a directory changes with its entries, so it says nothing of its own. */
function sameAsBefore(old: FlatEntry, entry: FlatEntry): boolean {
  const mtime = entry.type === "dir" ? 0 : entry.mtime;
  return describe(entry.type === "dir" ? { ...old, mtime } : old) === describe({ ...entry, mtime });
}

function describe(entry: FlatEntry): string {
  const { type, mode, uid, gid, mtime, xattrs, device, target } = entry;
  const parts: string[] = [type];
  if (type !== "symlink") parts.push(mode.toString(8));
  parts.push(`${uid}:${gid}`);
  if (target !== undefined) parts.push(`-> ${target}`);
  if (device !== undefined) parts.push(device);
  if (type === "file")
    parts.push(
      entry.text === undefined
        ? `${entry.size} bytes ${entry.sha256?.slice(0, 16) ?? ""}`
        : JSON.stringify(entry.text),
    );
  // Zero stands for "made by the build" as well: tsbuild's own times are constant.
  if (mtime !== 0 && mtime < madeAfter) parts.push(`@${mtime}`);
  for (const [name, value] of Object.entries(xattrs).sort()) parts.push(`${name}=${value}`);
  return parts.join(" ");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** Every key at which two outcomes differ, with the first one's value; null: it has none. */
export function differences(one: Outcome, other: Outcome): Map<string, string | null> {
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return new Map(
    keys.filter((key) => one[key] !== other[key]).map((key) => [key, one[key] ?? null]),
  );
}

/** `outcome` with the values of `patch` over it. */
export function patched(outcome: Outcome, patch: Readonly<Record<string, string | null>>): Outcome {
  const result: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...outcome, ...patch }))
    if (value !== null) result[key] = value;
  return result;
}
