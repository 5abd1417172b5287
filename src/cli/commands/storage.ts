// SPDX-License-Identifier: Apache-2.0
// `tsbuild du` and `tsbuild prune`.

import { createInterface } from "node:readline/promises";
import { defined, printable, printableJson, type EventSink } from "../../base/index.js";
import {
  diskUsage,
  parseDuration,
  prune,
  type StorageRecord,
} from "../../build/storage/storage.js";
import { formatAge, formatSize, formatTable } from "../human.js";
import { withInterruption } from "../interruption.js";
import { parseBytes, usageError } from "../options/values.js";

export interface DiskUsageFlags {
  readonly filter: readonly string[];
  readonly format: string;
  readonly verbose?: boolean;
}

export interface PruneFlags {
  readonly all?: boolean;
  readonly volumes?: boolean;
  readonly unnamed?: boolean;
  readonly force?: boolean;
  readonly verbose?: boolean;
  readonly filter: readonly string[];
  readonly reservedSpace?: string;
  readonly keepStorage?: string;
  readonly maxUsedSpace?: string;
  readonly minFreeSpace?: string;
  readonly keepDuration?: string;
}

function write(text: string): void {
  process.stdout.write(text);
}

const warnings: EventSink = (event) => {
  if (event.kind === "warning") process.stderr.write(`WARNING: ${printable(event.message)}\n`);
};

/** `tsbuild du`. */
export async function diskUsageCommand(flags: DiskUsageFlags): Promise<void> {
  if (flags.format !== "table" && flags.format !== "json")
    throw usageError("--format", flags.format, "expected table or json");
  const records = await withInterruption((signal) =>
    diskUsage({ filters: flags.filter, events: warnings, signal }),
  );
  if (flags.format === "json") {
    for (const record of records) write(`${printableJson(toJson(record))}\n`);
    return;
  }
  write(flags.verbose === true ? details(records) : table(records));
  write(totals(records));
}

/** `tsbuild prune`. Exit code 1 when the user says no. */
export async function pruneCommand(flags: PruneFlags): Promise<number> {
  const size = (flag: string, value: string | undefined): number | undefined =>
    value === undefined ? undefined : parseBytes(flag, value);
  const reservedSpace =
    size("--reserved-space", flags.reservedSpace) ?? size("--keep-storage", flags.keepStorage);
  const maxUsedSpace = size("--max-used-space", flags.maxUsedSpace);
  const minFreeSpace = size("--min-free-space", flags.minFreeSpace);
  const keepDuration = durationOf(flags.keepDuration);
  const answer = { refused: false };
  const removed = await withInterruption((signal) =>
    prune({
      all: flags.all ?? false,
      volumes: flags.volumes ?? false,
      unnamed: flags.unnamed ?? false,
      filters: flags.filter,
      ...defined({ reservedSpace, maxUsedSpace, minFreeSpace, keepDuration }),
      ...(flags.force === true
        ? {}
        : {
            confirm: async (records) => {
              answer.refused = !(await confirmed(records));
              return !answer.refused;
            },
          }),
      events: warnings,
      signal,
    }),
  );
  if (answer.refused) return 1;
  if (removed.length > 0) write(flags.verbose === true ? details(removed) : table(removed));
  write(`Total:\t${formatSize(sum(removed))}\n`);
  return 0;
}

function durationOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration === undefined)
    throw usageError("--keep-duration", text, "expected a duration such as 24h or 7d");
  return duration;
}

async function confirmed(records: readonly StorageRecord[]): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = `WARNING! This removes ${records.length} records of the build cache (${formatSize(sum(records))}). Continue? [y/N] `;
    const ended = new Promise<string>((resolve) => {
      lines.once("close", () => {
        resolve("");
      });
    });
    const answer = await Promise.race([lines.question(question), ended]);
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

function sum(records: readonly StorageRecord[]): number {
  return records.reduce((total, { bytes }) => total + bytes, 0);
}

/** Digests are shortened as elsewhere: enough to tell them apart, and for a filter. */
function shortId(id: string): string {
  return id.startsWith("sha256:") ? id.slice(0, 7 + 12) : id;
}

function table(records: readonly StorageRecord[]): string {
  const now = Date.now();
  return formatTable([
    ["ID", "RECLAIMABLE", "SIZE", "LAST USED", "TYPE", "DESCRIPTION"],
    ...records.map(({ id, mutable, reclaimable, bytes, lastUsedAt, type, description }) => [
      `${shortId(id)}${mutable ? "*" : ""}`,
      String(reclaimable),
      formatSize(bytes),
      formatAge(lastUsedAt, now),
      type,
      shortened(printable(description)),
    ]),
  ]);
}

const widest = 60;

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= widest ? line : `${line.slice(0, widest - 1)}…`;
}

function time(milliseconds: number): string {
  return milliseconds === 0 ? "unknown" : new Date(milliseconds).toISOString();
}

function details(records: readonly StorageRecord[]): string {
  return records
    .map((record) =>
      [
        ["ID", record.id],
        ["Type", record.type],
        ["Description", printable(record.description)],
        ["Size", `${formatSize(record.bytes)} (${record.bytes} bytes)`],
        ["Created at", time(record.createdAt)],
        ["Last used", time(record.lastUsedAt)],
        ["Reclaimable", String(record.reclaimable)],
        ["In use", String(record.inUse)],
        ["Shared", String(record.shared)],
        ["Mutable", String(record.mutable)],
        ...record.parents.map((parent) => ["Parent", parent]),
      ]
        .map(([name = "", value = ""]) => `${`${name}:`.padEnd(14)}${value}\n`)
        .join(""),
    )
    .map((text) => `${text}\n`)
    .join("");
}

function totals(records: readonly StorageRecord[]): string {
  const of = (test: (record: StorageRecord) => boolean): string =>
    formatSize(sum(records.filter(test)));
  return formatTable([
    ["Shared:", of(({ shared }) => shared)],
    ["Private:", of(({ shared }) => !shared)],
    ["Reclaimable:", of(({ reclaimable }) => reclaimable)],
    ["Total:", formatSize(sum(records))],
  ]);
}

function toJson({ bytes, createdAt, lastUsedAt, ...rest }: StorageRecord): unknown {
  return { ...rest, size: bytes, createdAt: time(createdAt), lastUsedAt: time(lastUsedAt) };
}
