// SPDX-License-Identifier: Apache-2.0
// The one step of action.yml, on a runner that scripts/action.sh has made ready: builds what its inputs say, and writes its outputs.
// A step may write commands for the runner to standard output, and so could what a build prints, unless it is kept from that.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { isTsbuildError, messageOf } from "../../base/index.js";
import {
  annotationOf,
  formatAnnotation,
  type Annotation,
  type BuildWarning,
} from "./annotations.js";
import { buildOf, type ActionBuild, type RunnerEnvironment } from "./inputs.js";

const program = join(import.meta.dirname, "..", "main.js");
/** Known to this step only: ends what nothing else is to end. */
const token = `tsbuild-${randomBytes(16).toString("hex")}`;

function annotate(annotation: Annotation): void {
  process.stdout.write(formatAnnotation(annotation));
}

function variable(runner: RunnerEnvironment, name: string): string {
  const value = runner[name];
  if (value === undefined || value === "")
    throw new Error(`${name} is not set: this is a step of a runner`);
  return value;
}

/** How the build ended: its exit code, or the signal that ended it. A run that is cancelled gives us a signal, and the build ends well. */
async function build(
  runner: RunnerEnvironment,
  { args, secrets }: ActionBuild,
  metadata: string,
): Promise<number | string> {
  const others = Object.entries(runner).filter(([name]) => !name.startsWith("INPUT_"));
  const given = runner["INPUT_CACHE_DIR"] ?? "";
  const root = given === "" ? join(variable(runner, "RUNNER_TEMP"), "tsbuild") : given;
  mkdirSync(root, { recursive: true });
  process.stdout.write(`::stop-commands::${token}\n`);
  const child = spawn(
    process.execPath,
    [program, "build", "--progress=plain", `--metadata-file=${metadata}`, ...args],
    {
      stdio: "inherit",
      cwd: variable(runner, "GITHUB_WORKSPACE"),
      env: {
        ...Object.fromEntries(others),
        BUILDX_METADATA_WARNINGS: "true",
        TSBUILD_ROOT: root,
        ...secrets,
      },
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return code ?? signal ?? "unknown";
  } finally {
    // A build that was ended may have left a line without its end.
    process.stdout.write(`\n::${token}::\n`);
  }
}

/** The parts of --metadata-file that are of interest here. */
interface Metadata {
  readonly "containerimage.digest"?: string;
  readonly "containerimage.config.digest"?: string;
  readonly "buildx.build.warnings"?: readonly BuildWarning[];
}

/** What a build says of its results: nothing after `--call`. */
function readMetadata(path: string): { readonly text: string; readonly document: Metadata } {
  const text = existsSync(path) ? readFileSync(path, "utf8").trim() : "";
  return { text, document: (text === "" ? {} : JSON.parse(text)) as Metadata };
}

function tellResults(
  runner: RunnerEnvironment,
  archive: string | undefined,
  metadata: string,
): void {
  const { text, document } = readMetadata(metadata);
  const { "containerimage.digest": digest = "", "containerimage.config.digest": imageid = "" } =
    document;
  for (const warning of document["buildx.build.warnings"] ?? [])
    annotate(annotationOf(warning, runner));
  const outputs = { digest, imageid, tarball: archive ?? "", metadata: text };
  // A value of several lines cannot end its own delimiter.
  for (const [name, value] of Object.entries(outputs))
    appendFileSync(variable(runner, "GITHUB_OUTPUT"), `${name}<<${token}\n${value}\n${token}\n`);
  const summary = runner["GITHUB_STEP_SUMMARY"];
  if (summary === undefined || summary === "" || digest === "") return;
  const rows = [`| digest | \`${digest}\` |`];
  if (imageid !== "") rows.push(`| image id | \`${imageid}\` |`);
  if (archive !== undefined)
    rows.push(
      `| archive | \`${archive.replace(/[`|\n]/g, "")}\` (${statSync(archive).size} bytes) |`,
    );
  appendFileSync(summary, ["### tsbuild", "", "| | |", "| --- | --- |", ...rows, ""].join("\n"));
}

async function step(runner: RunnerEnvironment): Promise<void> {
  const wanted = buildOf(runner);
  for (const text of wanted.warnings) annotate({ kind: "warning", text });
  const scratch = mkdtempSync(join(variable(runner, "RUNNER_TEMP"), "tsbuild-action-"));
  try {
    const metadata = join(scratch, "metadata.json");
    const end = await build(runner, wanted, metadata);
    if (end !== 0) throw new Error(`the build failed (exit code ${end})`);
    tellResults(runner, wanted.archive, metadata);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  await step(process.env);
} catch (error) {
  const hint = isTsbuildError(error) && error.hint !== undefined ? `. ${error.hint}` : "";
  annotate({ kind: "error", text: `${messageOf(error)}${hint}` });
  process.exitCode = 1;
}
