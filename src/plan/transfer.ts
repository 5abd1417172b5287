// SPDX-License-Identifier: Apache-2.0
// COPY and ADD: from typed instructions to one operation. Which files a pattern means is found out when it runs.

import { TsbuildError, defined, withoutCredentials } from "../base/index.js";
import { checkIgnored, parseMode } from "../dockerfile/index.js";
import type { AddInstruction, CopyInstruction, Word } from "../dockerfile/index.js";
import { isDigest } from "../oci/index.js";
import type { VertexId } from "../solve/index.js";
import { sourceKind, withSlashes, writtenAsDirectory } from "./places.js";
import { InputList, type StagePlanner } from "./stage-planner.js";
import type { CopyOp, CopySource, GitOp, HttpOp, RemoteSource, SourceRef } from "./types.js";

export async function planTransfer(
  planner: StagePlanner,
  instruction: CopyInstruction | AddInstruction,
): Promise<void> {
  const { draft } = planner;
  const command = instruction.kind === "copy" ? "COPY" : "ADD";
  const inputs = new InputList();
  const texts = instruction.sources.map((word) => planner.expand(word));
  const sources: CopySource[] = [];
  const tree =
    instruction.kind === "copy" && instruction.from !== undefined
      ? await planner.services.findSource(
          instruction.from.text,
          planner.stage,
          planner.place(instruction.range),
        )
      : { context: "" };
  const pathsFrom = (): SourceRef => inputs.refer(tree);

  for (const [i, text] of texts.entries()) {
    const kind = sourceKind(text);
    if (instruction.kind === "copy") {
      if (kind !== "path" && instruction.from === undefined)
        planner.fail(
          "PLAN_BAD_SOURCE",
          `source can't be a ${kind === "git" ? "git ref" : "URL"} for COPY`,
          wordRange(instruction, i),
          "Use ADD for remote sources.",
        );
      if (instruction.from === undefined) reportIgnored(planner, instruction, text);
      sources.push({ kind: "path", root: pathsFrom(), pattern: text });
    } else {
      sources.push(
        kind === "path"
          ? localSource(planner, instruction, text, pathsFrom)
          : remoteSource(planner, instruction, text, kind, inputs),
      );
    }
  }
  for (const heredoc of instruction.heredocs)
    sources.push({ kind: "inline", name: heredoc.name, text: planner.expandHeredoc(heredoc) });

  const written = withSlashes(planner.expand(instruction.destination), draft.platform);
  const chown = flagValue(planner, instruction.chown);
  const chmod = flagValue(planner, instruction.chmod);
  if (chmod !== undefined) parseMode(chmod, planner.place(instruction.range));
  const op: CopyOp = {
    command,
    sources,
    destination: draft.placeOf(written),
    directory: writtenAsDirectory(written),
    ...defined({ chown, chmod }),
    link: instruction.link,
    parents: instruction.kind === "copy" && instruction.parents,
    // Not expanded: `*$py.class` means what it says.
    exclude: instruction.exclude.map(({ text }) => text),
    unpack: unpacking(instruction),
    keepOwners: "vertex" in tree,
  };
  const vertex = planner.add("copy", inputs.vertices, op, instruction);
  const flags = [
    instruction.kind === "copy" && instruction.parents ? " --parents" : "",
    chown === undefined ? "" : ` --chown=${chown}`,
    chmod === undefined ? "" : ` --chmod=${chmod}`,
  ].join("");
  // The history goes wherever the image goes: no password of a URL may be in it (CVE-2023-26054).
  const shown = [
    ...texts.map(withoutCredentials),
    ...instruction.heredocs.map(({ name }) => `<<${name}`),
    written,
  ];
  draft.advance(vertex, `${command}${flags} ${shown.join(" ")} # buildkit`);
}

/** The expanded value of a flag. A blank one, of a variable without a value, is as good as none. */
function flagValue(planner: StagePlanner, word: Word | undefined): string | undefined {
  const value = word === undefined ? "" : planner.expand(word);
  return value === "" ? undefined : value;
}

