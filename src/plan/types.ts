// SPDX-License-Identifier: Apache-2.0
// What a plan is made of: vertices with typed operations, and the image that each stage would become. All of it is
// plain data; what the planner cannot know (base images, named contexts) it asks of a PlanEnvironment.

import type { BuildEvent, SourceLocation } from "../base/index.js";
import type { Dockerfile, Finding } from "../dockerfile/index.js";
import type {
  ContainerConfig,
  Descriptor,
  HistoryEntry,
  ImageConfig,
  Platform,
} from "../oci/index.js";
import type { Graph, VertexId } from "../solve/index.js";

/** Where files come from: a context by name (`""` is the build context), or the n-th input of the vertex. */
export type SourceRef =
  | { readonly from: "context"; readonly name: string }
  | { readonly from: "input"; readonly index: number };

/** Where an image's blobs are to be had. */
export type ImageOrigin =
  | { readonly kind: "registry"; readonly reference: string }
  | { readonly kind: "layout"; readonly path: string }
  | { readonly kind: "store" };

/** Fetches an image's layers and unpacks them. Result: a snapshot. */
export type ImageOp = {
  readonly reference: string;
  readonly manifest: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly origin: ImageOrigin;
};

export type BindMountOp = {
  readonly kind: "bind";
  readonly target: string;
  readonly source: SourceRef;
  readonly path: string;
  readonly readOnly: boolean;
};
export type CacheMountOp = {
  readonly kind: "cache";
  readonly target: string;
  readonly id: string;
  readonly sharing: "shared" | "private" | "locked";
  readonly readOnly: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Under --no-cache such a cache starts empty again. */
  readonly ownerGiven: boolean;
  /** Below the cache's own directory, or below the seed. */
  readonly path: string;
  readonly seed?: SourceRef;
};
export type TmpfsMountOp = {
  readonly kind: "tmpfs";
  readonly target: string;
  readonly size?: number;
};
export type SecretMountOp = {
  readonly kind: "secret";
  readonly id: string;
  readonly target?: string;
  readonly env?: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};
export type SshMountOp = {
  readonly kind: "ssh";
  readonly id: string;
  readonly target: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};
export type MountOp = BindMountOp | CacheMountOp | TmpfsMountOp | SecretMountOp | SshMountOp;

/** Runs a command. Input 0 is the root filesystem; further inputs are what mounts read. */
export type RunOp = {
  readonly argv: readonly string[];
  /** A here-document with an interpreter line: written to /dev/pipes/NAME and executed. */
  readonly script?: { readonly name: string; readonly body: string };
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly hostname: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly mounts: readonly MountOp[];
  /** Absent: none. */
  readonly devices?: readonly { readonly name: string; readonly required: boolean }[];
  readonly platform: string;
};

export type CopySource =
  /** A path or wildcard in a tree. */
  | { readonly kind: "path"; readonly root: SourceRef; readonly pattern: string }
  /** A here-document. */
  | { readonly kind: "inline"; readonly name: string; readonly text: string }
  /** What an `http` vertex downloaded. */
  | { readonly kind: "download"; readonly root: SourceRef };

/** COPY and ADD. Input 0 is the root filesystem that is copied into. */
export type CopyOp = {
  readonly command: "COPY" | "ADD";
  readonly sources: readonly CopySource[];
  /** Absolute. */
  readonly destination: string;
  /** It was written with a trailing slash, or as `.` or nothing: it is a directory. */
  readonly directory: boolean;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** Archives to unpack: those of local sources, downloads too, or none. */
  readonly unpack: "local" | "all" | "none";
  /** Owners come from the source (another stage) and not from us (a context). */
  readonly keepOwners: boolean;
};

/** Makes the working directory in the root filesystem, input 0. */
export type WorkdirOp = { readonly path: string; readonly user: string };

/** ADD of a URL: one file in a snapshot of its own. */
export type HttpOp = {
  readonly url: string;
  readonly checksum?: string;
  /** The file's name where it is not the URL's. */
  readonly name?: string;
};

/** ADD of a repository: its tree in a snapshot of its own. */
export type GitOp = {
  readonly url: string;
  readonly checksum?: string;
  readonly keepGitDir: boolean;
};

/** A base image, resolved to one platform. */
export interface ResolvedImage {
  readonly reference: string;
  readonly manifest: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly config: ImageConfig;
  readonly origin: ImageOrigin;
}

/** What `--build-context NAME=...` stands for. `tree`: files, read through the context of the given name. */
export type NamedContext =
  | { readonly kind: "image"; readonly image: ResolvedImage }
  /** Nothing: `docker-image://scratch`. */
  | { readonly kind: "scratch" }
  | { readonly kind: "tree"; readonly name: string };

