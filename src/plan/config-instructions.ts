// SPDX-License-Identifier: Apache-2.0
// Instructions that only change the image's configuration. Each records its line of history.

import { assertNever, formatDuration } from "../base/index.js";
import { checkPorts, parsePorts, parseStopSignal, portKeys } from "../dockerfile/index.js";
import type {
  ArgInstruction,
  CmdInstruction,
  Command,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  HealthcheckInstruction,
  Instruction,
  LabelInstruction,
  OnbuildInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
} from "../dockerfile/index.js";
import type { HealthConfig } from "../oci/index.js";
import { quotedList } from "./places.js";
import type { StagePlanner } from "./stage-planner.js";

/** Instructions without a vertex. */
export type ConfigInstruction = Exclude<
  Instruction,
  { readonly kind: "run" | "copy" | "add" | "workdir" }
>;

/** Plans one of them. `globals`: values of ARGs before the first FROM and of the platform. */
export function planConfig(
  planner: StagePlanner,
  instruction: ConfigInstruction,
  globals: ReadonlyMap<string, string>,
): void {
  switch (instruction.kind) {
    case "arg":
      return planArg(planner, instruction, globals);
    case "env":
      return planEnv(planner, instruction);
    case "label":
      return planLabel(planner, instruction);
    case "cmd":
      return planCmd(planner, instruction);
    case "entrypoint":
      return planEntrypoint(planner, instruction);
    case "shell":
      planner.draft.config.Shell = instruction.argv;
      return planner.draft.note(`SHELL [${instruction.argv.join(" ")}]`);
    case "expose":
      return planExpose(planner, instruction);
    case "volume":
      return planVolume(planner, instruction);
    case "user":
      return planUser(planner, instruction);
    case "stopsignal":
      return planStopSignal(planner, instruction);
    case "healthcheck":
      return planHealthcheck(planner, instruction);
    case "maintainer":
      planner.draft.author = instruction.name;
      return planner.draft.note(`MAINTAINER ${instruction.name}`);
    case "onbuild":
      return planOnbuild(planner, instruction);
    default:
      return assertNever(instruction);
  }
}

/** The value of an ARG: --build-arg, else its default, else (without a default) the global value. */
function planArg(
  planner: StagePlanner,
  instruction: ArgInstruction,
  globals: ReadonlyMap<string, string>,
): void {
  const { draft } = planner;
  const { buildArgs } = planner.services.options;
  const shown: string[] = [];
  for (const arg of instruction.args) {
    const name = planner.expand(arg.name);
    const given = buildArgs.get(name);
    const value =
      given ?? (arg.value === undefined ? globals.get(name) : planner.expand(arg.value));
    draft.variables.setArg(name, value);
    shown.push(value === undefined ? name : `${name}=${value}`);
  }
  draft.note(`ARG ${shown.join(" ")}`);
}

/** All values are expanded with what was in force before the instruction. */
function planEnv(planner: StagePlanner, { pairs, range }: EnvInstruction): void {
  const values = expandPairs(planner, pairs);
  for (const [key, value] of values) {
    if (key === "") planner.fail("PLAN_BAD_VALUE", "ENV names can not be blank", range);
    planner.draft.variables.setEnv(key, value);
  }
  planner.draft.note(`ENV ${values.map(([key, value]) => `${key}=${value}`).join(" ")}`);
}

function planLabel(planner: StagePlanner, { pairs, range }: LabelInstruction): void {
  const values = expandPairs(planner, pairs);
  if (values.some(([key]) => key === ""))
    planner.fail("PLAN_BAD_VALUE", "LABEL names can not be blank", range);
  const { draft } = planner;
  for (const [key, value] of values) draft.labels.set(key, value);
  draft.note(`LABEL ${values.map(([key, value]) => `${key}=${value}`).join(" ")}`);
}

function expandPairs(planner: StagePlanner, pairs: EnvInstruction["pairs"]): [string, string][] {
  return pairs.map(({ key, value }) => [planner.expand(key), planner.expand(value)]);
}

function commandLine(planner: StagePlanner, command: Command): readonly string[] {
  return command.form === "exec" ? command.argv : [...planner.draft.shell, command.line];
}

