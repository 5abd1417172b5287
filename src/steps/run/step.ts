// SPDX-License-Identifier: Apache-2.0
// RUN: how it is keyed and run.

import {
  CleanupStack,
  defined,
  exitCodeOfSignal,
  TsbuildError,
  type Json,
} from "../../base/index.js";
import type { MountOp, RunOp } from "../../plan/index.js";
import {
  confinementParts,
  type Root,
  type RunMount,
  type RunRequest,
  type RunResult,
} from "../../sandbox/index.js";
import type { KeyParts, Result, Step, StepContext, Vertex } from "../../solve/index.js";
import { draftOn } from "../draft.js";
import { compareFiles } from "../explain-files.js";
import { snapshotOf, snapshotUsable } from "../result.js";
import type { DirectLayers, RunSettings, StepServices } from "../services.js";
import { changedMeanwhile } from "../trees.js";
import { areUnchanged, digestShown, shownFiles, type AskedFiles } from "./bind.js";
import { hostsFile } from "./hosts.js";
import { deviceEdits } from "./devices.js";
import { givenMounts, prepareMounts } from "./mounts.js";
import { withTimeLimit } from "./time-limit.js";

export function runStep(services: StepServices): Step {
  const digests = new WeakMap<Vertex, readonly string[]>();
  const asked = new WeakMap<Vertex, readonly AskedFiles[]>();
  return {
    resource: "exec",
    define: async (vertex, context) => {
      const op = vertex.op as RunOp;
      const files: AskedFiles[] = [];
      const shown = await digestShown(services, shownFiles(op), undefined, context.signal, files);
      asked.set(vertex, files);
      return {
        ...settingsParts(services, op),
        ...(await deviceParts(services, op)),
        binds: shown,
      };
    },
    content: async (vertex, inputs, context) => {
      const op = vertex.op as RunOp;
      const shown = await digestShown(services, shownFiles(op), inputs, context.signal);
      digests.set(vertex, shown);
      return {
        ...settingsParts(services, op),
        ...(await deviceParts(services, op)),
        root: snapshotOf(inputs[0]),
        binds: shown,
      };
    },
    run: async (vertex, inputs, context) => {
      const result = await run(services, vertex, inputs, context, asked.get(vertex) ?? []);
      for (const digest of digests.get(vertex) ?? []) await services.outlines.keep(digest);
      return result;
    },
    inputParts: ["root"],
    explain: (_vertex, change) => Promise.resolve(compareFiles(services.outlines, change)),
    usable: (result) => snapshotUsable(services.snapshots, result),
  };
}

/** What decides a command's outcome. Proxies, limits, secret values and the content of caches do not. */
function settingsParts({ run: settings }: StepServices, op: RunOp): KeyParts {
  const { argv, script, env, cwd, user, hostname, network, security, platform } = op;
  return {
    command: argv,
    ...defined({ script }),
    env,
    cwd,
    user,
    hostname,
    network,
    security,
    platform,
    mounts: op.mounts.map(mountParts),
    hosts: settings.noHosts ? null : settings.extraHosts.map(([name]) => name),
    ...(settings.resolvConf === undefined ? { resolver: null } : {}),
    ...(settings.mounts.length === 0 ? {} : { volumes: settings.mounts.map(volumeParts) }),
    ulimits: (settings.limits.ulimits ?? []).map(({ name, soft, hard }) => ({ name, soft, hard })),
    ...(settings.groups.length === 0 ? {} : { groups: settings.groups }),
    capabilities: { add: settings.capAdd, drop: settings.capDrop },
    noNewPrivileges: settings.confinement.noNewPrivileges,
    ...confinementParts(settings.confinement),
  };
}

/** What the command gets for its devices; how a device answers is in no key. Fails where one is missing or not allowed. */
async function deviceParts({ run: settings }: StepServices, op: RunOp): Promise<KeyParts> {
  if (op.devices === undefined && settings.devices.given.length === 0) return {};
  const { env, mounts } = await deviceEdits(settings.devices, op);
  return { devices: { env, mounts: mounts.map((mount) => ({ ...mount })) } };
}

/** Where it is, and not what is in it: whoever gives a command files of the machine answers for them. */
function volumeParts(mount: RunSettings["mounts"][number]): Json {
  const { kind, target } = mount;
  return { kind, target, readOnly: kind === "host" && mount.readOnly };
}

function mountParts(mount: MountOp): Json {
  switch (mount.kind) {
    case "bind":
      return { kind: mount.kind, target: mount.target, readOnly: mount.readOnly };
    case "cache": {
      const { kind, target, readOnly, ownerGiven, mode, uid, gid, seed } = mount;
      return {
        ...{ kind, target, readOnly },
        ...(ownerGiven ? { mode, uid, gid } : {}),
        ...(seed === undefined ? {} : { seeded: true }),
      };
    }
    case "tmpfs":
      return {
        kind: mount.kind,
        target: mount.target,
        ...defined({ size: mount.size }),
      };
    case "secret": {
      const { kind, id, target, env, mode, uid, gid } = mount;
      return {
        kind,
        id,
        ...defined({ target, env }),
        mode,
        uid,
        gid,
      };
    }
    case "ssh":
      return { kind: mount.kind, id: mount.id, target: mount.target };
  }
}

