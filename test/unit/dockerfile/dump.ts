// SPDX-License-Identifier: Apache-2.0
// A compact, readable form of parsed Dockerfiles for golden files: ranges as `3:5-3:9`, words as `text @ range`.

import type { Dockerfile } from "#src/dockerfile/index.js";

interface RangeLike {
  readonly startLine: number;
  readonly endLine: number;
  readonly startColumn?: number;
  readonly endColumn?: number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isRange(value: unknown): value is RangeLike {
  return isRecord(value) && "startLine" in value && "endLine" in value;
}

export function dumpRange(range: RangeLike): string {
  const { startLine, startColumn, endLine, endColumn } = range;
  if (startColumn === undefined || endColumn === undefined) return `${startLine}-${endLine}`;
  return `${startLine}:${startColumn}-${endLine}:${endColumn}`;
}

function dumpValue(value: unknown): unknown {
  if (isRange(value)) return dumpRange(value);
  if (Array.isArray(value)) return value.map(dumpValue);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value);
  if (keys.length === 2 && typeof value["text"] === "string" && isRange(value["range"]))
    return `${value["text"]} @ ${dumpRange(value["range"])}`;
  return Object.fromEntries(
    Object.entries(value)
      // Empty lists and false flags are the rule; only what is there is worth reading.
      .filter(([, v]) => v !== false && !(Array.isArray(v) && v.length === 0))
      .map(([k, v]) => [k, dumpValue(v)]),
  );
}

/** The parsed file without its own text. */
export function dump(dockerfile: Dockerfile): unknown {
  const { source, ...rest } = dockerfile;
  return dumpValue({ escape: source.escape, ...rest });
}
