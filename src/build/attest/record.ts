// SPDX-License-Identifier: Apache-2.0
// What is told of a build beside its outputs, for --metadata-file: its provenance in the form that docker buildx hands on, whatever is
// attested in the image.

import type { Json } from "../../base/index.js";
import { formatFullPlatform } from "../../oci/index.js";
import type { SolvedBuild } from "../cache/export.js";
import type { PreparedBuild } from "../prepare.js";
import type { BuildRecord, BuildRequest } from "../request.js";
import { factsOf } from "./facts.js";
import { predicateV02, type Invocation } from "./predicate.js";

/** As the request's `record` says. */
export async function recordOf(
  prepared: PreparedBuild,
  solved: SolvedBuild,
  invocation: Invocation,
  mode: NonNullable<BuildRequest["record"]>,
): Promise<BuildRecord> {
  const provenance = new Map<string, Json>();
  for (const solvedImage of mode === "id" ? [] : solved.images) {
    const facts = await factsOf(prepared, solved, solvedImage, invocation);
    const whole = predicateV02(facts, { mode: "max", builderId: "", reproducible: false });
    const { buildConfig, metadata, ...rest } = whole;
    const told = mode === "max" ? { ...rest, buildConfig, metadata } : rest;
    provenance.set(formatFullPlatform(solvedImage.image.platform), told);
  }
  return { id: invocation.invocationId, provenance };
}
