// SPDX-License-Identifier: Apache-2.0
// The provenance of the images of one build.

import { randomUUID } from "node:crypto";
import type { ExportInput } from "../../export/index.js";
import { formatFullPlatform } from "../../oci/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { PreparedBuild } from "../prepare.js";
import { factsOf } from "./facts.js";
import { predicateOf, predicateTypes } from "./predicate.js";
import { attach, statementOf, subjectsOf } from "./statement.js";
import type { ProvenanceWish } from "./wish.js";

type Attest = NonNullable<NonNullable<ExportInput["image"]>["attest"]>;

/** What makes the statement of an image in the form in which an output writes it. `startedAt`: milliseconds since the epoch. */
export function provenance(
  prepared: PreparedBuild,
  solved: SolvedBuild,
  wish: ProvenanceWish,
  startedAt: number,
): Attest {
  const build = { invocationId: randomUUID().replaceAll("-", ""), startedAt };
  const type = predicateTypes[wish.version];
  return async (manifest, names, platform) => {
    const name = formatFullPlatform(platform);
    const planned =
      solved.images.find(({ image }) => formatFullPlatform(image.platform) === name) ??
      solved.images[0];
    if (planned === undefined) throw new RangeError("a build is for one platform at least");
    const facts = await factsOf(prepared, solved, planned.image.head, build);
    const statement = statementOf(
      type,
      predicateOf(facts, wish),
      subjectsOf(manifest, names, name),
    );
    return attach(solved.rooms.store, manifest, type, statement);
  };
}
