// SPDX-License-Identifier: Apache-2.0
// What an SBOM's generator has written: in-toto statements, of which only the predicates count.

import { isRecord, jsonShape, printable, TsbuildError, type Json } from "../../base/index.js";
import { coreScan, scanOutput } from "../../plan/index.js";
import type { SnapshotId } from "../../snapshot/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { Predicate, Subject } from "./statement.js";

const spdxType = "https://spdx.dev/Document";
/** Of all statements together. An SBOM of a large image has some ten megabytes. */
const maxBytes = 256 * 1024 * 1024;
/** One for the result, and one for each stage that is scanned besides. */
const maxFiles = 1000;
const maxDepth = 64;
/** Values take many times as much memory as their text; an SBOM has one in about 30 bytes. */
const maxValues = 8_000_000;

/** The statements in a scan's output, the one about the result itself first. Throws BUILD_SBOM. */
export async function readScan(
  { rooms: { sandbox, snapshots }, signal }: Pick<SolvedBuild, "rooms" | "signal">,
  scanned: SnapshotId,
): Promise<readonly Predicate[]> {
  const lowers = snapshots.stackOf(scanned);
  await using reader = await sandbox.openTree({ kind: "stack", lowers }, signal);
  const [, ...entries] = (await reader.list(scanOutput, { depth: 1 })) ?? [];
  if (entries.length > maxFiles)
    throw scanError(`${entries.length} files`, `at most ${maxFiles} are read`);
  const files = entries.map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  let total = 0;
  for (const [i, { type, size }] of entries.entries()) {
    if (type !== "file") throw scanError(files[i] ?? "", "it is no regular file");
    // Hard links count each: all are read.
    if ((total += size) > maxBytes)
      throw scanError(files[i] ?? "", `that makes more than ${maxBytes / 1024 ** 2} MiB`);
  }
  const found: Predicate[] = [];
  const left = { values: maxValues };
  for (const file of files) {
    const bytes = await reader.read(`${scanOutput}/${file}`, maxBytes);
    found.push(predicateIn(file, (bytes ?? Buffer.alloc(0)).toString("utf8"), left));
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

function predicateIn(file: string, text: string, left: { values: number }): Predicate {
  const { depth, values } = jsonShape(text);
  if (depth > maxDepth) throw scanError(file, `it is nested deeper than ${maxDepth}`);
  if ((left.values -= values) < 0)
    throw scanError(file, `that makes more than ${maxValues} values`);
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
