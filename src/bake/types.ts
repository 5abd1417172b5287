// SPDX-License-Identifier: Apache-2.0
// What goes in (files, choices) and what comes out (groups, targets).

import type { SourceLocation } from "../base/index.js";
import type { HclFunction } from "../hcl/index.js";
import type { Attestation } from "./entries/attestation.js";
import type { CacheEntry } from "./entries/cache.js";
import type { OutputEntry } from "./entries/output.js";
import type { PolicyEntry } from "./entries/policy.js";
import type { Resources } from "./entries/resources.js";
import type { SecretEntry } from "./entries/secret.js";
import type { SshEntry } from "./entries/ssh.js";

/** A file by the name that the user gave it (`-` for standard input), with its text. */
export interface BakeFile {
  readonly name: string;
  readonly text: string;
}

export interface BakeOptions {
  /** The environment variables: overrides of variables, and what Compose files mention. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--var NAME=VALUE`, which wins over the environment. */
  readonly vars?: ReadonlyMap<string, string>;
  /** BAKE_CMD_CONTEXT; `cwd://` unless it is given. */
  readonly commandContext?: string;
  /** The URL of the repository that the files came from: paths are those in it. Absent: they are of this machine. */
  readonly repository?: string;
  /** BAKE_LOCAL_PLATFORM. */
  readonly localPlatform: string;
  /** Those of the language: `standardFunctions` of hcl. */
  readonly functions: ReadonlyMap<string, HclFunction>;
  /** What `~` means in a Compose file. */
  readonly home?: string;
  /** Paths are relative to the file that says them, not to the working directory. */
  readonly relativeToFiles?: boolean;
  /**
   * Further files that a Compose file names (`.env`, `env_file`, `include`, `extends`), by a path relative to the working
   * directory: their text, or undefined when there is none. Without this function, there is none.
   */
  readonly readFile?: (path: string) => string | undefined;
}

/** What may be said of a target. */
export interface AttributeValues {
  readonly description: string;
  readonly inherits: readonly string[];
  readonly annotations: readonly string[];
  readonly attest: readonly Attestation[];
  readonly context: string;
  readonly contexts: ReadonlyMap<string, string>;
  readonly dockerfile: string;
  readonly dockerfileInline: string;
  /** null: said to have no value, which overrides nothing. */
  readonly args: ReadonlyMap<string, string | null>;
  readonly labels: ReadonlyMap<string, string | null>;
  readonly tags: readonly string[];
  readonly cacheFrom: readonly CacheEntry[];
  readonly cacheTo: readonly CacheEntry[];
  readonly target: string;
  readonly secret: readonly SecretEntry[];
  readonly ssh: readonly SshEntry[];
  readonly platforms: readonly string[];
  readonly output: readonly OutputEntry[];
  readonly pull: boolean;
  readonly noCache: boolean;
  readonly network: string;
  readonly noCacheFilter: readonly string[];
  readonly shmSize: string;
  readonly ulimits: readonly string[];
  readonly resources: Resources;
  readonly call: string;
  readonly entitlements: readonly string[];
  readonly extraHosts: ReadonlyMap<string, string | null>;
  readonly policy: readonly PolicyEntry[];
}

/** What is said of a target. A property that is not there was not said, or said to be null. */
export type TargetAttributes = Partial<AttributeValues>;

/** A target as it is to be built: inheritance and overrides are worked in. */
export interface BakeTarget extends Omit<TargetAttributes, "inherits"> {
  readonly name: string;
  /** Nobody asked for this target: another has it as a context (`target:NAME`). */
  readonly linked: boolean;
  /** A path in its shortest form, relative to the working directory, or a URL. */
  readonly context: string;
  /** As the file says it. `inputsOf` makes a path of it. */
  readonly dockerfile: string;
  /** As in the options. */
  readonly repository?: string;
}

export interface BakeGroup {
  readonly name: string;
  readonly description?: string;
  readonly targets: readonly string[];
}

/** A variable as `--list variables` shows it. No value: null. */
export interface BakeVariable {
  readonly name: string;
  readonly description?: string;
  readonly type?: string;
  readonly value?: string;
}

/** Something that is read, but hardly meant. */
export interface BakeWarning {
  readonly message: string;
  readonly location?: SourceLocation;
}

/** A target as one or several files say it, before inheritance. */
export interface TargetDraft {
  readonly name: string;
  readonly attributes: TargetAttributes;
  /** The directories of the files that say the target, its context and its named contexts, where paths are relative to them. */
  readonly directory?: string;
  readonly contextDirectory?: string;
  readonly contextDirectories?: ReadonlyMap<string, string>;
  /** The context is that of this target, and so is its directory. */
  readonly contextOf?: string;
}

/** All that the files say. Of targets, each name stands once. */
export interface Definition {
  readonly groups: readonly BakeGroup[];
  readonly targets: readonly TargetDraft[];
}
