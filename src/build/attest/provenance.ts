// SPDX-License-Identifier: Apache-2.0
// The provenance of the images of one build.

import { randomUUID } from "node:crypto";
import type { ExportInput } from "../../export/index.js";
import { formatFullPlatform, type Platform } from "../../oci/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { PreparedBuild } from "../prepare.js";
import { factsOf } from "./facts.js";
import { predicateOf, predicateTypes } from "./predicate.js";
import { attach, statementOf, subjectsOf, type Subject } from "./statement.js";
import type { ProvenanceWish } from "./wish.js";

type Attest = NonNullable<NonNullable<ExportInput["image"]>["attest"]>;

/** Makes the statements of one build. */
export interface Provenance {
  /** About an image in the form in which an output writes it. */
  readonly image: Attest;
  /** About files, for the platform; JSON. */
  readonly files: (platform: Platform, subjects: readonly Subject[]) => Promise<string>;
}

/** `startedAt`: milliseconds since the epoch. */
export function provenance(
  prepared: PreparedBuild,
  solved: SolvedBuild,
  wish: ProvenanceWish,
  startedAt: number,
): Provenance {
  const build = { invocationId: randomUUID().replaceAll("-", ""), startedAt };
  const type = predicateTypes[wish.version];
  const about = async (platform: string, subjects: readonly Subject[]): Promise<string> => {
    const planned =
      solved.images.find(({ image }) => formatFullPlatform(image.platform) === platform) ??
      solved.images[0];
    if (planned === undefined) throw new RangeError("a build is for one platform at least");
    const facts = await factsOf(prepared, solved, planned.image.head, build);
    return statementOf(type, predicateOf(facts, wish), subjects);
  };
  return {
    image: async (manifest, names, platform) => {
      const name = formatFullPlatform(platform);
      const statement = await about(name, subjectsOf(manifest, names, name));
      return attach(solved.rooms.store, manifest, type, statement);
    },
    files: (platform, subjects) => about(formatFullPlatform(platform), subjects),
  };
}
