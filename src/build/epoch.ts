// SPDX-License-Identifier: Apache-2.0
// SOURCE_DATE_EPOCH: the time of a reproducible image.

import { TsbuildError } from "../base/index.js";

/** Build arguments with SOURCE_DATE_EPOCH of the environment, unless it is given as an argument. */
export function withEpoch(
  buildArgs: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>>,
): ReadonlyMap<string, string> {
  const epoch = env["SOURCE_DATE_EPOCH"];
  if (epoch === undefined || epoch === "" || buildArgs.has("SOURCE_DATE_EPOCH")) return buildArgs;
  return new Map([...buildArgs, ["SOURCE_DATE_EPOCH", epoch]]);
}

/** Later years have no RFC 3339 form. */
const lastEpoch = 253_402_300_799;

/** Seconds; undefined when it is not set, or set to nothing. Errors: BUILD_EPOCH. */
export function epochOf(buildArgs: ReadonlyMap<string, string>): number | undefined {
  const text = buildArgs.get("SOURCE_DATE_EPOCH");
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,12}$/.test(text) || Number(text) > lastEpoch)
    throw new TsbuildError(
      "BUILD_EPOCH",
      `SOURCE_DATE_EPOCH ${JSON.stringify(text)} is not a whole number of seconds`,
      { hint: `It is 0 to ${lastEpoch}, which is the end of the year 9999.` },
    );
  return Number(text);
}
