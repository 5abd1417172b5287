// SPDX-License-Identifier: Apache-2.0
// The plans of one Dockerfile for several platforms as one graph. What is the same for some of them (a stage that is always
// built for the machine's own platform, a COPY onto nothing) is one vertex, and runs once.

import { defined } from "../base/index.js";
import { formatFullPlatform, type Platform } from "../oci/index.js";
import type { Graph, Vertex, VertexId } from "../solve/index.js";
import type { Plan, PlannedImage, PlannedStage } from "./types.js";

export interface PlatformPlan {
  readonly platform: Platform;
  readonly plan: Plan;
}

/** The images for all platforms, over one graph. */
export interface MergedPlan extends Pick<Plan, "graph" | "stageName"> {
  /** In the order given. */
  readonly images: readonly (Pick<Plan, "image" | "scan"> & {
    readonly platform: Platform;
    /** As in {@link Plan}. */
    readonly stages: readonly PlannedStage[];
  })[];
}

/** One vertex of the merged graph while it is gathered. */
interface Shared {
  readonly number: number;
  readonly vertex: Vertex;
  readonly inputs: readonly Shared[];
  readonly platforms: Set<string>;
}

/**
 * Merges the plans of one stage of one Dockerfile. Names of steps say the platform where only one has them; a plan for a single
 * platform keeps its names.
 */
export function mergePlans(given: readonly PlatformPlan[]): MergedPlan {
  const all = new Map<string, Shared>();
  const found = given.map(({ platform, plan }) => ({
    platform,
    plan,
    own: gather(platform, plan, all),
  }));
  const ids = new Map([...all.values()].map((shared) => [shared, idOf(shared, given.length)]));
  const images = found.map(({ platform, plan, own }) => {
    const renamed = (id: VertexId): VertexId => known(ids, known(own, id));
    const merged = (image: PlannedImage): PlannedImage => {
      const history = image.history.map((entry) =>
        entry.vertex === undefined ? entry : { ...entry, vertex: renamed(entry.vertex) },
      );
      return { ...image, head: renamed(image.head), history };
    };
    const stages = plan.stageImages.map((stage) => ({ ...stage, image: merged(stage.image) }));
    const scan = plan.scan === undefined ? {} : { scan: renamed(plan.scan) };
    return { platform, image: merged(plan.image), stages, ...scan };
  });
  const stageName = given[0]?.plan.stageName;
  return {
    graph: graphOf(ids, given.length > 1),
    images,
    ...defined({ stageName }),
  };
}

function graphOf(ids: ReadonlyMap<Shared, VertexId>, several: boolean): Graph {
  const graph = new Map<VertexId, Vertex>();
  for (const [shared, id] of ids) {
    const { step, ...vertex } = shared.vertex;
    const inputs = shared.inputs.map((input) => known(ids, input));
    graph.set(id, {
      ...vertex,
      id,
      inputs,
      ...(step === undefined
        ? {}
        : { step: { ...step, id, name: nameOf(step.name, shared, several) } }),
    });
  }
  return graph;
}

/** Adds the vertices of a plan to those of the others. Inputs come before what needs them. */
function gather(
  platform: Platform,
  plan: Plan,
  all: Map<string, Shared>,
): ReadonlyMap<VertexId, Shared> {
  const own = new Map<VertexId, Shared>();
  for (const vertex of plan.graph.values()) {
    const { id, kind, op, noCache } = vertex;
    const inputs = vertex.inputs.map((input) => known(own, input));
    const below = inputs.map(({ number }) => number);
    const signature = JSON.stringify([id, kind, op, noCache, below]);
    const shared = all.get(signature) ?? {
      number: all.size,
      vertex,
      inputs,
      platforms: new Set(),
    };
    shared.platforms.add(formatFullPlatform(platform));
    all.set(signature, shared);
    own.set(id, shared);
  }
  return own;
}

function idOf({ vertex, platforms }: Shared, total: number): VertexId {
  const [first = ""] = platforms;
  return platforms.size === total ? vertex.id : `${first} ${vertex.id}`;
}

/** `[build 2/5] RUN make` becomes `[linux/arm64 build 2/5] RUN make`. */
function nameOf(name: string, { platforms }: Shared, several: boolean): string {
  const [first = ""] = platforms;
  const own = several && platforms.size === 1 && name.startsWith("[");
  return own ? `[${first} ${name.slice(1)}` : name;
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new RangeError("a graph has the inputs of a vertex before it");
  return value;
}
