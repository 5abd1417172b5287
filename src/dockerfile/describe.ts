// SPDX-License-Identifier: Apache-2.0
// What a Dockerfile offers to someone who wants to build it: its targets, and the arguments, secrets and agents that a target
// uses. Data for --call=targets and --call=outline; printing is cli's.

import type { SourceRange } from "../base/index.js";
import { expandWord, scopeOf } from "./expand/expand.js";
import { optional } from "./flags.js";
import { resolveMount } from "./mounts/resolve.js";
import type { ArgInstruction, Dockerfile, RunInstruction, Scope, Stage } from "./types.js";

/** One stage, for --call=targets. `base` and `platform` are unexpanded. */
export interface TargetDescription {
  readonly name?: string;
  readonly description?: string;
  readonly default: boolean;
  readonly base: string;
  readonly platform?: string;
  readonly range: SourceRange;
}

/** The stages in order; the last is the default. */
export function describeTargets(dockerfile: Dockerfile): readonly TargetDescription[] {
  const last = dockerfile.stages.length - 1;
  return dockerfile.stages.map(({ index, name, description, from }) => ({
    ...optional("name", name),
    ...optional("description", description),
    default: index === last,
    base: from.image.text,
    ...optional("platform", from.platform?.text),
    range: from.range,
  }));
}

export interface ArgDescription {
  readonly name: string;
  /** The default, or the build argument's value. */
  readonly value?: string;
  readonly description?: string;
  readonly range: SourceRange;
}

/** A secret or an ssh agent. */
export interface MountDescription {
  readonly id: string;
  readonly required: boolean;
  readonly range: SourceRange;
}

export interface Outline {
  readonly name?: string;
  readonly description?: string;
  readonly args: readonly ArgDescription[];
  readonly secrets: readonly MountDescription[];
  readonly ssh: readonly MountDescription[];
  /** Ids of cache mounts. */
  readonly caches: readonly MountDescription[];
}

/** The index of the stage that a name or number means, among the stages before `before`. The later of equal names wins. */
function stageIndex(dockerfile: Dockerfile, name: string, before: number): number | undefined {
  const wanted = name.toLowerCase();
  const found = dockerfile.stages.findLast(
    (stage) => stage.index < before && stage.name === wanted,
  );
  if (found !== undefined) return found.index;
  const index = /^\d{1,9}$/.test(name) ? Number(name) : -1;
  return index >= 0 && index < before ? index : undefined;
}

/** What the instructions of a stage read from elsewhere, as it is written: stages, contexts and images. */
export function sourcesOf({ instructions }: Stage): string[] {
  return instructions.flatMap((instruction) => {
    if (instruction.kind === "copy") return instruction.from?.text ?? [];
    return instruction.kind === "run"
      ? instruction.mounts.flatMap(({ from }) => from?.text ?? [])
      : [];
  });
}

/** The stage and all that it needs, as far as the text tells. */
function neededStages(dockerfile: Dockerfile, target: Stage): readonly Stage[] {
  const needed = new Set<number>();
  const open = [target.index];
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const stage = dockerfile.stages[index];
    if (stage === undefined || needed.has(index)) continue;
    needed.add(index);
    for (const name of [stage.from.image.text, ...sourcesOf(stage)]) {
      const found = stageIndex(dockerfile, name, index);
      if (found !== undefined) open.push(found);
    }
  }
  return [...needed].sort((a, b) => a - b).flatMap((index) => dockerfile.stages[index] ?? []);
}

/** Collects descriptions by name; the last one of a stage stays, and the first stage's. */
class OutlineCollector {
  readonly args = new Map<string, ArgDescription>();
  readonly mounts = {
    secret: new Map<string, MountDescription>(),
    ssh: new Map<string, MountDescription>(),
    cache: new Map<string, MountDescription>(),
  };
  readonly #dockerfile: Dockerfile;
  readonly #buildArgs: ReadonlyMap<string, string>;

  constructor(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>) {
    this.#dockerfile = dockerfile;
    this.#buildArgs = buildArgs;
  }

