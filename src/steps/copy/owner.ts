// SPDX-License-Identifier: Apache-2.0
import type { CopyOp } from "../../plan/index.js";
import type { Owner } from "../../sandbox/index.js";

/**
 * Files of a context belong to root, those of a stage keep their owners, and --chown is over both. A group that is left blank, as
 * in `--chown=$USER:$GROUP` without GROUP, is root's: not the user's own, which BuildKit does not look up either.
 */
export function ownerOf(op: CopyOp): Owner {
  if (op.chown !== undefined)
    return { kind: "spec", spec: op.chown.endsWith(":") ? `${op.chown}0` : op.chown };
  return op.keepOwners ? { kind: "keep" } : { kind: "ids", uid: 0, gid: 0 };
}