/** What the planner asks of the outside. */
export interface PlanEnvironment {
  /** Errors: whatever resolving throws; the planner adds the FROM line. */
  resolveImage(reference: string, platform: Platform): Promise<ResolvedImage>;
  /** Undefined: no such named context. Opening it happens only when it is asked for. */
  namedContext(name: string, platform: Platform): Promise<NamedContext | undefined>;
  /** What stands in the place of something that ADD fetches. Throws when it may not be fetched. Absent: it is taken as it is. */
  readonly remoteSource?: (kind: "http" | "git", source: RemoteSource) => RemoteSource;
}

/** What ADD fetches. `name`: as in {@link HttpOp}. */
export type RemoteSource = {
  readonly url: string;
  readonly checksum?: string;
  readonly name?: string;
};

/** Changes of the resulting image, after all instructions but for `env`. */
export interface ImageEdits {
  /** Set at the beginning of each stage, before its instructions. */
  readonly env?: ReadonlyMap<string, string>;
  readonly unsetEnv?: readonly string[];
  readonly unsetLabels?: readonly string[];
  /** False: labels of base images, and of stages that others continue, count for nothing. Default: true. */
  readonly inheritLabels?: boolean;
}

/** A scan of the result, and of what the Dockerfile adds to it, for an SBOM. */
export interface ScanWish {
  /** An image that follows BuildKit's protocol, or the name of a context that is one. */
  readonly generator: string;
  /** Of the generator: what its environment has under `BUILDKIT_SCAN_NAME`. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** What the user asked for, as far as it shapes the plan. */
export interface PlanOptions {
  readonly dockerfile: Dockerfile;
  readonly environment: PlanEnvironment;
  /** Stage name or index; absent: the last stage. */
  readonly target?: string;
  readonly targetPlatform: Platform;
  /** The target's platform was asked for: the image says that it is for it, even if its base does not. Default: false. */
  readonly platformGiven?: boolean;
  readonly buildPlatform: Platform;
  readonly buildArgs: ReadonlyMap<string, string>;
  /** Set on the resulting image, after all LABEL instructions. */
  readonly labels: Readonly<Record<string, string>>;
  readonly edits: ImageEdits;
  /** Stages become images of their own, with labels that say which or without. Absent: only the target does. */
  readonly stageImages?: { readonly labels: boolean };
  /** Stands in the place of the image that the first FROM names. */
  readonly firstBase?: string;
  /** All stages, or those named. */
  readonly noCache: boolean | readonly string[];
  /** Milliseconds: what steps made before that is not taken. Absent: all of it is. */
  readonly maxAge?: number;
  /** The network of RUN steps that name none. */
  readonly network: "default" | "none" | "host";
  readonly hostname?: string;
  readonly scan?: ScanWish;
  /** Stages that the target does not need are planned, too: for build checks. */
  readonly everyStage?: boolean;
  /** Granted entitlements (`network.host`, `security.insecure`). */
  readonly allow: readonly string[];
  readonly warn: (warning: Extract<BuildEvent, { kind: "warning" }>) => void;
  /** Takes findings of build checks that only planning can make. */
  readonly report: (findings: readonly Finding[]) => void;
  /** Whether a path of the build context is left out by its ignore file; absent: nothing is, or nobody can say. */
  readonly ignored?: (path: string) => boolean;
}

/** One line of an image's history to be. `vertex` made the layer; absent: no layer. */
export interface PlannedHistory {
  readonly createdBy: string;
  readonly vertex?: VertexId;
}

/** The image that a stage becomes, but for the layers that its vertices will make. */
export interface PlannedImage {
  /** The vertex whose snapshot is the root filesystem. */
  readonly head: VertexId;
  /** The registry image below all stages, if any. */
  readonly base?: ResolvedImage;
  readonly platform: Platform;
  readonly config: ContainerConfig;
  readonly author?: string;
  readonly history: readonly PlannedHistory[];
  readonly baseHistory: readonly HistoryEntry[];
}

/** A stage, and the image that it is. */
export interface PlannedStage {
  readonly index: number;
  /** As it is written behind AS; without that, the stage's index. */
  readonly name: string;
  /** What FROM names. */
  readonly base: string;
  /** The index of the stage that this is. */
  readonly baseStage?: number;
  /** It has instructions of its own, so that its image is another than its base's. */
  readonly own: boolean;
  /** How many entries of the image's history are those of the stages below. */
  readonly inherited: number;
  readonly image: PlannedImage;
}

export interface Plan {
  readonly graph: Graph;
  readonly image: PlannedImage;
  /** The vertex whose snapshot has, in {@link scanOutput}, what a scan found. */
  readonly scan?: VertexId;
  /** The stages that were planned, in their order, the target last; none unless their images are wanted. */
  readonly stageImages: readonly PlannedStage[];
  readonly stageName?: string;
  /** Indices of the stages that were planned. */
  readonly stages: ReadonlySet<number>;
}

/** Where a finding points. */
export type Place = SourceLocation;
