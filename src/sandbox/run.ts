// SPDX-License-Identifier: Apache-2.0
// RunRequest -> the verb `run` -> RunResult. Decides what the helper must not: which network, which capabilities, which
// control group.

import { release } from "node:os";
import { CleanupStack, defined, isTsbuildError, messageOf } from "../base/index.js";
import { stepCapabilities } from "./capabilities.js";
import { seedFields } from "./cache-seed.js";
import { openCgroup } from "./cgroup.js";
import { clampFieldOf } from "./diff.js";
import { rootFieldsOf, type Field } from "./encode.js";
import { eventNumber, eventText, type HelperEvent } from "./events.js";
import type { HeldNamespaces, NetworkLease } from "./held-namespaces.js";
import type { NetworkChooser } from "./network.js";
import type { RunServer } from "./run-server.js";
import { seccompFields } from "./seccomp-fields.js";
import { defaultConfinement, type Confinement } from "./security-options.js";
import { openSocketProxy } from "./socket-proxy.js";
import { startHelper, type HelperConfig } from "./spawn.js";
import type { RunLimits, RunMount, RunOutput, RunRequest, RunResult } from "./types.js";

/** What runs share. */
export interface RunContext {
  readonly config: HelperConfig;
  readonly server: RunServer;
  readonly networks: NetworkChooser;
  readonly namespaces: HeldNamespaces;
  readonly onNotice: (message: string) => void;
}

function ownerFields(mount: { mode?: number; uid?: number; gid?: number }): Field[] {
  const fields: Field[] = [];
  if (mount.mode !== undefined) fields.push(["mount-mode", mount.mode]);
  if (mount.uid !== undefined) fields.push(["mount-uid", mount.uid]);
  if (mount.gid !== undefined) fields.push(["mount-gid", mount.gid]);
  return fields;
}

function fileFields(target: string, bytes: Uint8Array, mode: number): Field[] {
  return [
    ["mount", "file"],
    ["mount-target", target],
    ["mount-mode", mode],
    ["mount-bytes", bytes],
  ];
}

async function mountFields(
  context: RunContext,
  mount: RunMount,
  cleanup: CleanupStack,
  signal: AbortSignal,
): Promise<Field[]> {
  const start: Field[] = [
    ["mount", mount.kind],
    ["mount-target", mount.target],
    ...(mount.keep === true ? [["mount-keep", true] satisfies Field] : []),
  ];
  switch (mount.kind) {
    case "bind":
      return [
        ...start,
        ...rootFieldsOf("mount-source", mount.source),
        ["mount-from", mount.sourcePath],
        ["mount-read-only", mount.readOnly],
      ];
    case "cache":
      return [
        ...start,
        ["mount-cache", mount.dir],
        ...(await seedFields(context.config, mount, cleanup, signal)),
        ["mount-from", mount.sourcePath],
        ["mount-read-only", mount.readOnly],
        ...ownerFields(mount),
      ];
    case "tmpfs":
      return [
        ...start,
        ...(mount.size === undefined ? [] : [["mount-size", mount.size] satisfies Field]),
        ...ownerFields(mount),
      ];
    case "file":
      return [...start, ["mount-bytes", mount.bytes], ...ownerFields(mount)];
    case "host":
      return [
        ...start,
        ["mount-path", mount.path],
        ["mount-read-only", mount.readOnly],
        ...(mount.upper === undefined
          ? []
          : rootFieldsOf("mount-source", { kind: "stack", lowers: [], upper: mount.upper })),
      ];
    case "device":
      return [...start, ["mount-path", mount.path]];
    case "socket": {
      const proxy = cleanup.use(await openSocketProxy(mount.path));
      return [...start, ["mount-path", proxy.path], ...ownerFields(mount)];
    }
  }
}

function limitFields(limits: RunLimits): Field[] {
  return (limits.ulimits ?? []).flatMap(({ name, soft, hard }): Field[] => [
    ["rlimit", name],
    ["rlimit-soft", soft],
    ["rlimit-hard", hard],
  ]);
}

function confinementFields(
  { seccomp, apparmor, systemPaths, procOptions }: Confinement = defaultConfinement,
  capabilities: readonly string[],
): Field[] {
  const { arch: architecture } = process;
  return [
    ...(typeof seccomp === "string"
      ? [["filter", seccomp] satisfies Field]
      : seccompFields(seccomp, { capabilities, architecture, kernel: release() })),
    ...(apparmor === undefined ? [] : [["apparmor", apparmor] satisfies Field]),
    ...procOptions.map((option): Field => ["proc-option", option]),
    ...systemPaths.readOnly.map((path): Field => ["read-only", path]),
    ...systemPaths.masked.map((path): Field => ["mask", path]),
  ];
}

function attachFields(attach: RunRequest["attach"]): Field[] {
  if (attach === undefined) return [];
  return [
    ["attach", true],
    ["input", attach.input],
    ["terminal", attach.terminal],
  ];
}

function layerFields(layer: RunRequest["layer"]): Field[] {
  return layer === undefined
    ? []
    : [["layer-limit", layer.limit], ...clampFieldOf(layer.clampTime)];
}

