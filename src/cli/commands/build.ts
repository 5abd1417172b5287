// SPDX-License-Identifier: Apache-2.0
// `tsbuild build`: flags to a request, progress while it runs, and what is written when it is done.

import { build, type BuildResult } from "../../build.js";
import { printable, TsbuildError, type EventSink } from "../../base/index.js";
import type { BuildFlags } from "../options/build-flags.js";
import { isWithoutImage, outputsOf } from "../options/image-flags.js";
import { readsStdin, requestOf } from "../options/request.js";
import { given, usageError } from "../options/values.js";
import { debugShell } from "../debug-shell.js";
import { withInterruption } from "../interruption.js";
import { createProgress, type Progress, type ProgressKind } from "../progress/create.js";
import { openLogFile } from "../progress/log-file.js";
import { describeCommand, parseCall } from "./describe.js";
import { idOf, metadataOf, recordWanted, recordWarnings, type WarningRecord } from "./metadata.js";
import { removeStaleFile, writeResultFile } from "./result-files.js";

/** `tsbuild explain`: what a build with these flags would run, and why. */
export async function explainOnly(
  context: string | undefined,
  flags: BuildFlags,
  json: boolean,
): Promise<void> {
  const { explainCommand } = await import("./explain.js");
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  await withInterruption((signal) =>
    explainCommand(requestOf(contextOf(context), flags, warnings, signal), { json, write }),
  );
}

const warnings: EventSink = (event) => {
  if (event.kind === "warning") process.stderr.write(`WARNING: ${printable(event.message)}\n`);
};

async function explainFirst(context: string, flags: BuildFlags): Promise<void> {
  if (readsStdin(context, flags))
    throw usageError("--explain-cache", "true", "standard input can be read only once");
  const { explainCommand } = await import("./explain.js");
  const write = (text: string): void => {
    process.stderr.write(text);
  };
  await withInterruption((signal) =>
    explainCommand(requestOf(context, flags, warnings, signal), { json: false, write }),
  );
}

/** As in Buildah, a build without a context is one of the current directory. */
function contextOf(context = "."): string {
  return context;
}

/** Gives the exit code. */
export async function buildCommand(
  directory: string | undefined,
  flags: BuildFlags,
): Promise<number> {
  const context = contextOf(directory);
  const call = parseCall(given(flags.call) ?? given(flags.print), flags.check);
  const quiet = flags.quiet === true || call !== undefined;
  if (flags.explainCache === true) await explainFirst(context, flags);
  if (call === undefined) refuseWithoutImage(flags);
  const progress = progressOf(quiet ? "quiet" : flags.progress, flags.logfile);
  if (call !== undefined)
    return withInterruption((signal) =>
      describeCommand(
        call,
        requestOf(context, flags, progress.sink, signal),
        given(flags.metadataFile),
      ),
    );
  const warned = recordWarnings();
  try {
    const result = await withInterruption((signal) =>
      build({
        ...requestOf(context, flags, warned.note(progress.sink), signal),
        ...recordWanted(given(flags.metadataFile), process.env),
        ...(flags.debugShell === true ? debugShell(progress, signal) : {}),
      }),
    );
    progress.close();
    await writeResult(result, flags, warned);
    return 0;
  } catch (error) {
    progress.close();
    // A stale id of an earlier build must not be taken for this one's.
    for (const { path } of idFiles(flags)) await removeStaleFile(path);
    throw error;
  }
}

function progressOf(kind: ProgressKind, logFile: string | undefined): Progress {
  if (logFile === undefined) return createProgress(kind);
  const file = openLogFile(logFile);
  const progress = createProgress(kind === "tty" ? "plain" : kind, file);
  return {
    sink: progress.sink,
    close: () => {
      progress.close();
      file.close();
    },
  };
}

/** The files that get the image's id; `raw`: without its algorithm. */
function idFiles(flags: BuildFlags): {
  readonly flag: string;
  readonly path: string;
  readonly raw: boolean;
}[] {
  const file = given(flags.iidfile);
  const rawFile = given(flags.iidfileRaw) ?? given(flags.rawIidfile);
  return [
    ...(file === undefined ? [] : [{ flag: "--iidfile", path: file, raw: false }]),
    ...(rawFile === undefined ? [] : [{ flag: "--iidfile-raw", path: rawFile, raw: true }]),
  ];
}

/** Only an image has an id. Throws CLI_USAGE. */
function refuseWithoutImage(flags: BuildFlags): void {
  const [file] = idFiles(flags);
  const outputs = outputsOf(flags);
  if (file === undefined || outputs.length === 0 || !outputs.every(isWithoutImage)) return;
  throw new TsbuildError(
    "CLI_USAGE",
    `${file.flag} is for the id of an image, and none of the outputs is one`,
    { hint: "leave it out, or add -o type=image" },
  );
}

async function writeResult(
  result: BuildResult,
  flags: BuildFlags,
  warned: WarningRecord,
): Promise<void> {
  const id = idOf(result);
  if (id !== undefined)
    for (const { flag, path, raw } of idFiles(flags))
      await writeResultFile(flag, path, raw ? id.slice(id.indexOf(":") + 1) : id);
  const metadataFile = given(flags.metadataFile);
  if (metadataFile !== undefined)
    await writeResultFile(
      "--metadata-file",
      metadataFile,
      JSON.stringify({ ...metadataOf(result), ...warned.metadata(process.env) }, null, 2) + "\n",
    );
  const toStdout = result.outputs.some((output) => output.toStdout === true);
  const quiet = flags.quiet === true || flags.progress === "quiet";
  if (quiet && id !== undefined && !toStdout) process.stdout.write(`${id}\n`);
  if (!quiet && flags.progress !== "none") process.stderr.write(summary(result));
}

/** What was made, a line each. */
export function summary(result: BuildResult): string {
  const lines: string[] = [];
  const { images, index } = result;
  if (index !== undefined) lines.push(`index ${idOf(result) ?? ""}`);
  for (const { platform, manifest, config } of images)
    if (index !== undefined) lines.push(`manifest ${manifest.digest} ${platform}`);
    else lines.push(`manifest ${manifest.digest}`, `image id ${config.digest}`);
  for (const { name, platform, config } of result.stages)
    lines.push(`stage ${name} ${config.digest}${index === undefined ? "" : ` ${platform}`}`);
  for (const name of result.names) lines.push(`named ${name}`);
  for (const { path } of result.outputs) if (path !== undefined) lines.push(`wrote ${path}`);
  return lines.map((line) => `${line}\n`).join("");
}
