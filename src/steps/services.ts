// SPDX-License-Identifier: Apache-2.0
// What the steps of one build share: the rooms they call, and the settings that shape how commands run.

import type { TsbuildError } from "../base/index.js";
import type { RemoteAccess } from "../context/index.js";
import type { Writable } from "node:stream";
import type {
  Confinement,
  LayerDirId,
  RunLimits,
  RunMount,
  RunOutput,
  RunResult,
  Sandbox,
  StackRoot,
  StreamResult,
} from "../sandbox/index.js";
import type { Draft, Snapshots, UnpackLayer } from "../snapshot/index.js";
import type { CacheKey, Solver, VertexId } from "../solve/index.js";
import type { Store } from "../store/index.js";
import type { RegistryClient } from "../registry/index.js";
import type { ContextTrees } from "./context-trees.js";
import type { Outlines } from "./outlines.js";
import type { DeviceSettings } from "./run/devices.js";

/** A command that failed, its files as it left them. */
export interface FailedCommand {
  readonly error: TsbuildError;
  /** The shell that it was given to, or `/bin/sh`. */
  readonly shell: string;
  /**
   * Runs a command in its place: with its files, mounts, environment and user, on this process's terminal. What it writes goes
   * with the rest. Only `signal` ends it, not the failures of other steps.
   */
  readonly run: (
    argv: readonly string[],
    output: Pick<RunOutput, "onStart" | "signal">,
  ) => Promise<RunResult>;
}

/** A mount that every command has. `overlay`: what is written to it goes to a directory that is thrown away with the step. */
export type GivenMount =
  | (Extract<RunMount, { readonly kind: "host" }> & { readonly overlay: boolean })
  | Extract<RunMount, { readonly kind: "tmpfs" | "device" }>;

/** Settings of RUN that the Dockerfile does not name. */
export interface RunSettings {
  /** `--add-host`, as lines of /etc/hosts: name and address. */
  readonly extraHosts: readonly (readonly [name: string, address: string])[];
  /** /etc/hosts is the image's own. */
  readonly noHosts: boolean;
  /** `--volume`, `--mount`, `--device`: what every command has, below what RUN itself mounts. */
  readonly mounts: readonly GivenMount[];
  /** The host's resolv.conf, already freed of addresses that mean nothing inside. Absent: the image's own. */
  readonly resolvConf?: string;
  /** `HTTP_PROXY=...`: reaches the command, and neither keys nor history. */
  readonly proxyEnv: readonly string[];
  readonly devices: DeviceSettings;
  readonly limits: RunLimits;
  readonly shmSize?: number;
  readonly confinement: Confinement;
  /** Milliseconds that one command may take. */
  readonly timeout?: number;
  readonly groups: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly keepMountpoints: boolean;
  /** Told of a command that failed, before its files go. Must not throw. */
  readonly onFailure?: (failed: FailedCommand) => Promise<void>;
  /** Distinguishes cache mounts of unrelated projects (BUILDKIT_CACHE_MOUNT_NS). */
  readonly cacheNamespace: string;
}

/** Layers that are written by the steps that make the files, or, where nothing reads the files, in their place. */
export interface DirectLayers {
  /** Whether a layer of the vertex's result is wanted: with its files, as `alone` nothing else of it, or not at all. */
  wanted(vertex: VertexId): "with-files" | "alone" | undefined;
  /** Bytes of files up to which a layer is packed with the step that makes it, and not beside the next ones. */
  readonly small: number;
  /** The latest time in layers, in seconds. */
  readonly clampTime?: number;
  /**
   * Packs the layer of a state to be, as the outputs want it. `write` begins the archive, into a program's input if one is
   * given. `bytes`: what the files in it have together, at least.
   */
  pack(
    id: LayerDirId,
    bytes: number,
    write: (output?: Writable) => StreamResult,
  ): Promise<UnpackLayer>;
  /** Takes the archive of a state to be, which whoever packs its layer then needs not make. */
  offer(id: LayerDirId, tar: Uint8Array): void;
  /** Begins to pack the layer of a state to be, whose files are there and more than `small`, into `root.upper` on `root.lowers`. */
  begin(root: StackRoot): void;
}

export interface StepServices {
  readonly sandbox: Sandbox;
  readonly snapshots: Snapshots;
  readonly store: Store;
  readonly registry: () => Promise<RegistryClient>;
  readonly contexts: ContextTrees;
  readonly remotes: RemoteAccess;
  readonly run: RunSettings;
  /** What digests of files stand for. */
  readonly outlines: Outlines;
  /** Directories of the cache mounts that this build began anew, by key. */
  readonly freshCaches: Map<string, Promise<string>>;
  /** Absent: the outputs need files. */
  readonly direct?: DirectLayers;
  /** What a cache outside the store has for a new cache mount (see sharedMountKey); undefined: it has nothing. */
  readonly firstContent?: (key: CacheKey) => Promise<Draft | undefined>;
  /** What vertices are by definition. Absent: nothing is run. */
  readonly definitions?: Pick<Solver, "keyOf" | "partsOf">;
  /** SOURCE_DATE_EPOCH in seconds; absent: not set. */
  readonly epoch?: number;
}
