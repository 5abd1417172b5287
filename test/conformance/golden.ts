// SPDX-License-Identifier: Apache-2.0
// The goldens: what the peers made of each case, and what we mean to make of it where that is something else.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../support/runner.js";
import type { ConformanceCase, Peer } from "./case.js";
import { patched, type Outcome } from "./outcome.js";

/** Differences to another outcome; null: that key is missing here. */
export type Patch = Readonly<Record<string, string | null>>;

export interface Golden {
  /** Of the case's definition: a golden of another Dockerfile is no golden. */
  readonly definition: string;
  readonly buildkit?: Outcome;
  /** Against BuildKit's outcome where there is one, else against nothing. */
  readonly buildah?: Patch;
  /** Ours, against BuildKit's, else Buildah's, else nothing. */
  readonly ours?: Patch;
}

export interface GoldenFile {
  readonly peers: Partial<Record<Peer, string>>;
  readonly cases: Readonly<Record<string, Golden>>;
}

const directory = join(repository, "test/conformance/goldens");

export function readGoldens(group: string): GoldenFile {
  const path = join(directory, `${group}.json`);
  if (!existsSync(path)) return { peers: {}, cases: {} };
  return JSON.parse(readFileSync(path, "utf8")) as GoldenFile;
}

export function writeGoldens(group: string, file: GoldenFile): void {
  writeFileSync(join(directory, `${group}.json`), JSON.stringify(file, null, 1) + "\n");
}

/** Whatever decides what a builder makes of a case. */
export function definitionOf(test: ConformanceCase): string {
  const { dockerfile, context, beside, args, images, env } = test;
  const text = JSON.stringify(
    [dockerfile, context, beside, args, images, env],
    (_, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

/** What a peer said. */
export function peerOutcome(golden: Golden, peer: Peer): Outcome | undefined {
  if (peer === "buildkit") return golden.buildkit;
  return golden.buildah === undefined ? undefined : patched(golden.buildkit ?? {}, golden.buildah);
}

/** The outcome that ours is recorded against. */
export function reference(golden: Golden): Outcome {
  return golden.buildkit ?? peerOutcome(golden, "buildah") ?? {};
}

/** What tsbuild has to make of the case. */
export function expectedOutcome(golden: Golden): Outcome {
  return patched(reference(golden), golden.ours ?? {});
}
