// SPDX-License-Identifier: Apache-2.0
// `tsbuild bake`: targets of files, to be built, printed, listed or checked.

import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import {
  attestationOf,
  formatList,
  formatPrint,
  isRemote,
  parseListChoice,
  readBake,
  type BakeFile,
  type BakeTarget,
  type Resolved,
} from "../../bake/index.js";
import { defined, parseBoolean, printableJson, printableLine } from "../../base/index.js";
import { describe } from "../../build.js";
import { localPlatform } from "../../build/platform.js";
import { standardFunctions } from "../../hcl/index.js";
import { buildTargets, linksOf, requestOfTarget, type Targets } from "../bake/build-targets.js";
import { readFiles, readFurtherFile } from "../bake/files.js";
import { missingGrants, noWishes, refuseMissing, type Wishes } from "../bake/grants.js";
import { wishesOf } from "../bake/wishes.js";
import { withInterruption } from "../interruption.js";
import type { BakeFlags } from "../options/bake-flags.js";
import { given as filled, usageError } from "../options/values.js";
import { createProgress } from "../progress/create.js";
import { summary } from "./build.js";
import { describeCommand, exitCodeOf, parseCall, type Call } from "./describe.js";
import { describeJson } from "./describe-json.js";
import { metadataOf, recordWanted, recordWarnings } from "./metadata.js";
import { writeResultFile } from "./result-files.js";

/** What flags say of all targets, as overrides. */
function overridesOf(flags: BakeFlags, call: Call | undefined): string[] {
  const attestation = (type: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`*.attest=${attestationOf(type, value)}`];
  return [
    ...flags.set,
    ...(flags.push === true ? ["*.push=true"] : []),
    ...(flags.load === true ? ["*.load=true"] : []),
    ...(call === undefined ? [] : [`*.call=${call.call}`]),
    ...(flags.cache ? [] : ["*.no-cache=true"]),
    ...(flags.pull === undefined
      ? []
      : [`*.pull=${flags.pull === true ? "true" : String(flags.pull)}`]),
    ...attestation("sbom", flags.sbom),
    ...attestation("provenance", flags.provenance),
  ];
}

function variablesOf(texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    texts.map((text) => {
      const [name = "", value] = text.split(/=(.*)/s);
      if (name === "" || value === undefined)
        throw usageError("--var", text, "expected NAME=VALUE");
      return [name, value];
    }),
  );
}

interface Arguments {
  /** Where the files of targets are; undefined: here. */
  readonly url: string | undefined;
  /** BAKE_CMD_CONTEXT. */
  readonly commandContext: string | undefined;
  readonly names: readonly string[];
}

/** URLs come before the names of targets. Errors: CLI_USAGE. */
function parseArguments(given: readonly string[]): Arguments {
  const count = given.findIndex((text) => !isRemote(text));
  const urls = count < 0 ? given : given.slice(0, count);
  const [url, commandContext, third] = urls;
  const names = given.slice(urls.length);
  const odd = third ?? names.find(isRemote);
  if (odd !== undefined) throw usageError("URL", odd, "expected the name of a target");
  return { url, commandContext, names };
}

/** Whether targets have to be granted what they read and write beyond the current directory. */
function limitsFiles(url: string | undefined, env: NodeJS.ProcessEnv): boolean {
  if (parseBoolean(env["BUILDX_BAKE_ENTITLEMENTS_FS"] ?? "") === false) return false;
  return url === undefined || parseBoolean(env["BAKE_ALLOW_REMOTE_FS_ACCESS"] ?? "") !== true;
}

/** The files, and the repository that they came from. */
async function readDefinition(
  url: string | undefined,
  flags: BakeFlags,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly files: readonly BakeFile[]; readonly repository: string | undefined }> {
  if (url === undefined) return { files: await readFiles(flags.file, env), repository: undefined };
  const { readRepository } = await import("../bake/repository.js");
  let repository: string | undefined;
  const files = await readFiles(flags.file, env, async (names) => {
    const found = await withInterruption((signal) => readRepository(url, names, env, signal));
    repository = found.url;
    return found.files;
  });
  return { files, repository };
}

