// SPDX-License-Identifier: Apache-2.0
// What goes into an output and what comes out of it.

import type { Readable, Writable } from "node:stream";
import type { Descriptor, LayerCompression, Platform, Reference } from "../oci/index.js";
import type { MountFrom, RegistryClient } from "../registry/index.js";
import type { Store } from "../store/index.js";

/** A `-o` as the user wrote it, split but not yet checked. */
export interface OutputSpec {
  readonly type: string;
  /** All keys but `type`, in the order given. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** A file tree that a build made, for `local` and `tar`. Implemented over the helper. */
export interface TreeSource {
  /**
   * The tree as tar, owners kept, no whiteouts; all of it in one `directory` of the archive, if that is given. It ends with
   * two blocks of zeros and nothing more. Fails where reading the tree fails.
   */
  tar(signal: AbortSignal, directory?: string): Promise<Readable>;
  /** Every entry below the root, parents before children; paths without a leading slash. */
  list(
    signal: AbortSignal,
  ): Promise<readonly { readonly path: string; readonly isDirectory: boolean }[]>;
  /** Writes the tree into a directory of the host, owned by the caller, never following symlinks out of it. */
  copyTo(directory: string, signal: AbortSignal): Promise<void>;
}

/** The files for one platform. */
export interface PlatformTree {
  readonly platform: Platform;
  readonly tree: TreeSource;
  /** Makes statements about the files, for files beside them; their names end in `.json`. */
  readonly attest?: (
    signal: AbortSignal,
  ) => Promise<readonly { readonly name: string; readonly text: string }[]>;
}

/** One annotation and where it goes. Absent platform: every platform. */
export interface Annotation {
  readonly level: "manifest" | "manifest-descriptor" | "index" | "index-descriptor";
  readonly platform?: Platform;
  readonly key: string;
  readonly value: string;
}

/** How an output wants its layers. Those who make layers read this before they make them. */
export interface LayerWish {
  readonly compression: LayerCompression;
  /** Absent: the codec's own default. */
  readonly level?: number;
  /** Recompress layers that came with another compression (base images'). */
  readonly force: boolean;
  /** Clamp the times inside new layers to this many seconds since the epoch. */
  readonly rewriteTimestamp: boolean;
  /** Seconds since the epoch; absent: not set by the output. */
  readonly sourceDateEpoch?: number;
}

/** The result of a build, as an exporter takes it. */
export interface ExportInput {
  /** The image; absent when the output needs only a tree. */
  readonly image?: {
    /** A single image's manifest; with `index`, the one of the first platform. */
    readonly manifest: Descriptor;
    /** Set when the result is an index (several platforms): what is exported then. */
    readonly index?: Descriptor;
    /**
     * Makes statements about an image as it is written, for the index: their entry, and what that names, in the store.
     * `asArtifact`: as an artifact that refers to the image, instead of in the form of an image.
     */
    readonly attest?: (
      manifest: Descriptor,
      names: readonly Reference[],
      platform: Platform,
      asArtifact: boolean,
    ) => Promise<Descriptor>;
  };
  /** `-t` names; the exporter adds those of its own `name` attribute. */
  readonly names: readonly Reference[];
  readonly store: Store;
  /** The trees for `local` and `tar`, one per platform. */
  readonly trees?: readonly PlatformTree[];
  /** Whether trees are kept apart by platform where nothing else is said. Default: where there are several. */
  readonly multiPlatform?: boolean;
  /** An image for the store stays there even if it has no name. Default: false. */
  readonly keepUnnamed?: boolean;
  /** For outputs that push; asked for only then. The caller closes the client. */
  readonly registry?: (options: {
    readonly insecureHosts: readonly string[];
  }) => Promise<RegistryClient>;
  /** Where the layers of other images in this one are from; asked for only by outputs that push. */
  readonly mountFrom?: () => Promise<MountFrom>;
}

export interface ExportOptions {
  readonly signal: AbortSignal;
  /** Where `dest=-` goes. */
  readonly stdout: Writable;
  /** Progress in words and numbers, for a step's display. Must not throw. */
  readonly onProgress?: (label: string, current: number, total?: number) => void;
}

/** What an exporter made, for --metadata-file and --iidfile. Paths are absolute. */
export interface ExportResult {
  /** The manifest or index that was written, annotations included. Absent for trees. */
  readonly descriptor?: Descriptor;
  /** The digest of the (first) image's configuration. */
  readonly configDigest?: string;
  /** The names given to the image, in full. */
  readonly names: readonly string[];
  /** File or directory written; absent for stdout, the store and registries. */
  readonly path?: string;
  /** It was written to stdout, which is to hold nothing else then. */
  readonly toStdout?: boolean;
}

/** An output ready to run: attributes checked, nothing touched yet. */
export interface Exporter {
  /** The row's name: `oci`, `docker`, `image`, `registry`, `local`, `tar`, `cacheonly`. */
  readonly type: string;
  /** What it needs from the build. */
  readonly needs: "image" | "tree" | "nothing";
  readonly layers: LayerWish;
  /** It will write to stdout. */
  readonly toStdout?: boolean;
  /** The file or directory that it will write, absolute. */
  readonly path?: string;
  /** It can do nothing with an image without a name, and brings none of its own. */
  readonly needsName?: boolean;
  /** It pushes by digest: names with a tag cannot be meant for it. */
  readonly refusesTags?: boolean;
  /** Writes the image's blobs, index or tree out. On failure nothing appears under the destination's name. */
  export(input: ExportInput, options: ExportOptions): Promise<ExportResult>;
}

/** One attribute that an exporter understands, for checking, help and "did you mean". */
export interface ExporterAttribute {
  readonly name: string;
  readonly summary: string;
}

export interface ExporterContext {
  /** Relative destinations are below this directory. */
  readonly cwd: string;
  /** From `--annotation`. */
  readonly annotations?: readonly Annotation[];
  /** True when stdout is a terminal: binary output to it is refused. */
  readonly stdoutIsTerminal?: boolean;
  /** Permissions given with `--allow`. */
  readonly allow?: readonly string[];
  /** Attestations have the form of images where an output does not say another. Default: they are artifacts. */
  readonly attestationImages?: boolean;
}

/** A row of the table of exporters. */
export interface ExporterRow {
  readonly name: string;
  readonly summary: string;
  readonly attributes: readonly ExporterAttribute[];
  /** Checks the attributes' values. Throws EXPORT_OPTION. */
  create(attributes: Readonly<Record<string, string>>, context: ExporterContext): Exporter;
}
