// SPDX-License-Identifier: Apache-2.0
// What a caller asks of `tsbuild run`, and what it gets.

import type { EventSink } from "../../base/index.js";
import type { Descriptor } from "../../oci/index.js";
import type { MountRequest } from "../../run/index.js";
import type { RunLimits } from "../../sandbox/index.js";

/** How the command line and a program learn of each other while the program runs. */
export interface RunControl {
  /** Hands on a signal by number; SIGWINCH makes the program's terminal as large as ours. */
  readonly send: (signal: number) => void;
}

export interface RunImageRequest {
  /** A name, an id or its beginning, `oci-layout://DIR[:TAG]` or `docker-image://NAME`. */
  readonly image: string;
  /** In place of the image's Cmd. */
  readonly command: readonly string[];
  /** In place of Entrypoint and Cmd; `""`: none. */
  readonly entrypoint?: string;
  /** `NAME=VALUE`, or `NAME` to take a variable away. */
  readonly variables: readonly string[];
  readonly user?: string;
  readonly workingDirectory?: string;
  readonly hostname?: string;
  readonly stopSignal?: string;
  /** The program reads our standard input. */
  readonly input: boolean;
  readonly terminal: boolean;
  readonly init: boolean;
  readonly readOnly: boolean;
  readonly mounts: readonly MountRequest[];
  readonly network: "default" | "none" | "host";
  readonly addHosts: readonly (readonly [name: string, address: string])[];
  readonly dns: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  readonly limits: RunLimits;
  readonly shmSize?: number;
  /** `--security-opt` texts. */
  readonly securityOptions: readonly string[];
  /** Groups that the user is in besides, names of the image's /etc/group or numbers. */
  readonly groups: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  /** Whether registries are asked: always, for names that the store does not know, or never. */
  readonly pull: "always" | "missing" | "never";
  readonly platform?: string;
  /** Milliseconds that the program may take. */
  readonly timeout?: number;
  /** Milliseconds between asking the program to end and ending it. */
  readonly stopTimeout: number;
  /** What the program changed becomes an image of this name, once it has ended. */
  readonly commit?: string;
  readonly storeRoot?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly events: EventSink;
  /** Called when everything is ready and the program is about to begin. */
  readonly onStart: (control: RunControl) => void;
  /** Ends the program, whatever it does. */
  readonly signal: AbortSignal;
}

export interface RunImageResult {
  readonly exitCode: number;
  /** The limit in bytes that the program ran into, if the kernel ended it for that. */
  readonly outOfMemory?: number;
  /** The committed image's configuration. */
  readonly committed?: Descriptor;
}
