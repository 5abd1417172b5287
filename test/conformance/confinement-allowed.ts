// SPDX-License-Identifier: Apache-2.0
// Tries that confinement.js may see answered otherwise by a peer, each with its reason.

import type { Peer } from "./case.js";

interface AllowedAnswer {
  readonly peer: Peer;
  readonly names: readonly string[];
  readonly reason: string;
}

export const allowedAnswers: readonly AllowedAnswer[] = [
  ...(["buildkit", "buildah"] as const).flatMap((peer): AllowedAnswer[] => [
    {
      peer,
      names: ["socket_alg", "32_socket_alg"],
      reason: "sockets of the kernel's crypto reach the kernel there unless the profile is of 2026",
    },
    {
      peer,
      names: ["open_made_device"],
      reason: "there by a control group for devices, here by a mount without devices",
    },
  ]),
  {
    peer: "buildah",
    names: [
      "mount",
      "umount2",
      "setns",
      "clone_newuser",
      "clone3",
      "keyctl",
      "open_tree",
      "fsconfig",
      "mount_setattr",
      "pidfd_getfd",
      "32_mount",
      "32_keyctl",
      "32_clone3",
    ],
    reason: "its profile lets the call through, and the kernel's own checks decide",
  },
  {
    peer: "buildah",
    names: ["add_key", "request_key", "io_uring_setup", "personality_aslr"],
    reason: "refused as a call that does not exist instead of as one that is forbidden",
  },
];
