// SPDX-License-Identifier: Apache-2.0
// What an SBOM's generator has written: in-toto statements, of which only the predicates count.

import { isRecord, jsonDepth, printable, TsbuildError, type Json } from "../../base/index.js";
import { coreScan, scanOutput } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { Predicate, Subject } from "./statement.js";

const spdxType = "https://spdx.dev/Document";
/** An SBOM of a large image has some ten megabytes. */
const maxBytes = 256 * 1024 * 1024;
const maxDepth = 64;

/** The statements in a scan's output, the one about the result itself first. Throws BUILD_SBOM. */
export async function readScan(
  { rooms: { sandbox, snapshots }, signal }: Pick<SolvedBuild, "rooms" | "signal">,
  scanned: SnapshotId,
): Promise<readonly Predicate[]> {
  const lowers = snapshots.stackOf(scanned);
  await using reader = await sandbox.openTree({ kind: "stack", lowers }, signal);
  const [, ...entries] = (await reader.list(scanOutput, { depth: 1 })) ?? [];
  const found: Predicate[] = [];
  for (const { path, type, size } of entries) {
    const file = path.slice(path.lastIndexOf("/") + 1);
    if (type !== "file") throw scanError(file, "it is no regular file");
    if (size > maxBytes) throw scanError(file, `it has more than ${maxBytes / 1024 ** 2} MiB`);
    const bytes = await reader.read(`${scanOutput}/${file}`, maxBytes);
    found.push(predicateIn(file, (bytes ?? Buffer.alloc(0)).toString("utf8")));
  }
  if (found.length === 0)
    throw new TsbuildError("BUILD_SBOM", "the SBOM generator wrote no statement", {
      hint: `A generator writes NAME.spdx.json into the directory that BUILDKIT_SCAN_DESTINATION names (${scanOutput}).`,
    });
  const isCore = ({ file }: Predicate): boolean => file.split(".", 1)[0] === coreScan;
  return [...found.filter(isCore), ...found.filter((predicate) => !isCore(predicate))];
}

function scanError(file: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("BUILD_SBOM", `the SBOM generator wrote ${printable(file)}: ${why}`, {
    hint: "What it writes must be in-toto statements with SPDX documents; see BuildKit's protocol for generators.",
    cause,
  });
}

function predicateIn(file: string, text: string): Predicate {
  if (jsonDepth(text) > maxDepth) throw scanError(file, `it is nested deeper than ${maxDepth}`);
  let statement: unknown;
  try {
    statement = JSON.parse(text);
  } catch (error) {
    throw scanError(file, "it is no JSON", error);
  }
  if (!isRecord(statement)) throw scanError(file, "it is no in-toto statement");
  const { predicateType, predicate, subject } = statement;
  if (predicateType !== spdxType) throw scanError(file, `its predicateType is not ${spdxType}`);
  if (!isRecord(predicate)) throw scanError(file, "it has no predicate");
  const own = Array.isArray(subject) && subject.length > 0 ? subject.map(subjectOf) : undefined;
  if (own?.includes(undefined) === true) throw scanError(file, "a subject has no name or digest");
  return {
    type: spdxType,
    content: predicate as Json,
    file: file.endsWith(".json") ? file : `${file}.json`,
    ...(own === undefined ? {} : { subjects: own.filter((one) => one !== undefined) }),
  };
}

function subjectOf(value: unknown): Subject | undefined {
  if (!isRecord(value)) return undefined;
  const { name, digest } = value;
  const isHex = (hex: unknown): hex is string => typeof hex === "string";
  if (typeof name !== "string" || !isRecord(digest) || !Object.values(digest).every(isHex))
    return undefined;
  return { name, digest: digest as Readonly<Record<string, string>> };
}
