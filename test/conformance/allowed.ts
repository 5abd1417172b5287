// SPDX-License-Identifier: Apache-2.0
// Differences between builders that hold for every case, each with its reason. What is particular to one case is said there.

import type { ConformanceCase, Difference, Peer } from "./case.js";
import { contextTime } from "./context.js";
import type { Outcome } from "./outcome.js";

interface GeneralDifference {
  readonly peer: Peer;
  readonly reason: string;
  readonly applies: (
    key: string,
    ours: string | undefined,
    theirs: string | undefined,
    test: ConformanceCase,
  ) => boolean;
}

const general: readonly GeneralDifference[] = [
  ...(["buildkit", "buildah"] as const).map((peer): GeneralDifference => ({
    peer,
    reason:
      "the time of a directory is what the builder did last in it: a destination gets the source's time in BuildKit, here its own stays",
    applies: (_key, ours, theirs) =>
      ours !== undefined &&
      theirs !== undefined &&
      isDirectory(ours) &&
      untimed(ours) === untimed(theirs),
  })),
  {
    peer: "buildkit",
    reason:
      "the BuildKit of the goldens prints the address of the strings in a HEALTHCHECK's history",
    applies: (_key, ours, theirs) =>
      ours?.startsWith("HEALTHCHECK ") === true && theirs?.startsWith("HEALTHCHECK &{") === true,
  },
  {
    peer: "buildah",
    reason: "Buildah words history in the classic form, and puts all layers of a stage into one",
    applies: (key) => key.startsWith("history/") || key === "layers",
  },
  {
    peer: "buildah",
    reason: "Buildah does not set ArgsEscaped, which only Windows reads",
    applies: (key) => key === "config/ArgsEscaped",
  },
  {
    peer: "buildah",
    reason:
      "Buildah writes OCI configurations, which have no health check, no shell and no triggers",
    applies: (key, _ours, theirs) =>
      /^config\/(?:Healthcheck|Shell|OnBuild)$/.test(key) && theirs === undefined,
  },
  {
    peer: "buildah",
    reason: "Buildah makes a working directory only when a step runs in it",
    applies: (_key, ours, theirs, test) =>
      ours !== undefined &&
      isDirectory(ours) &&
      theirs === undefined &&
      (/^\s*WORKDIR\s/im.test(test.dockerfile) || test.images?.includes("made-config") === true),
  },
  {
    peer: "buildah",
    reason: "Buildah makes a directory for a volume",
    applies: (_key, ours, theirs, test) =>
      ours === undefined &&
      theirs !== undefined &&
      isDirectory(theirs) &&
      (/^\s*VOLUME\s/im.test(test.dockerfile) || test.images?.includes("made-config") === true),
  },
  {
    peer: "buildah",
    reason: "the wording of a failure is the builder's own",
    applies: (key, ours, theirs) => key === "fails" && ours !== undefined && theirs !== undefined,
  },
  {
    peer: "buildkit",
    reason: "the wording of a failure is the builder's own",
    applies: (key, ours, theirs) => key === "fails" && ours !== undefined && theirs !== undefined,
  },
];

function isDirectory(line: string): boolean {
  return line.startsWith("dir ");
}

function untimed(line: string): string {
  return line.replace(` @${contextTime}`, "");
}

/** The reason why this key may differ between our outcome and the peer's; undefined: it may not. */
export function allowedDifference(
  test: ConformanceCase,
  peer: Peer,
  key: string,
  outcomes: { readonly ours: Outcome; readonly theirs: Outcome },
): string | undefined {
  const particular = (test.differs ?? []).find(
    (difference) => difference.peer === peer && covers(difference, key),
  );
  if (particular !== undefined) return particular.reason;
  const { ours, theirs } = outcomes;
  return general.find((row) => row.peer === peer && row.applies(key, ours[key], theirs[key], test))
    ?.reason;
}

export function covers({ what }: Difference, key: string): boolean {
  return what.some((pattern) =>
    pattern.endsWith("*") ? key.startsWith(pattern.slice(0, -1)) : key === pattern,
  );
}
