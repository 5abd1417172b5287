// SPDX-License-Identifier: Apache-2.0
// RUN: from a typed instruction to an operation. What stays out of keys and history is decided in steps/run.

import { assertNever, defined } from "../base/index.js";
import { resolveMount } from "../dockerfile/index.js";
import type { Mount, MountFlag, RunInstruction } from "../dockerfile/index.js";
import { formatPlatform } from "../oci/index.js";
import { InputList, type StagePlanner } from "./stage-planner.js";
import type { MountOp, RunOp, SourceRef } from "./types.js";

/** Of commands that are given none, as under BuildKit. */
export const defaultHostname = "buildkitsandbox";

export async function planRun(planner: StagePlanner, instruction: RunInstruction): Promise<void> {
  const { draft, services } = planner;
  const { options } = services;
  const { command, devices, security } = instruction;
  // RUN --network=default means what the build's --network says.
  const network = instruction.network === "default" ? options.network : instruction.network;
  if (network === "host") demand(planner, "network.host", "--network=host", instruction);
  if (security === "insecure")
    demand(planner, "security.insecure", "--security=insecure", instruction);

  const inputs = new InputList();
  const mounts: MountOp[] = [];
  for (const [index, flag] of instruction.mounts.entries())
    mounts.push(await planMount(planner, flag, index, inputs));

  const argv =
    command.form === "exec"
      ? command.argv
      : command.form === "shell"
        ? [...draft.shell, command.line]
        : [`/dev/pipes/${command.name}`];
  const env = draft.variables.runEnv();
  planner.countEnv(env);
  const op: RunOp = {
    argv,
    ...(command.form === "script" ? { script: { name: command.name, body: command.body } } : {}),
    env,
    cwd: draft.workdir,
    user: draft.user,
    hostname: options.hostname ?? defaultHostname,
    network,
    security,
    mounts,
    ...(devices.length === 0
      ? {}
      : {
          devices: devices.map(({ name, required }) => ({ name: planner.expand(name), required })),
        }),
    platform: formatPlatform(draft.platform),
  };
  const shown = command.form === "script" ? [...draft.shell, ...argv] : argv;
  const vertex = planner.add("run", inputs.vertices, op, instruction);
  draft.advance(vertex, `RUN ${draft.variables.historyArgs()}${shown.join(" ")} # buildkit`);
}

function demand(
  planner: StagePlanner,
  entitlement: string,
  flag: string,
  { range }: RunInstruction,
): void {
  if (planner.services.options.allow.includes(entitlement)) return;
  planner.fail(
    "PLAN_NOT_ALLOWED",
    `RUN ${flag}: entitlement ${entitlement} is not allowed`,
    range,
    `Add --allow ${entitlement} if you trust this Dockerfile.`,
  );
}

async function planMount(
  planner: StagePlanner,
  flag: MountFlag,
  index: number,
  inputs: InputList,
): Promise<MountOp> {
  const { variables } = planner.draft;
  const { mount, unset } = resolveMount(flag, variables, planner.expandOptions());
  const place = planner.place(flag.raw.range);
  planner.reportUnset(unset);
  const target = (path: string): string => {
    const absolute = planner.draft.placeOf(path);
    if (absolute === "/")
      planner.fail("PLAN_BAD_MOUNT", `invalid mount target "${path}"`, flag.raw.range);
    return absolute;
  };
  const from = async (name: string | undefined): Promise<SourceRef> =>
    inputs.refer(
      name === undefined
        ? { context: "" }
        : await planner.services.findSource(name, planner.stage, place),
    );
  return mountOp(mount, index, target, from);
}

async function mountOp(
  mount: Mount,
  index: number,
  target: (path: string) => string,
  from: (name: string | undefined) => Promise<SourceRef>,
): Promise<MountOp> {
  switch (mount.kind) {
    case "bind":
      return {
        kind: "bind",
        target: target(mount.target ?? "."),
        source: await from(mount.from),
        path: mount.source,
        readOnly: mount.readOnly,
      };
    case "cache": {
      const { id, sharing, readOnly, mode, uid, gid, ownerGiven, source } = mount;
      const seed = mount.from === undefined ? {} : { seed: await from(mount.from) };
      const at = target(mount.target);
      return {
        kind: "cache",
        target: at,
        id,
        sharing,
        readOnly,
        mode,
        uid,
        gid,
        ownerGiven,
        path: source,
        ...seed,
      };
    }
    case "tmpfs":
      return {
        kind: "tmpfs",
        target: target(mount.target),
        ...defined({ size: mount.size }),
      };
    case "secret": {
      const { kind, id, env, required, mode, uid, gid } = mount;
      return {
        ...{ kind, id, required, mode, uid, gid },
        ...(mount.target === undefined ? {} : { target: target(mount.target) }),
        ...defined({ env }),
      };
    }
    case "ssh": {
      const { kind, id, required, mode, uid, gid } = mount;
      return {
        ...{ kind, id, required, mode, uid, gid },
        target: target(mount.target ?? `/run/buildkit/ssh_agent.${index}`),
      };
    }
    default:
      return assertNever(mount);
  }
}