  /**
   * Notes the arguments of one ARG and puts their values into `values`. `outer`: the global arguments, for a bare ARG; `own`:
   * names that this stage has described.
   */
  addArgs(
    instruction: ArgInstruction,
    values: Map<string, string>,
    outer: ReadonlyMap<string, string>,
    own: Set<string>,
  ): void {
    const { source } = this.#dockerfile;
    for (const { name: word, value: text, description } of instruction.args) {
      const name = word.text;
      const given = this.#buildArgs.get(name);
      const value =
        given ??
        (text === undefined
          ? outer.get(name)
          : expandWord(text, scopeOf(values), { source }).value);
      if (value !== undefined) values.set(name, value);
      // A bare ARG that repeats a global one is described there.
      if (text === undefined && given === undefined && outer.has(name)) continue;
      if (this.args.has(name) && !own.has(name)) continue;
      own.add(name);
      this.args.set(name, {
        name,
        ...optional("value", value),
        ...optional("description", description),
        range: instruction.range,
      });
    }
  }

  addMounts(instruction: RunInstruction, scope: Scope): void {
    for (const flag of instruction.mounts) {
      const { mount } = resolveMount(flag, scope, { source: this.#dockerfile.source });
      if (mount.kind === "bind" || mount.kind === "tmpfs") continue;
      const known = this.mounts[mount.kind];
      if (known.has(mount.id)) continue;
      const required = mount.kind !== "cache" && mount.required;
      known.set(mount.id, { id: mount.id, required, range: instruction.range });
    }
  }
}

/**
 * What building `target` can be given. `buildArgs`: values in force; `platform`: those of the platform, which nobody has to give. Global
 * arguments count when a needed stage uses them. Errors: DOCKERFILE_EXPAND and DOCKERFILE_MOUNT as in a build.
 */
export function describeOutline(
  dockerfile: Dockerfile,
  target: Stage,
  buildArgs: ReadonlyMap<string, string>,
  platform: ReadonlyMap<string, string> = new Map(),
): Outline {
  const collector = new OutlineCollector(dockerfile, buildArgs);
  const globals = new Map(platform);
  const globalArgs = new OutlineCollector(dockerfile, buildArgs);
  const named = new Set<string>();
  for (const instruction of dockerfile.globalArgs)
    globalArgs.addArgs(instruction, globals, new Map(), named);

  const stages = neededStages(dockerfile, target);
  const used = new Set<string>();
  for (const { from, instructions } of stages) {
    const { source } = dockerfile;
    for (const word of [from.image, ...(from.platform === undefined ? [] : [from.platform])])
      for (const name of expandWord(word, scopeOf(globals), { source }).used) used.add(name);
    const values = new Map<string, string>();
    const described = new Set<string>();
    for (const instruction of instructions) {
      if (instruction.kind === "arg") {
        for (const { name, value } of instruction.args)
          if (value === undefined) used.add(name.text);
        collector.addArgs(instruction, values, globals, described);
      }
      if (instruction.kind === "env")
        for (const { key, value } of instruction.pairs)
          values.set(key.text, expandWord(value, scopeOf(values), { source }).value);
      if (instruction.kind === "run") collector.addMounts(instruction, scopeOf(values));
    }
  }
  // What the defaults of those are made of.
  for (const instruction of [...dockerfile.globalArgs].reverse())
    for (const { name, value } of instruction.args)
      if (value !== undefined && used.has(name.text))
        for (const other of expandWord(value, scopeOf(globals), { source: dockerfile.source }).used)
          used.add(other);
  const fromGlobals = [...globalArgs.args.values()].filter(({ name }) => used.has(name));
  const byLine = (a: { range: SourceRange }, b: { range: SourceRange }): number =>
    a.range.startLine - b.range.startLine;
  const { secret, ssh, cache } = collector.mounts;
  return {
    ...optional("name", target.name),
    ...optional("description", target.description),
    args: [...fromGlobals, ...collector.args.values()].sort(byLine),
    secrets: [...secret.values()].sort(byLine),
    ssh: [...ssh.values()].sort(byLine),
    caches: [...cache.values()].sort(byLine),
  };
}
