// SPDX-License-Identifier: Apache-2.0
// Which way the `default` network of a step takes: pasta, else slirp4netns, else the host's network, said once. A program
// that has failed is not tried again by this process.

import { accessSync, constants } from "node:fs";
import { findProgram } from "./id-maps.js";

const TUN = "/dev/net/tun";
const programs = ["pasta", "slirp4netns"] as const;

/** How to connect a step. */
export type NetworkChoice =
  | { readonly kind: "program"; readonly path: string }
  | { readonly kind: "host"; readonly reason: string };

function tunIsUsable(): boolean {
  try {
    accessSync(TUN, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false; // missing, or closed to this user: no user-mode network can work
  }
}

/** Chooses for all steps of one sandbox. */
export class NetworkChooser {
  readonly #failures = new Map<string, string>();
  readonly #find: (program: string) => string | undefined;
  readonly #tun: () => boolean;

  constructor(
    find: (program: string) => string | undefined = findProgram,
    tun: () => boolean = tunIsUsable,
  ) {
    this.#find = find;
    this.#tun = tun;
  }

  choose(): NetworkChoice {
    const found = programs.map((name) => this.#find(name)).filter((path) => path !== undefined);
    if (found.length === 0)
      return { kind: "host", reason: "neither pasta nor slirp4netns is installed" };
    if (!this.#tun()) return { kind: "host", reason: `${TUN} is missing or closed to this user` };
    const path = found.find((candidate) => !this.#failures.has(candidate));
    if (path !== undefined) return { kind: "program", path };
    return { kind: "host", reason: [...this.#failures.values()].join("; ") };
  }

  /** Remembers that a program does not work here. */
  failed(path: string, reason: string): void {
    this.#failures.set(path, reason);
  }
}
