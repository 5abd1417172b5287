// SPDX-License-Identifier: Apache-2.0
// Runs a row: every builder and every floor once a round, in turn, each with its own store, so that what else the machine does meets all.
//
// For a minute after a file was deleted, ext4 does not use its inode again, and looks at each such inode whenever it makes a new file:
// after 30,000 deleted files, making as many can take ten times as long. So nobody deletes what the next one would pay for: a builder's
// store goes before its own next run, and what floors wrote at the end of the row.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../support/runner.js";
import type { Builder, BuilderStore } from "./builders.js";
import { measure, type Measured } from "./measure.js";
import type { Floor, GrowthRow, Row, Scenario, Size } from "./scenario.js";

export interface ToolResult {
  readonly name: string;
  readonly kind: "builder" | "floor";
  readonly samples: readonly Measured[];
  /** Bytes that it wrote; 0: it writes no file. */
  readonly outputBytes: number;
  /** Why it has no samples, or fewer. */
  readonly failure?: string;
}

export interface CompareOptions {
  readonly builders: readonly Builder[];
  readonly runs: number;
  readonly size: Size;
  readonly progress: (message: string) => void;
  /** Ends what runs; everything is removed before the reason is thrown. */
  readonly signal: AbortSignal;
}

/** One competitor of a row. */
interface Tool {
  readonly name: string;
  readonly kind: ToolResult["kind"];
  readonly samples: Measured[];
  outputBytes: number;
  failure?: string;
  /** Untimed work before the first round. */
  start(): Promise<void>;
  /** One run, with the untimed work before and after it. */
  once(): Promise<Measured>;
  stop(): void;
}

/** Dirty pages of the last run would slow down the next. */
const settle = (): void => {
  execFileSync("sync");
};

/**
 * What the rows before have left in the kernel's caches: on a machine whose memory grew after its start the tables of names and inodes
 * are small, and with two million entries in them whoever makes a file waits for a search through a long list. Only root can.
 */
const emptyCaches = (): void => {
  settle();
  if (process.getuid?.() === 0) writeFileSync("/proc/sys/vm/drop_caches", "3");
};

function builderTool(
  builder: Builder,
  scenario: Scenario,
  directory: string,
  signal: AbortSignal,
): Tool {
  const output = join(directory, `${builder.name}.tar`);
  const build = { ...scenario.build, output };
  const run = async (store: BuilderStore, of = build): Promise<Measured> => {
    rmSync(output, { force: true });
    settle();
    const measured = await measure(store.command(of), signal, builder.daemons);
    tool.outputBytes = statSync(output).size;
    return measured;
  };
  /** An empty store with the base images in it. */
  const fresh = async (): Promise<BuilderStore> => {
    const store = builder.empty(directory);
    const names = Object.keys(build.bases);
    if (scenario.withoutBases === true || names.length === 0) return store;
    const context = join(directory, `${builder.name}-bases`);
    mkdirSync(context, { recursive: true });
    const stages = names.map((name, i) => `FROM ${name} AS base${i}\n`);
    const copies = names.map((_, i) => `COPY --from=base${i} /bin/sh /base${i}\n`);
    writeFileSync(
      join(context, "Dockerfile"),
      `${stages.join("")}FROM scratch\n${copies.join("")}`,
    );
    await run(store, { ...build, context });
    return store;
  };
  let store: BuilderStore | undefined;
  const tool: Tool = {
    name: builder.name,
    kind: "builder",
    samples: [],
    outputBytes: 0,
    async start() {
      if (scenario.store === "cold") return;
      store = await fresh();
      await run(store);
    },
    async once() {
      if (store === undefined || scenario.store === "cold") {
        tool.stop();
        store = await fresh();
      }
      return run(store);
    },
    stop() {
      store?.remove();
      store = undefined;
    },
  };
  return tool;
}

