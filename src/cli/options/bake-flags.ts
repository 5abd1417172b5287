// SPDX-License-Identifier: Apache-2.0
// The flags of `tsbuild bake`, spelled as docker buildx spells them.

import { Option, type Command } from "commander";
import type { ProgressKind } from "../progress/create.js";
import { list } from "./list.js";
import { progressOption } from "./build-flags.js";

/** What commander hands over, by flag. */
export interface BakeFlags {
  readonly file: readonly string[];
  readonly set: readonly string[];
  readonly var: readonly string[];
  readonly allow: readonly string[];
  readonly print?: boolean;
  readonly list?: string;
  readonly call?: string;
  readonly check?: boolean;
  readonly push?: boolean;
  readonly load?: boolean;
  readonly cache: boolean;
  readonly pull?: boolean | string;
  readonly provenance?: string;
  readonly sbom?: string;
  readonly metadataFile?: string;
  readonly progress: ProgressKind;
}

/** Adds all of them to a command. */
export function addBakeFlags(command: Command): Command {
  const options: readonly Option[] = [
    list(
      "-f, --file <path>",
      "file of build targets (repeatable; default: docker-bake.hcl, compose.yaml ...)",
    ),
    list(
      "--set <target.key=value>",
      "change a target: its pattern and key, such as *.platform=linux/arm64, app.args.A=1",
    ),
    list("--var <name=value>", "set a variable of the files"),
    new Option("--print", "print what would be built, as JSON, and build nothing"),
    new Option(
      "--list <what>",
      "list targets or variables (type=targets,format=json), and build nothing",
    ),
    new Option("--push", "push the images of all targets"),
    new Option("--load", "load the images of all targets into the local engine"),
    new Option("--no-cache", "run every step again"),
    new Option("--pull", "ask registries for base images even when the store has them"),
    new Option("--provenance <mode>", "attest how images were built, for all targets"),
    new Option("--sbom <mode>", "attest what images consist of, for all targets"),
    list(
      "--allow <what>",
      "grant fs=PATH, fs.read=PATH, fs.write=PATH, ssh, network.host, security.insecure, device",
    ),
    new Option("--check", "check the Dockerfiles and build nothing"),
    new Option("--call <what>", "check, outline or targets instead of builds (with ,format=json)"),
    new Option("--metadata-file <path>", "write the results' metadata as JSON to this file"),
    progressOption(),
    new Option("--builder <name>", "there are no builders").hideHelp(),
    new Option("-D, --debug", "show the causes of errors"),
  ];
  for (const option of options) command.addOption(option);
  return command;
}
