// SPDX-License-Identifier: Apache-2.0
// What a caller asks of a build, and what it gets. The command line is one caller; the library's users are others.

import type { Readable, Writable } from "node:stream";
import type { EventSink, Json } from "../base/index.js";
import type { ExportResult } from "../export/index.js";
import type { Descriptor } from "../oci/index.js";
import type { ImageEdits } from "../plan/index.js";
import type { Dialect } from "../policy/index.js";
import type { MountRequest } from "../run/index.js";
import type { RunLimits } from "../sandbox/index.js";
import type { FailedCommand, PullPolicy } from "../steps/index.js";
import type { Squash } from "./squash.js";

/** A secret; read when a step first asks for it. */
export interface SecretSource {
  readonly id: string;
  read(): Promise<Uint8Array>;
}

/** An ssh agent's socket, or private keys. */
export interface AgentSource {
  readonly id: string;
  readonly paths: readonly string[];
}

export interface BuildRequest {
  /** Directory, `-`, http(s) URL or git URL. */
  readonly context: string;
  /** Dockerfile: path, `-` or URL. Absent: chosen in the context. */
  readonly file?: string;
  /** Files of the context, or beside it, that continue the Dockerfile. */
  readonly moreFiles?: readonly string[];
  /** More flags for cpp, which Dockerfiles called `NAME.in` go through first. */
  readonly cppFlags?: readonly string[];
  readonly ignoreFile?: string;
  readonly target?: string;
  readonly buildArgs?: ReadonlyMap<string, string>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Changes of the image that the Dockerfile describes. */
  readonly edits?: ImageEdits & {
    /** Default: true. */
    readonly history?: boolean;
    /** Annotations of the base's manifest are those of the image, too. Default: false. */
    readonly inheritAnnotations?: boolean;
    /** Names of those that are not. */
    readonly unsetAnnotations?: readonly string[];
    /** The image's time is an annotation, too. Default: false. */
    readonly createdAnnotation?: boolean;
  };
  /** The base image in the place of the one that the first FROM names. */
  readonly from?: string;
  /** `--attest` texts. */
  readonly attestations?: readonly string[];
  /** `--annotation` texts. */
  readonly annotations?: readonly string[];
  /** `name[:tag]`. */
  readonly tags?: readonly string[];
  /** `os/arch[/variant]`, or `local` for this machine's; several make an index. None: this machine's. */
  readonly platforms?: readonly string[];
  /** In their place: all platforms that the base images have in common. */
  readonly allPlatforms?: boolean;
  /** The index of the store that the image, or each image, is added to; begun when it is not there. */
  readonly manifestList?: string;
  /** `NAME=VALUE` texts. */
  readonly buildContexts?: readonly string[];
  /** `-o` texts; none: the image goes into the store under its tags. */
  readonly outputs?: readonly string[];
  /** One layer in the place of all, or of those that the build adds to its base. Absent: a layer for each step. */
  readonly squash?: Squash;
  /** Every stage that the build needs stays in the store as an image. `labels`: they say which stage they are, the target, too. */
  readonly keepStages?: { readonly labels: boolean };
  /** The result tells of the build: its id, and with `min` or `max` how images were made; `min`: neither the steps nor when they ran. */
  readonly record?: "id" | "min" | "max";
  readonly noCache?: boolean | readonly string[];
  /** Milliseconds: results of steps that are older are not taken. Absent: however old they are, they are. */
  readonly cacheMaxAge?: number;
  /** `--cache-from` and `--cache-to` texts. */
  readonly cacheFrom?: readonly string[];
  readonly cacheTo?: readonly string[];
  /** Which images, downloads and repositories the build may use, and what stands in their place. */
  readonly sourcePolicy?: { readonly file: string; readonly dialect: Dialect };
  /** When registries are asked for base images. Default: missing. */
  readonly pull?: PullPolicy;
  /** How many commands run at a time. */
  readonly jobs?: number;
  /** Hosts of registries that are taken without TLS or valid certificates; `*` is all. */
  readonly insecureRegistries?: readonly string[];
  readonly secrets?: readonly SecretSource[];
  readonly agents?: readonly AgentSource[];
  readonly network?: "default" | "none" | "host";
  readonly allow?: readonly string[];
  /** Where specifications of devices are looked for; a later directory wins. Absent: where the Container Device Interface has them. */
  readonly cdiDirectories?: readonly string[];
  /** Registered devices that every RUN has. */
  readonly devices?: readonly string[];
  readonly addHosts?: readonly (readonly [name: string, address: string])[];
  /** Commands see the image's own /etc/hosts. */
  readonly noHosts?: boolean;
  /** Files and devices of this machine, and file systems in memory, that every RUN has. Volumes are none: those outlive a build. */
  readonly mounts?: readonly MountRequest[];
  /** false: the proxies of this machine's environment are not passed on. */
  readonly hostProxies?: boolean;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly search: readonly string[];
    readonly options: readonly string[];
  };
  readonly limits?: RunLimits;
  readonly shmSize?: number;
  /** `--security-opt` texts. */
  readonly securityOptions?: readonly string[];
  /** Milliseconds that the command of one RUN may take. */
  readonly timeout?: number;
  /** Told of the command of a RUN that failed, before its files go. Must not throw. */
  readonly onFailure?: (failed: FailedCommand) => Promise<void>;
  /** Groups that the user of RUN is in besides, names of the image's /etc/group or numbers. */
  readonly groups?: readonly string[];
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly compatMountpoints?: boolean;
  /** Where the store is. Absent: $TSBUILD_ROOT, else the default of the user. */
  readonly storeRoot?: string;
  /** `overlay`, `fuse-overlayfs` or `copy`. Absent: $TSBUILD_STORAGE_DRIVER, else the best that this machine has. */
  readonly storageDriver?: string;
  /** Relative paths are relative to this directory. Default: the process's. */
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly events?: EventSink;
  readonly signal?: AbortSignal;
}

/** An image of one platform. */
export interface BuiltImage {
  /** `os/arch[/variant]`. */
  readonly platform: string;
  readonly manifest: Descriptor;
  /** Its digest is the image's id. */
  readonly config: Descriptor;
}

/** A stage that was kept as an image. */
export interface KeptStage extends BuiltImage {
  /** As it is written; without a name, its index. */
  readonly name: string;
}

/** What is told of a build beside its images. */
export interface BuildRecord {
  /** What attestations know the build by. */
  readonly id: string;
  /** By platform (`os/arch[/variant]`): SLSA's provenance of version 0.2. */
  readonly provenance: ReadonlyMap<string, Json>;
}

export interface BuildResult {
  /** The images, in the order of their platforms; none when only trees were asked for. */
  readonly images: readonly BuiltImage[];
  /** Of images for several platforms. */
  readonly index?: Descriptor;
  /** Those before the target; none unless that was asked for. */
  readonly stages: readonly KeptStage[];
  /** Full names given to the image. */
  readonly names: readonly string[];
  readonly outputs: readonly ExportResult[];
  /** If the request asked for it. */
  readonly record?: BuildRecord;
}
