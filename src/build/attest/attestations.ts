// SPDX-License-Identifier: Apache-2.0
// The attestations of one build: what was found in its images, and how they were made.

import type { ExportInput, PlatformTree } from "../../export/index.js";
import { formatFullPlatform, type Platform } from "../../oci/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { PreparedBuild } from "../prepare.js";
import { factsOf } from "./facts.js";
import { predicateOf, predicateTypes, type Invocation } from "./predicate.js";
import { readScan } from "./scan.js";
import { attach, statementOf, subjectsOf, type Predicate, type Subject } from "./statement.js";
import type { AttestationWishes } from "./wish.js";

type AttestImage = NonNullable<NonNullable<ExportInput["image"]>["attest"]>;
type StatementFiles = Awaited<ReturnType<NonNullable<PlatformTree["attest"]>>>;

/** Makes the statements of one build. */
export interface Attestations {
  /** About an image in the form in which an output writes it. */
  readonly image: AttestImage;
  /** About files, for the platform. */
  readonly files: (platform: Platform, subjects: readonly Subject[]) => Promise<StatementFiles>;
}

export function attestations(
  prepared: PreparedBuild,
  solved: SolvedBuild,
  { provenance: wish }: AttestationWishes,
  invocation: Invocation,
): Attestations {
  const predicates = async (platform: string): Promise<readonly Predicate[]> => {
    const solvedImage =
      solved.images.find(({ image }) => formatFullPlatform(image.platform) === platform) ??
      solved.images[0];
    if (solvedImage === undefined) throw new RangeError("a build is for one platform at least");
    const { scanned } = solvedImage;
    const found = scanned === undefined ? [] : await readScan(solved, scanned);
    if (wish === undefined) return found;
    const facts = await factsOf(prepared, solved, solvedImage, invocation);
    const made = {
      type: predicateTypes[wish.version],
      content: predicateOf(facts, wish),
      file: "provenance.json",
    };
    return [...found, made];
  };
  return {
    image: async (manifest, names, platform, asArtifact) => {
      const name = formatFullPlatform(platform);
      const subjects = subjectsOf(manifest, names, name);
      const found = await predicates(name);
      return attach(solved.rooms.store, manifest, found, { subjects, asArtifact });
    },
    files: async (platform, subjects) =>
      (await predicates(formatFullPlatform(platform))).map((predicate) => ({
        name: predicate.file,
        text: statementOf(predicate, subjects),
      })),
  };
}
