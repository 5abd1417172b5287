// SPDX-License-Identifier: Apache-2.0
// WORKDIR: a configuration field and, unless it is the root, a layer with the directory.

import type { WorkdirInstruction } from "../dockerfile/index.js";
import { asThePlatformWrites } from "./places.js";
import type { StagePlanner } from "./stage-planner.js";
import type { WorkdirOp } from "./types.js";

export function planWorkdir(planner: StagePlanner, instruction: WorkdirInstruction): void {
  const { draft } = planner;
  const path = draft.placeOf(planner.expand(instruction.path));
  draft.config.WorkingDir = asThePlatformWrites(path, draft.platform);
  if (path === "/") return draft.note("WORKDIR /");
  const op: WorkdirOp = { path, user: draft.user };
  draft.advance(planner.add("workdir", [], op, instruction), `WORKDIR ${path}`);
}