function planCmd(planner: StagePlanner, { command }: CmdInstruction): void {
  const { draft } = planner;
  const argv = commandLine(planner, command);
  draft.config.Cmd = argv;
  draft.config.ArgsEscaped = true;
  draft.cmdGiven = true;
  draft.note(`CMD ${quotedList(argv)}`);
}

/** A new entry point makes an inherited CMD meaningless: it was meant for another program. */
function planEntrypoint(planner: StagePlanner, { command }: EntrypointInstruction): void {
  const { draft } = planner;
  const argv = commandLine(planner, command);
  draft.config.Entrypoint = argv;
  if (!draft.cmdGiven) delete draft.config.Cmd;
  draft.note(`ENTRYPOINT ${quotedList(argv)}`);
}

function planExpose(planner: StagePlanner, instruction: ExposeInstruction): void {
  const { draft, services } = planner;
  // The words are ordered as written, and what a variable holds keeps its own order: so BuildKit notes them.
  const words = [...instruction.ports].sort((a, b) => (a.text < b.text ? -1 : 1));
  const values = words.flatMap((word) => planner.expandSplit(word));
  const found = parsePorts(values, planner.place(instruction.range));
  services.report(checkPorts(services.options.dockerfile, instruction, found));
  const ports = found.flatMap(portKeys);
  for (const port of ports) draft.exposedPorts.add(port);
  draft.note(`EXPOSE [${ports.join(" ")}]`);
}

function planVolume(planner: StagePlanner, { paths, range }: VolumeInstruction): void {
  const { draft } = planner;
  const values = paths.map((word) => planner.expand(word));
  if (values.includes(""))
    planner.fail("PLAN_BAD_VALUE", "VOLUME specified can not be an empty string", range);
  for (const path of values) draft.volumes.add(path);
  draft.note(`VOLUME [${values.join(" ")}]`);
}

/** A blank user, of a variable without a value, is the default one again. */
function planUser(planner: StagePlanner, { user }: UserInstruction): void {
  const { draft } = planner;
  const value = planner.expand(user);
  if (value === "") delete draft.config.User;
  else draft.config.User = value;
  draft.note(`USER ${value}`);
}

function planStopSignal(planner: StagePlanner, { signal, range }: StopsignalInstruction): void {
  const value = planner.expand(signal);
  parseStopSignal(value, planner.place(range));
  planner.draft.config.StopSignal = value;
  planner.draft.note(`STOPSIGNAL ${value}`);
}

function planHealthcheck(planner: StagePlanner, instruction: HealthcheckInstruction): void {
  const { command, interval, timeout, startPeriod, startInterval, retries } = instruction;
  const test =
    command === undefined
      ? ["NONE"]
      : command.form === "exec"
        ? ["CMD", ...command.argv]
        : ["CMD-SHELL", command.line];
  // Zero means "inherit", as Docker's configuration has it: such fields are left out.
  const check: HealthConfig = {
    Test: test,
    ...positive("Interval", interval),
    ...positive("Timeout", timeout),
    ...positive("StartPeriod", startPeriod),
    ...positive("StartInterval", startInterval),
    ...positive("Retries", retries),
  };
  planner.draft.config.Healthcheck = check;
  const { Interval, Timeout, StartPeriod, StartInterval, Retries = 0 } = check;
  const times = { Interval, Timeout, StartPeriod, StartInterval };
  const shown = Object.entries(times).map(([name, time = 0]) => `${name}:${formatDuration(time)}`);
  planner.draft.note(
    `HEALTHCHECK {Test:[${test.join(" ")}] ${shown.join(" ")} Retries:${Retries}}`,
  );
}

function positive(name: string, value: number | undefined): Record<string, number> {
  return value === undefined || value === 0 ? {} : { [name]: value };
}

function planOnbuild(planner: StagePlanner, { trigger }: OnbuildInstruction): void {
  // No line of history: the trigger belongs to the images built on this one.
  const { config, triggers } = planner.draft;
  triggers.push(trigger);
  config.OnBuild = triggers;
}