function wordRange(instruction: CopyInstruction | AddInstruction, index: number): Word["range"] {
  return instruction.sources[index]?.range ?? instruction.range;
}

function unpacking(instruction: CopyInstruction | AddInstruction): CopyOp["unpack"] {
  if (instruction.kind === "copy" || instruction.unpack === false) return "none";
  return instruction.unpack === true ? "all" : "local";
}

function localSource(
  planner: StagePlanner,
  instruction: AddInstruction,
  text: string,
  root: () => SourceRef,
): CopySource {
  if (flagValue(planner, instruction.checksum) !== undefined)
    planner.fail("PLAN_BAD_SOURCE", "checksum requires HTTP(S) or Git sources", instruction.range);
  if (instruction.keepGitDir === true)
    planner.fail("PLAN_BAD_SOURCE", "--keep-git-dir is for git sources only", instruction.range);
  reportIgnored(planner, instruction, text);
  return { kind: "path", root: root(), pattern: text };
}

/** A source by its plain name that the ignore file leaves out is rarely meant. */
function reportIgnored(
  planner: StagePlanner,
  instruction: CopyInstruction | AddInstruction,
  text: string,
): void {
  const { dockerfile, ignored } = planner.services.options;
  if (ignored !== undefined && !/[*?[]/.test(text))
    planner.services.report(checkIgnored(dockerfile, instruction, text, ignored));
}

/** A download or a checkout is a vertex of its own, shared by all instructions that want the same. */
function remoteSource(
  planner: StagePlanner,
  instruction: AddInstruction,
  url: string,
  kind: "http" | "git",
  inputs: InputList,
): CopySource {
  const checksum = checksumOf(planner, instruction, kind);
  const found = allowedSource(planner, instruction, kind, {
    url,
    ...defined({ checksum }),
  });
  const shown = {
    stage: planner.stage,
    text: `ADD ${withoutCredentials(url)}`,
    place: planner.place(instruction.range),
    apart: true,
  } as const;
  const add = (op: HttpOp | GitOp): VertexId => planner.services.addVertex(kind, [], op, shown);
  if (kind === "git") {
    const vertex = add({ ...found, keepGitDir: instruction.keepGitDir ?? false });
    return { kind: "path", root: inputs.refer({ vertex }), pattern: "/" };
  }
  if (instruction.keepGitDir === true)
    planner.fail("PLAN_BAD_SOURCE", "--keep-git-dir is for git sources only", instruction.range);
  return { kind: "download", root: inputs.refer({ vertex: add(found) }) };
}

/** What a download or a checkout must be; looked at before anything is fetched. */
function checksumOf(
  planner: StagePlanner,
  { checksum, sources, range }: AddInstruction,
  kind: "http" | "git",
): string | undefined {
  const value = flagValue(planner, checksum);
  if (value === undefined) return undefined;
  if (sources.length !== 1)
    planner.fail("PLAN_BAD_SOURCE", "checksum can't be specified for multiple sources", range);
  const at = checksum?.range ?? range;
  if (kind === "http" && !isDigest(value))
    planner.fail("PLAN_BAD_VALUE", `invalid checksum "${value}" for a download`, at, digestForm);
  if (kind === "git" && !/^[0-9a-f]+$/.test(value))
    planner.fail("PLAN_BAD_VALUE", `invalid checksum "${value}" for a repository`, at, commitForm);
  return value;
}

const digestForm = "It is sha256: and 64, or sha512: and 128 lower-case hexadecimal digits.";
const commitForm = "It is that of a commit: lower-case hexadecimal digits.";

function allowedSource(
  planner: StagePlanner,
  instruction: AddInstruction,
  kind: "http" | "git",
  source: RemoteSource,
): RemoteSource {
  try {
    return planner.services.options.environment.remoteSource?.(kind, source) ?? source;
  } catch (error) {
    throw error instanceof TsbuildError ? error.at(planner.place(instruction.range)) : error;
  }
}
