// SPDX-License-Identifier: Apache-2.0
// Mutates the fixtures and feeds them to the parser, the checks and the expander. Nothing but TsbuildError with a place may come
// out, and no input may take longer than its size allows.
// Run: node build/test/fuzz/dockerfile/fuzz.js [seconds] [seed]. Prints the seed; a failure prints the input.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { TsbuildError } from "#src/base/index.js";
import {
  checkDockerfile,
  describeOutline,
  describeTargets,
  expandHeredoc,
  expandWord,
  expandWords,
  formatExcerpt,
  parseDockerfile,
  parseMode,
  parseOnBuild,
  parsePorts,
  resolveMount,
  scopeOf,
  tryParseDockerfile,
} from "#src/dockerfile/index.js";
import type { Dockerfile, Instruction } from "#src/dockerfile/index.js";

/** Milliseconds that an input may take, plus so many for each KiB. Generous: only blow-ups are looked for. */
const base = 500;
const perKilobyte = 5;

const fragments: readonly string[] = [
  "FROM ",
  "RUN ",
  "COPY ",
  "ADD ",
  "ENV ",
  "ARG ",
  "ONBUILD ",
  "CMD ",
  "HEALTHCHECK ",
  "SHELL ",
  "EXPOSE ",
  "VOLUME ",
  "--mount=",
  "--from=",
  "--chmod=",
  "--exclude=",
  "--",
  "type=cache,",
  "type=secret,",
  "target=/x,",
  "id=$A",
  "\n",
  "\r\n",
  " \\\n",
  " `\n",
  "#",
  "# escape=`\n",
  "# check=skip=all\n",
  "# syntax=",
  "<<EOF",
  "<<-'E'",
  "\nEOF\n",
  "$A",
  "${A",
  "${A:-",
  "}",
  "${A//",
  "/",
  "${A#*",
  "%%",
  "?",
  "*",
  "'",
  '"',
  "\\",
  "[",
  "]",
  '["a"]',
  ",",
  "=",
  "\t",
  "\u00a0",
  "\u2028",
  "\ufeff",
  "\0",
  "안",
  "🐳",
  "\ud800",
  "0-65535",
  "u+rwX,g=u",
];

/** A small generator with a seed, so that a run can be repeated. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(
  text: string,
  corpus: readonly string[],
  random: (below: number) => number,
): string {
  let out = text;
  for (let edits = 1 + random(6); edits > 0; edits--) {
    const at = random(out.length + 1);
    const length = random(20);
    const fragment = fragments[random(fragments.length)] ?? "";
    const other = corpus[random(corpus.length)] ?? "";
    switch (random(6)) {
      case 0:
        out = out.slice(0, at) + out.slice(at + length);
        break;
      case 1:
        out = out.slice(0, at) + fragment + out.slice(at);
        break;
      case 2:
        out = out.slice(0, at) + fragment.repeat(1 + random(2000)) + out.slice(at);
        break;
      case 3:
        out = out.slice(0, at) + out.slice(at, at + length).repeat(1 + random(50)) + out.slice(at);
        break;
      case 4:
        out = out.slice(0, at) + other.slice(random(other.length + 1)) + out.slice(at);
        break;
      default:
        out = out.slice(0, at) + String.fromCharCode(random(128)) + out.slice(at + 1);
    }
  }
  return out.slice(0, 1 << 20);
}

const scope = scopeOf(
  new Map([
    ["A", "abc/def"],
    ["B", ""],
    ["X", "x".repeat(1000)],
  ]),
);

/** Runs what a planner would run; errors of this code are expected. */
function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TsbuildError) || !error.code.startsWith("DOCKERFILE_")) throw error;
    if (error.location !== undefined) formatExcerpt(error.location);
  }
}

function exerciseInstruction(dockerfile: Dockerfile, instruction: Instruction): void {
  const { source } = dockerfile;
  const options = { source };
  const location = { file: source.file, range: instruction.range, text: source.text };
  const words = JSON.stringify(instruction).length > 50_000 ? [] : wordsOf(instruction);
  for (const text of words) {
    const word = { text, range: instruction.range };
    attempt(() => expandWord(word, scope, options));
    attempt(() => parsePorts(expandWords(word, scope, options).values, location));
    attempt(() => parseMode(text, location));
  }
  if (instruction.kind === "onbuild") attempt(() => parseOnBuild(instruction.trigger, location));
  if (instruction.kind === "run")
    for (const flag of instruction.mounts) attempt(() => resolveMount(flag, scope, options));
  if ("heredocs" in instruction)
    for (const heredoc of instruction.heredocs)
      attempt(() => expandHeredoc(heredoc, scope, options));
}

/** Texts of all words of an instruction. */
function wordsOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("text" in value && typeof value.text === "string") return [value.text];
  return Object.values(value).flatMap(wordsOf);
}

function exercise(input: string): void {
  attempt(() => {
    const { dockerfile } = tryParseDockerfile(input, { file: "Dockerfile" });
    attempt(() => checkDockerfile(dockerfile));
    describeTargets(dockerfile);
    for (const stage of dockerfile.stages) {
      if (stage.index < 5) attempt(() => describeOutline(dockerfile, stage, new Map()));
      for (const instruction of stage.instructions) exerciseInstruction(dockerfile, instruction);
    }
  });
  attempt(() => parseDockerfile(Buffer.from(input, "latin1"), { file: "Dockerfile" }));
}

function corpusOf(): readonly string[] {
  const root = path.resolve(import.meta.dirname, "../../../..", "fixtures");
  return ["dockerfiles", "dockerfiles-bad"].flatMap((folder) =>
    readdirSync(path.join(root, folder)).map((name) =>
      readFileSync(path.join(root, folder, name, "Dockerfile"), "utf8"),
    ),
  );
}

const seconds = Number(process.argv[2] ?? "20");
const seed = Number(process.argv[3] ?? String(Date.now() % 1_000_000));
const random = generator(seed);
const corpus = corpusOf();
const end = performance.now() + seconds * 1000;
let runs = 0;
let slowest = 0;
while (performance.now() < end) {
  const input = mutate(corpus[random(corpus.length)] ?? "", corpus, random);
  const before = process.cpuUsage();
  try {
    exercise(input);
  } catch (error) {
    console.error(
      `seed ${seed}, run ${runs}: ${String(error instanceof Error ? error.stack : error)}\n${JSON.stringify(input.slice(0, 4000))}`,
    );
    process.exit(1);
  }
  const { user, system } = process.cpuUsage(before);
  const took = (user + system) / 1000;
  slowest = Math.max(slowest, took);
  if (took > base + (perKilobyte * input.length) / 1024) {
    console.error(
      `seed ${seed}, run ${runs}: ${took.toFixed(0)} ms for ${input.length} characters\n${JSON.stringify(input.slice(0, 4000))}`,
    );
    process.exit(1);
  }
  runs++;
}
console.log(`seed ${seed}: ${runs} inputs, the slowest took ${slowest.toFixed(0)} ms`);