async function run(
  services: StepServices,
  vertex: Vertex,
  inputs: readonly Result[],
  context: StepContext,
  asked: readonly AskedFiles[],
): Promise<Result> {
  const op = vertex.op as RunOp;
  const { run: settings, sandbox, direct } = services;
  const layerWanted = direct?.wanted(vertex.id) !== undefined;
  await using prepared = await prepareMounts(services, vertex, inputs, context.signal);
  // Mounts show copies of the context's files, which are made by now.
  if (!(await areUnchanged(asked))) {
    context.unkeyed();
    context.warn(changedMeanwhile);
  }
  await using scratch = new CleanupStack();
  const devices = await deviceEdits(settings.devices, op);
  // The host's /dev, which an insecure step has, has its devices.
  const given = [...(await givenMounts(services, scratch)), ...devices.mounts].filter(
    (mount) => op.security !== "insecure" || mount.kind !== "device" || mount.path !== mount.target,
  );
  const mounts = inOrder([...given, ...prepared.mounts]);
  if (op.script !== undefined)
    mounts.push({
      kind: "file",
      target: `/dev/pipes/${op.script.name}`,
      bytes: Buffer.from(op.script.body),
      mode: 0o755,
      uid: 0,
      gid: 0,
    });
  const execute = async (root: Root): Promise<void> => {
    const request = {
      root,
      argv: op.argv,
      env: environment(op, settings.proxyEnv, [...devices.env, ...prepared.env]),
      cwd: op.cwd,
      user: op.user,
      hostname: op.hostname,
      ...(settings.noHosts ? {} : { hosts: hostsFile(op.hostname, settings.extraHosts) }),
      ...defined({ resolvConf: settings.resolvConf }),
      network: op.network,
      security: op.security,
      mounts,
      limits: settings.limits,
      ...defined({ shmSize: settings.shmSize }),
      confinement: settings.confinement,
      groups: settings.groups,
      capAdd: settings.capAdd,
      capDrop: settings.capDrop,
      keepMountpoints: settings.keepMountpoints,
    } as const;
    const layer = direct === undefined || !layerWanted ? {} : layerFields(direct);
    const late = (): TsbuildError => timeoutError(op, settings.timeout ?? 0);
    const result = await withTimeLimit(settings.timeout, context.signal, late, (signal) =>
      sandbox.run(
        { ...request, ...layer },
        {
          onOutput: (stream, data) => {
            context.output(stream, data);
          },
          onLargeLayer: () => {
            if (root.kind === "stack") direct?.begin(root);
          },
          signal,
        },
      ),
    );
    context.signal.throwIfAborted();
    if (result.kind !== "exited" || result.code !== 0) {
      const error = failure(op, result, services);
      await settings.onFailure?.({
        error,
        shell: op.argv[1] === "-c" ? (op.argv[0] ?? "/bin/sh") : "/bin/sh",
        run: (argv, output) =>
          sandbox.run(
            { ...request, ...onTerminal, env: ["TERM=xterm", ...request.env], argv },
            { onOutput: () => undefined, ...output },
          ),
      });
      throw error;
    }
    if (result.layer !== undefined && root.kind === "stack" && root.upper !== undefined)
      direct?.offer(root.upper, result.layer);
  };
  return await draftOn(services, snapshotOf(inputs[0]), execute, context.signal);
}

/** What is different for a command that somebody types. */
const onTerminal = { discarded: true, attach: { input: true, terminal: true } } as const;

/** A directory before what is mounted in it, whatever the order of the flags; of several at one place only the last one counts. */
function inOrder(mounts: readonly RunMount[]): RunMount[] {
  const places = new Map(mounts.map((mount) => [mount.target, mount]));
  return [...places.values()].sort(({ target: a }, { target: b }) => (a < b ? -1 : 1));
}

function layerFields({ small, clampTime }: DirectLayers): Pick<RunRequest, "layer"> {
  return { layer: { limit: small, ...defined({ clampTime }) } };
}

/** Proxies and secrets are added here, so that they are in no operation, key or history. What ENV sets wins. */
function environment(op: RunOp, proxies: readonly string[], secrets: readonly string[]): string[] {
  const named = new Set(op.env.map(nameOf));
  const hostname = `HOSTNAME=${op.hostname}`;
  const added = [hostname, ...proxies].filter((line) => !named.has(nameOf(line)));
  return [...op.env, ...added, ...secrets];
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf("="));
}

function timeoutError({ argv }: RunOp, milliseconds: number): TsbuildError {
  return new TsbuildError(
    "STEPS_RUN_TIMEOUT",
    `process "${argv.join(" ")}" was ended: it took longer than ${milliseconds / 1000} s`,
    {
      hint: "--timeout sets how long the command of one RUN may take.",
      details: { argv, timeout: milliseconds },
    },
  );
}

/** With the number that a shell gives, which is what people look for. */
function bySignal(name: string): string {
  const code = exitCodeOfSignal(name);
  return code === undefined ? `signal: ${name}` : `exit code: ${code} (${name})`;
}

function failure(op: RunOp, result: RunResult, { run: settings }: StepServices): TsbuildError {
  const command = op.argv.join(" ");
  const memory = settings.limits.memory;
  const outOfMemory =
    result.outOfMemory === true
      ? ` (out of memory${memory === undefined ? "" : `: limit ${memory} bytes`})`
      : "";
  const how = result.kind === "exited" ? `exit code: ${result.code}` : bySignal(result.signal);
  return new TsbuildError(
    "STEPS_RUN_FAILED",
    `process "${command}" did not complete successfully: ${how}${outOfMemory}`,
    {
      details: { argv: op.argv, ...result },
      ...(result.kind === "exited" && result.code === 127
        ? {
            hint: "127 means that a command was not found: is it installed in this stage, and on PATH?",
          }
        : {}),
    },
  );
}
