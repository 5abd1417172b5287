// SPDX-License-Identifier: Apache-2.0
// Which mounts a container has: those that the user asks for, and volumes where the image wants some.

import { posix } from "node:path";
import { TsbuildError } from "../base/index.js";
import type { ContainerConfig } from "../oci/index.js";

/** A mount as it is asked for. `target`: absolute, in the container. */
export type MountRequest =
  | {
      readonly kind: "bind";
      /** Absolute, on the host. */
      readonly source: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** What is written does not reach the host, and goes when the command has ended. Directories only. */
      readonly overlay?: boolean;
    }
  | {
      readonly kind: "volume";
      /** Absent: a volume for this container alone. */
      readonly name?: string;
      readonly target: string;
      readonly readOnly: boolean;
      /** Whether a new volume begins with what the image has at this place. */
      readonly copy: boolean;
    }
  /** A device of the host, such as /dev/fuse. */
  | { readonly kind: "device"; readonly source: string; readonly target: string }
  | {
      readonly kind: "tmpfs";
      readonly target: string;
      /** Bytes. */
      readonly size?: number;
      readonly mode?: number;
    };

/** Names that a volume can have; nothing that could be a path. */
export function isVolumeName(text: string): boolean {
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/.test(text);
}

function refuse(target: string, problem: string): TsbuildError {
  return new TsbuildError("RUN_MOUNT", `invalid mount at ${JSON.stringify(target)}: ${problem}`, {
    details: { target },
  });
}

/**
 * All mounts, outer ones before those inside them; of the same depth, in the order in which they were asked for. The image's
 * volumes come where the user puts nothing. Errors: RUN_MOUNT.
 */
export function planMounts(
  requests: readonly MountRequest[],
  { Volumes = {} }: Pick<ContainerConfig, "Volumes">,
): MountRequest[] {
  const mounts = new Map<string, MountRequest>();
  for (const request of requests) {
    if (!request.target.startsWith("/")) throw refuse(request.target, "it is not absolute");
    if (request.kind === "volume" && request.name !== undefined && !isVolumeName(request.name))
      throw refuse(request.target, `${JSON.stringify(request.name)} is no name of a volume`);
    const target = cleaned(request.target);
    if (mounts.has(target)) throw refuse(target, "there is another mount at this place");
    mounts.set(target, { ...request, target });
  }
  for (const volume of Object.keys(Volumes)) {
    const target = cleaned(`/${volume}`);
    if (!mounts.has(target))
      mounts.set(target, { kind: "volume", target, readOnly: false, copy: true });
  }
  const depth = ({ target }: MountRequest): number => target.split("/").length;
  return [...mounts.values()].sort((a, b) => depth(a) - depth(b));
}

function cleaned(target: string): string {
  const path = posix
    .normalize(target)
    .replace(/(?<=.)\/$/, "")
    .replace(/^\/+/, "/");
  if (path === "/") throw refuse(target, "the root is not a place for a mount");
  return path;
}
