// SPDX-License-Identifier: Apache-2.0
// Images whose own layers are one: all of the file system as one layer, or all that was added to the base.

import type { PlannedHistory, PlannedImage } from "../plan/index.js";

/** `all`: one layer and no base's below it. `new`: the base's layers, and one on top of them. */
export type Squash = "all" | "new";

/**
 * The image with a history that fits `layers` (none or one) of its own: the last entry has it. Of a base whose layers are gone
 * the history goes, too.
 */
export function withSquashedHistory(
  image: PlannedImage,
  squash: Squash,
  layers: number,
): PlannedImage {
  const history: PlannedHistory[] = image.history.map(({ createdBy }) => ({ createdBy }));
  if (layers > 0) {
    const createdBy = history.pop()?.createdBy ?? `FROM ${image.base?.reference ?? "scratch"}`;
    history.push({ createdBy, vertex: image.head });
  }
  return { ...image, history, ...(squash === "all" ? { baseHistory: [] } : {}) };
}
