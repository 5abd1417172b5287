// SPDX-License-Identifier: Apache-2.0
// SLSA's provenance, in the form that BuildKit gives its fields, which is what tools that read attestations of images expect.
// Pure: facts in, JSON out.

import { defined } from "../../base/index.js";
import type { Json } from "../../base/index.js";
import type { ProvenanceWish } from "./wish.js";

/** Something from elsewhere that the build used. */
export interface Material {
  readonly uri: string;
  /** Hex, by algorithm. */
  readonly digest: Readonly<Record<string, string>>;
}

/** A secret or an agent by its id; an optional one may have been missing. */
export interface Credential {
  readonly id: string;
  readonly optional: boolean;
}

/** What is known of a build. Texts hold no secrets. */
export interface BuildFacts {
  /** Random, the same for all platforms of a build. */
  readonly invocationId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly builderPlatform: string;
  /** The context, where it came from elsewhere. */
  readonly context?: { readonly uri: string; readonly digest?: Material["digest"] };
  /** The Dockerfile. */
  readonly path: string;
  readonly arguments: ReadonlyMap<string, string>;
  readonly labels: Readonly<Record<string, string>>;
  /** Further options, in BuildKit's names. */
  readonly options: Readonly<Record<string, string>>;
  /** What commands can be given. */
  readonly secrets: readonly Credential[];
  readonly agents: readonly Credential[];
  readonly materials: readonly Material[];
  /** Names of contexts that are directories or archives of the user's: nobody else can have them. */
  readonly locals: readonly string[];
  /** Some command could reach a network. */
  readonly network: boolean;
  readonly steps: readonly Json[];
}

/** What tells one build from another. */
export type Invocation = Pick<BuildFacts, "invocationId" | "startedAt">;

export const predicateTypes: Readonly<Record<ProvenanceWish["version"], string>> = {
  v1: "https://slsa.dev/provenance/v1",
  "v0.2": "https://slsa.dev/provenance/v0.2",
};

const buildTypes: Readonly<Record<ProvenanceWish["version"], string>> = {
  v1: "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md",
  "v0.2": "https://mobyproject.org/buildkit@v1",
};

/** The predicate of a provenance statement. */
export function predicateOf(facts: BuildFacts, wish: ProvenanceWish): Json {
  return wish.version === "v1" ? predicateV1(facts, wish) : predicateV02(facts, wish);
}

function predicateV1(facts: BuildFacts, wish: ProvenanceWish): Json {
  const { context, path, materials } = facts;
  return {
    buildDefinition: {
      buildType: buildTypes.v1,
      externalParameters: {
        configSource: { ...sourceOf(context), path },
        request: parametersOf(facts, wish),
      },
      internalParameters: {
        builderPlatform: facts.builderPlatform,
        ...(wish.mode === "max" ? { buildConfig: { steps: facts.steps } } : {}),
      },
      resolvedDependencies: materials.map(toJson),
    },
    runDetails: {
      builder: { id: wish.builderId },
      metadata: {
        invocationID: facts.invocationId,
        startedOn: time(facts.startedAt),
        finishedOn: time(facts.finishedAt),
        buildkit_hermetic: isHermetic(facts),
        buildkit_completeness: {
          request: isComplete(facts, wish),
          resolvedDependencies: facts.locals.length === 0,
        },
        buildkit_reproducible: wish.reproducible,
      },
    },
  };
}

/** Of version 0.2. */
export function predicateV02(
  facts: BuildFacts,
  wish: Omit<ProvenanceWish, "version">,
): Readonly<Record<string, Json>> {
  return {
    builder: { id: wish.builderId },
    buildType: buildTypes["v0.2"],
    materials: facts.materials.map(toJson),
    invocation: {
      configSource: { ...sourceOf(facts.context), entryPoint: facts.path },
      parameters: parametersOf(facts, wish),
      environment: { platform: facts.builderPlatform },
    },
    ...(wish.mode === "max" ? { buildConfig: { steps: facts.steps } } : {}),
    metadata: {
      buildInvocationID: facts.invocationId,
      buildStartedOn: time(facts.startedAt),
      buildFinishedOn: time(facts.finishedAt),
      completeness: {
        parameters: isComplete(facts, wish),
        environment: true,
        materials: facts.locals.length === 0,
      },
      reproducible: wish.reproducible,
      "https://mobyproject.org/buildkit@v1#hermetic": isHermetic(facts),
    },
  };
}

function toJson({ uri, digest }: Material): Json {
  return { uri, digest };
}

function sourceOf(context: BuildFacts["context"]): { readonly [key: string]: Json } {
  if (context === undefined) return {};
  const { uri, digest } = context;
  return { uri, ...defined({ digest }) };
}

function parametersOf(facts: BuildFacts, { mode }: Pick<ProvenanceWish, "mode">): Json {
  const named = (prefix: string, entries: Iterable<readonly [string, string]>) =>
    [...entries].map(([name, value]) => [`${prefix}:${name}`, value] as const);
  const told =
    mode === "min"
      ? []
      : [...named("build-arg", facts.arguments), ...named("label", Object.entries(facts.labels))];
  const ids = (list: readonly Credential[]): Json =>
    list.map(({ id, optional }) => ({ id, optional }));
  return {
    frontend: "dockerfile.v0",
    args: { ...facts.options, ...Object.fromEntries(told) },
    ...(facts.locals.length === 0 ? {} : { locals: facts.locals.map((name) => ({ name })) }),
    ...(mode === "max" && facts.secrets.length > 0 ? { secrets: ids(facts.secrets) } : {}),
    ...(mode === "max" && facts.agents.length > 0 ? { ssh: ids(facts.agents) } : {}),
  };
}

/** All that was asked for is told. */
function isComplete(facts: BuildFacts, { mode }: Pick<ProvenanceWish, "mode">): boolean {
  return mode === "max" || (facts.arguments.size === 0 && Object.keys(facts.labels).length === 0);
}

function isHermetic({ network, locals }: BuildFacts): boolean {
  return !network && locals.length === 0;
}

function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
