// SPDX-License-Identifier: Apache-2.0
// WORKDIR: the directory, its missing parents, all owned by the current user; an existing one stays as it is.

import { defined, isTsbuildError, TsbuildError } from "../base/index.js";
import type { WorkdirOp } from "../plan/index.js";
import type { CopyOp, Owner, Root } from "../sandbox/index.js";
import type { KeyParts, Result, Step, StepContext, Vertex } from "../solve/index.js";
import { draftOn } from "./draft.js";
import { snapshotOf, snapshotUsable } from "./result.js";
import type { StepServices } from "./services.js";

export function workdirStep(services: StepServices): Step {
  const { epoch } = services;
  const partsOf = ({ op }: Vertex): KeyParts => {
    const { path, user } = op as WorkdirOp;
    return { path, user, ...defined({ epoch }) };
  };
  return {
    resource: "disk",
    define: (vertex) => Promise.resolve(partsOf(vertex)),
    content: (vertex, [root]) => Promise.resolve({ ...partsOf(vertex), root: snapshotOf(root) }),
    inputParts: ["root"],
    run: (vertex, inputs, context) => runWorkdir(services, vertex, inputs, context),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

async function runWorkdir(
  services: StepServices,
  vertex: Vertex,
  [root]: readonly Result[],
  context: StepContext,
): Promise<Result> {
  const { path, user } = vertex.op as WorkdirOp;
  const ops: CopyOp[] = [{ op: "target", path, as: "dir", name: "", parentMode: 0o755 }];
  const { signal } = context;
  const makeFor = (owner: Owner): Promise<Result> => {
    const write = (destination: Root): Promise<void> =>
      services.sandbox.copy(
        {
          source: { kind: "stack", lowers: [] },
          destination,
          owner,
          madeTime: services.epoch ?? 0,
        },
        ops,
        signal,
      );
    return draftOn(services, snapshotOf(root), write, signal);
  };
  try {
    return await (user === "" ? makeFor(rootUser) : makeForUser(makeFor, user));
  } catch (error) {
    if (!isTsbuildError(error, "SANDBOX_COPY_CONFLICT")) throw error;
    throw new TsbuildError(
      "STEPS_WORKDIR",
      `cannot make the working directory ${path}: something on the way is not a directory`,
      { hint: "Is it, or a parent of it, a file in the image?", details: { path }, cause: error },
    );
  }
}

const rootUser: Owner = { kind: "ids", uid: 0, gid: 0 };

/** USER may name somebody whom the image does not know (yet): that is RUN's affair, and the directory is root's. */
async function makeForUser(
  makeFor: (owner: Owner) => Promise<Result>,
  user: string,
): Promise<Result> {
  try {
    return await makeFor({ kind: "spec", spec: user });
  } catch (error) {
    const unknown =
      isTsbuildError(error, "SANDBOX_USER") &&
      ["unknown-user", "unknown-group"].includes(String(error.details["reason"]));
    if (!unknown) throw error;
    return makeFor(rootUser);
  }
}
