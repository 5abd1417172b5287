// SPDX-License-Identifier: Apache-2.0
// The steps of one build: rooms, contexts, credentials, and the settings of RUN that a request gives.

import { TsbuildError, assertNever, defined } from "../base/index.js";
import { planMounts, type MountRequest } from "../run/index.js";
import type { Step } from "../solve/index.js";
import { cdiDirectories, parseSecurityOptions, readDevices } from "../sandbox/index.js";
import {
  createSteps,
  type DirectLayers,
  type RunSettings,
  type StepServices,
} from "../steps/index.js";
import { cacheNamespace } from "./arguments.js";
import { epochOf } from "./epoch.js";
import { proxyEnvironment, resolvConf, resolveHosts } from "./network.js";
import type { PreparedBuild } from "./prepare.js";
import type { BuildRequest } from "./request.js";

/**
 * `direct`: how layers may be written without files, if at all. `firstContent`: of cache mounts. `definitions`: where steps are run.
 */
export function buildSteps(
  { request, rooms, trees, buildArgs, remotes }: PreparedBuild,
  direct?: DirectLayers,
  firstContent?: StepServices["firstContent"],
  definitions?: StepServices["definitions"],
): Readonly<Record<string, Step>> {
  const epoch = epochOf(buildArgs);
  return createSteps({
    ...rooms,
    contexts: trees,
    remotes,
    run: runSettings(request, buildArgs),
    ...defined({ direct, firstContent, definitions, epoch }),
  });
}

function runSettings(request: BuildRequest, buildArgs: ReadonlyMap<string, string>): RunSettings {
  return {
    extraHosts: resolveHosts(request.addHosts ?? []),
    noHosts: request.noHosts ?? false,
    mounts: planMounts(request.mounts ?? [], {}).map(mountOf),
    ...resolvConf(
      request.dns ?? { servers: [], search: [], options: [] },
      request.network === "host",
    ),
    proxyEnv: proxyEnvironment(
      buildArgs,
      request.hostProxies === false ? undefined : (request.env ?? process.env),
    ),
    devices: {
      registered: once(() => readDevices(request.cdiDirectories ?? cdiDirectories)),
      allow: request.allow ?? [],
      given: request.devices ?? [],
    },
    limits: request.limits ?? {},
    ...defined({ shmSize: request.shmSize }),
    confinement: parseSecurityOptions(request.securityOptions ?? [], {
      cwd: request.cwd ?? process.cwd(),
    }),
    ...defined({ timeout: request.timeout, onFailure: request.onFailure }),
    groups: request.groups ?? [],
    capAdd: request.capAdd ?? [],
    capDrop: request.capDrop ?? [],
    keepMountpoints: request.compatMountpoints ?? false,
    cacheNamespace: cacheNamespace(buildArgs),
  };
}

/** The same promise for all who ask. */
function once<T>(begin: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => (begun ??= begin());
}

function mountOf(mount: MountRequest): RunSettings["mounts"][number] {
  const { kind, target } = mount;
  switch (kind) {
    case "bind":
      return {
        kind: "host",
        target,
        path: mount.source,
        readOnly: mount.readOnly,
        overlay: mount.overlay ?? false,
      };
    case "device":
      return { kind, target, path: mount.source };
    case "tmpfs":
      return mount;
    case "volume":
      throw new TsbuildError("BUILD_UNSUPPORTED", `RUN cannot have a volume (at ${target})`, {
        hint: "What is to be kept between builds is a cache: RUN --mount=type=cache,target=DIR.",
      });
    default:
      return assertNever(kind);
  }
}