function plainFields(request: RunRequest): Field[] {
  const insecure = request.security === "insecure";
  const capabilities = insecure ? [] : stepCapabilities(request.capAdd, request.capDrop);
  return [
    ...rootFieldsOf("root", request.root),
    ...request.argv.map((arg): Field => ["arg", arg]),
    ...request.env.map((entry): Field => ["env", entry]),
    ["cwd", request.cwd],
    ["cwd-of-root", request.cwdOfRoot ?? false],
    ["user", request.user],
    ...(request.groups ?? []).map((name): Field => ["group", name]),
    ["hostname", request.hostname],
    ["insecure", insecure],
    ...capabilities.map((name): Field => ["capability", name]),
    ["no-new-privileges", request.confinement?.noNewPrivileges ?? false],
    ...(insecure ? [] : confinementFields(request.confinement, capabilities)),
    ["seal", request.discarded !== true],
    ["keep-mountpoints", request.keepMountpoints ?? false],
    ["root-read-only", request.readOnly ?? false],
    ["init", request.init ?? false],
    ...attachFields(request.attach),
    ...(request.shmSize === undefined ? [] : [["shm-size", request.shmSize] satisfies Field]),
    ...layerFields(request.layer),
    ...limitFields(request.limits),
    ...(request.hosts === undefined
      ? []
      : fileFields("/etc/hosts", Buffer.from(request.hosts), 0o644)),
    ...(request.resolvConf === undefined
      ? []
      : fileFields("/etc/resolv.conf", Buffer.from(request.resolvConf), 0o644)),
  ];
}

/** What is left to start. */
interface Prepared {
  readonly fields: readonly Field[];
  readonly attach: boolean;
  readonly layer: boolean;
}

interface Ended {
  readonly event: HelperEvent;
  readonly layer?: Uint8Array;
}

function resultOf({ event, layer }: Ended, outOfMemory: boolean): RunResult {
  const memory = outOfMemory ? { outOfMemory } : {};
  return event.event === "signaled"
    ? { kind: "signaled", signal: `SIG${eventText(event, "signal")}`, ...memory }
    : {
        kind: "exited",
        code: eventNumber(event, "code"),
        ...memory,
        ...defined({ layer }),
      };
}

async function attempt(
  context: RunContext,
  { fields, attach, layer }: Prepared,
  output: RunOutput,
  networkNamespace?: number,
): Promise<Ended> {
  const common = {
    fields,
    signal: output.signal,
    ...defined({ networkNamespace }),
  };
  if (attach) {
    const helper = startHelper(context.config, { ...common, verb: "run", attach });
    output.onStart?.((signal) => {
      helper.control?.write(Uint8Array.of(signal));
    });
    return { event: await helper.done };
  }
  const parts: Uint8Array[] = [];
  const said = new Set<string>();
  const event = await context.server.run({
    ...common,
    ...(layer ? { onLayer: (data: Uint8Array) => parts.push(data) } : {}),
    onEvent: ({ event: name }) => {
      said.add(name);
      if (name === "large") output.onLargeLayer?.();
    },
    onStdout: (data) => {
      output.onOutput("stdout", data);
    },
    onStderr: (data) => {
      output.onOutput("stderr", data);
    },
  });
  return { event, ...(said.has("layer") ? { layer: Buffer.concat(parts) } : {}) };
}

/** A network by the first program that works; undefined, with a notice, when the host's has to do. */
async function leaseNetwork(
  context: RunContext,
  signal: AbortSignal,
): Promise<NetworkLease | undefined> {
  for (;;) {
    const choice = context.networks.choose();
    if (choice.kind === "host") {
      context.onNotice(`commands share the host's network: ${choice.reason}`);
      return undefined;
    }
    try {
      return await context.namespaces.lease(choice.path, signal);
    } catch (error) {
      if (!isTsbuildError(error, "SANDBOX_NETWORK")) throw error;
      context.networks.failed(choice.path, messageOf(error));
    }
  }
}

/** Capabilities with which a step could leave a network other than it found it. */
function mayChangeNetwork(request: RunRequest): boolean {
  if (request.security === "insecure") return true;
  const granted = stepCapabilities(request.capAdd, request.capDrop);
  return granted.includes("CAP_NET_ADMIN") || granted.includes("CAP_SYS_ADMIN");
}

async function withNetwork(
  context: RunContext,
  request: RunRequest,
  fields: readonly Field[],
  output: RunOutput,
): Promise<Ended> {
  const prepared = (network: string): Prepared => ({
    fields: [...fields, ["network", network]],
    attach: request.attach !== undefined,
    layer: request.layer !== undefined,
  });
  if (request.network !== "default") return attempt(context, prepared(request.network), output);
  const lease = await leaseNetwork(context, output.signal);
  if (lease === undefined) return attempt(context, prepared("host"), output);
  let reuse = false;
  try {
    const ended = await attempt(context, prepared("held"), output, lease.fd);
    reuse = !mayChangeNetwork(request);
    return ended;
  } finally {
    lease.release(reuse);
  }
}

/** Runs a command; see Sandbox.run. */
export async function run(
  context: RunContext,
  request: RunRequest,
  output: RunOutput,
): Promise<RunResult> {
  if (request.root.kind === "stack" && request.root.upper === undefined)
    throw new TypeError("a step needs a root with an upper");
  await using cleanup = new CleanupStack();
  const fields = plainFields(request);
  for (const mount of request.mounts) {
    fields.push(...(await mountFields(context, mount, cleanup, output.signal)));
  }
  const cgroup = await openCgroup(request.limits);
  if (cgroup !== undefined) cleanup.use(cgroup);
  for (const path of cgroup?.paths ?? []) fields.push(["cgroup", path]);
  const ended = await withNetwork(context, request, fields, output);
  return resultOf(ended, cgroup?.outOfMemory() ?? false);
}