/** Gives the exit code. */
export async function bakeCommand(given: readonly string[], flags: BakeFlags): Promise<number> {
  const { env } = process;
  const call = parseCall(flags.call, flags.check);
  const { url, commandContext, names } = parseArguments(given);
  if (flags.print === true && flags.list !== undefined)
    throw usageError("--list", flags.list, "not together with --print");
  const files = limitsFiles(url, env);
  const check = (wishes: Wishes): void => {
    refuseMissing(missingGrants(wishes, flags.allow, process.cwd(), files));
  };
  const definition = await readDefinition(url, flags, env);
  const { repository } = definition;
  const bake = readBake(definition.files, {
    env,
    ...defined({ commandContext, repository }),
    vars: variablesOf(flags.var),
    localPlatform: localPlatform(),
    functions: standardFunctions({ home: homedir(), now: () => new Date(), random: randomBytes }),
    home: homedir(),
    relativeToFiles: parseBoolean(env["BUILDX_BAKE_FILE_RELATIVE_PATHS"] ?? "") === true,
    readFile: (path) =>
      readFurtherFile(path, () => {
        check({ ...noWishes, reads: [path] });
      }),
  });
  for (const { message, location } of bake.warnings) {
    const where = location === undefined ? "" : `${location.file}:${location.range.startLine}: `;
    process.stderr.write(printableLine(`WARNING: ${where}${message}`) + "\n");
  }
  if (flags.list !== undefined) {
    process.stdout.write(formatList(bake, parseListChoice(flags.list)));
    return 0;
  }
  const resolved = bake.resolve(names, overridesOf(flags, call));
  const { targets } = resolved;
  if (flags.print === true) {
    process.stdout.write(`${formatPrint(resolved)}\n`);
    return 0;
  }
  check(wishesOf(targets.values()));
  return call === undefined
    ? build(targets, flags, (target) => {
        check(wishesOf([target]));
      })
    : describeAll(resolved, call);
}

async function build(
  targets: Targets,
  flags: BakeFlags,
  check: (target: BakeTarget) => void,
): Promise<number> {
  const progress = createProgress(flags.progress);
  const metadataFile = filled(flags.metadataFile);
  const record = recordWanted(metadataFile, process.env);
  const warned = recordWarnings();
  let results: Awaited<ReturnType<typeof buildTargets>>;
  try {
    results = await withInterruption((signal) =>
      buildTargets(targets, { events: progress.sink, note: warned.note, check, record }, signal),
    );
  } finally {
    progress.close();
  }
  if (metadataFile !== undefined) {
    const metadata = Object.fromEntries(
      [...results].map(([name, result]) => [name, metadataOf(result)]),
    );
    await writeResultFile(
      "--metadata-file",
      metadataFile,
      JSON.stringify({ ...metadata, ...warned.metadata(process.env) }, null, 2) + "\n",
    );
  }
  if (!["quiet", "none"].includes(flags.progress))
    for (const [name, result] of results)
      process.stderr.write(`${name}\n${summary(result).replace(/^/gm, "  ").trimEnd()}\n`);
  return 0;
}

/** The answer for each target that was asked for: after its name, or together as JSON. */
async function describeAll(resolved: Resolved, call: Call): Promise<number> {
  const targets = [...resolved.targets.values()];
  // Nothing is built, so what a target takes from another is not there.
  const stand = new Map(targets.flatMap(linksOf).map((name) => [name, "scratch"]));
  const asked = targets.filter(({ linked }) => !linked);
  return withInterruption(async (signal) => {
    const codes: number[] = [];
    const document = JSON.parse(formatPrint(resolved)) as { target: Record<string, unknown> };
    for (const target of asked) {
      const { name, description } = target;
      const request = requestOfTarget(target, stand, () => undefined, signal);
      if (call.json && call.call !== "subrequests") {
        const found = await describe(call.call, request);
        const answer: unknown = JSON.parse(describeJson(found));
        document.target[name] = { build: document.target[name], [call.call]: answer };
        codes.push(exitCodeOf(found));
        continue;
      }
      const lines = description === undefined ? [name] : [name, description];
      const space = target === asked[0] ? "" : "\n";
      process.stdout.write(`${space}${lines.map((line) => `${printableLine(line)}\n`).join("")}\n`);
      codes.push(await describeCommand(call, request, undefined));
    }
    if (call.json) process.stdout.write(printableJson(document, 2) + "\n");
    return Math.max(...codes, 0);
  });
}