function floorTool(floor: Floor, scenario: Scenario, directory: string, signal: AbortSignal): Tool {
  const output = join(directory, "floor.out");
  const tool: Tool = {
    name: floor.name,
    kind: "floor",
    samples: [],
    outputBytes: 0,
    start: () => Promise.resolve(),
    async once() {
      rmSync(output, { force: true });
      // Goes with the directory of the row.
      const scratch = mkdtempSync(join(directory, "scratch-"));
      settle();
      const env = { CONTEXT: scenario.build.context, OUTPUT: output, SCRATCH: scratch };
      const measured = await measure(
        { argv: ["bash", "-e", "-o", "pipefail", "-c", floor.script], env },
        signal,
      );
      tool.outputBytes = statSync(output, { throwIfNoEntry: false })?.size ?? 0;
      return measured;
    },
    stop() {
      rmSync(output, { force: true });
    },
  };
  return tool;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Runs all rounds of one scenario. A tool that fails is out, with the reason. */
async function compete(
  scenario: Scenario,
  directory: string,
  { builders, runs, progress, signal }: CompareOptions,
): Promise<ToolResult[]> {
  const floors = (scenario.floors ?? []).filter(({ needs = [] }) => needs.every(isInstalled));
  const tools = [
    ...builders.map((builder) => builderTool(builder, scenario, directory, signal)),
    ...floors.map((floor) => floorTool(floor, scenario, directory, signal)),
  ];
  const attempt = async (tool: Tool, work: () => Promise<void>): Promise<void> => {
    if (tool.failure !== undefined) return;
    try {
      await work();
    } catch (error) {
      signal.throwIfAborted();
      tool.failure = error instanceof Error ? error.message : String(error);
      progress(`  ${tool.name} failed: ${tool.failure}`);
    }
  };
  try {
    for (const tool of tools) await attempt(tool, () => tool.start());
    for (let round = 0; round < runs; round++) {
      scenario.change?.(round);
      // Whoever comes first in one round comes last in the next.
      for (let i = 0; i < tools.length; i++) {
        const tool = tools[(i + round) % tools.length];
        if (tool === undefined) continue;
        await attempt(tool, async () => {
          const measured = await tool.once();
          tool.samples.push(measured);
          progress(`  ${tool.name} ${measured.wall.toFixed(2)} s`);
        });
      }
    }
  } finally {
    for (const tool of tools) tool.stop();
  }
  return tools.map(({ name, kind, samples, outputBytes, failure }) => ({
    name,
    kind,
    samples,
    outputBytes,
    ...(failure === undefined ? {} : { failure }),
  }));
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-bench-"));
  try {
    return await work(directory);
  } finally {
    removeTree(directory);
  }
}

/** Makes a row's inputs, runs it, removes everything. */
export async function compareRow(row: Row, options: CompareOptions): Promise<ToolResult[]> {
  const builders = options.builders.filter(
    ({ name }) => row.builders === undefined || row.builders === name,
  );
  return inDirectory(async (directory) => {
    emptyCaches();
    await using scenario = await row.prepare(directory, options.size);
    // Awaited here: the scenario ends with this block.
    return await compete(scenario, directory, { ...options, builders });
  });
}

/** The small and the large work of a growth row, with tsbuild alone. */
export async function growRow(
  row: GrowthRow,
  options: CompareOptions,
): Promise<{ readonly small: ToolResult; readonly large: ToolResult }> {
  const builders = options.builders.filter(({ name }) => name === "tsbuild");
  const one = async (prepare: Row["prepare"]): Promise<ToolResult> =>
    inDirectory(async (directory) => {
      emptyCaches();
      await using scenario = await prepare(directory, options.size);
      const results = await compete(scenario, directory, { ...options, builders });
      const result = results.find(({ kind }) => kind === "builder");
      if (result === undefined) throw new Error("tsbuild has no result");
      return result;
    });
  return { small: await one(row.small), large: await one(row.large) };
}
