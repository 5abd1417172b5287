// SPDX-License-Identifier: Apache-2.0
// The flags of a build as a request.

import type { BuildRequest } from "../../build.js";
import { defined, didYouMean, type EventSink } from "../../base/index.js";
import type { BuildFlags } from "./build-flags.js";
import { parseAgent, parseSecret } from "./credentials.js";
import { parseDevices } from "./devices.js";
import {
  attestationTexts,
  buildArguments,
  cacheFlags,
  imageEdits,
  jobsFlag,
  keptStages,
  networkFlag,
  outputsOf,
  parseTruth,
  platformFlags,
  preprocessorFlags,
  pullPolicy,
  refuseConflicts,
  sourcePolicy,
  squashFlag,
  withAuthFile,
} from "./image-flags.js";
import { runLimits } from "./limits.js";
import { parseMount, parseVolume } from "./mounts.js";
import {
  parseBytes,
  parseDns,
  parseHost,
  parseLabels,
  parseTime,
  separated,
  splitFields,
  usageError,
} from "./values.js";

const entitlements = ["network.host", "security.insecure", "device", "buildx.local.delete"];

/** What --allow grants; only devices are granted one by one. */
function entitlement(text: string): string {
  const [name = "", value] = text.split(/=(.*)/s);
  if (!entitlements.includes(name))
    throw usageError("--allow", text, `unknown entitlement${didYouMean(name, entitlements)}`);
  if (value !== undefined && name !== "device")
    throw usageError("--allow", text, `${name} does not accept a value`);
  return text;
}

/** Whether standard input is the context or one of the Dockerfiles. */
export function readsStdin(context: string, { file }: Pick<BuildFlags, "file">): boolean {
  return context === "-" || file.includes("-");
}

/** What the flags ask for. Errors: CLI_USAGE. */
export function requestOf(
  context: string,
  flags: BuildFlags,
  events: EventSink,
  signal: AbortSignal,
): BuildRequest {
  const { env } = process;
  const jobs = jobsFlag(flags);
  const network = networkFlag(flags);
  const policy = sourcePolicy(flags, env);
  const squash = squashFlag(flags);
  const devices = parseDevices(flags.device);
  const [file, ...moreFiles] = flags.file;
  refuseConflicts(flags);
  return {
    context,
    ...(file === undefined ? {} : { file, moreFiles }),
    cppFlags: preprocessorFlags(flags, env),
    ...defined({ ignoreFile: flags.ignorefile, target: flags.target, from: flags.from }),
    buildArgs: buildArguments(flags, env),
    edits: imageEdits(flags, env),
    labels: parseLabels(flags.label),
    annotations: flags.annotation,
    attestations: attestationTexts(flags),
    tags: flags.tag,
    platforms: flags.allPlatforms === true ? [] : platformFlags(flags),
    allPlatforms: flags.allPlatforms ?? false,
    ...defined({ manifestList: flags.manifest }),
    buildContexts: flags.buildContext,
    outputs: outputsOf(flags),
    ...defined({ squash }),
    ...keptStages(flags),
    ...cacheFlags(flags),
    cacheFrom: flags.cacheFrom,
    cacheTo: flags.cacheTo,
    pull: pullPolicy(flags),
    ...defined({ sourcePolicy: policy, jobs }),
    ...(parseTruth("--tls-verify", flags.tlsVerify) ? {} : { insecureRegistries: ["*"] }),
    secrets: flags.secret.map((text) => parseSecret(text, env)),
    agents: flags.ssh.map((text) => parseAgent(text, env)),
    network,
    ...(flags.cdiConfigDir.length === 0 ? {} : { cdiDirectories: flags.cdiConfigDir }),
    // Asking for the host's network on the command line is the permission.
    allow: [...flags.allow.map(entitlement), ...(network === "host" ? ["network.host"] : [])],
    devices: devices.registered,
    addHosts: flags.addHost.flatMap((text) => splitFields("--add-host", text)).flatMap(parseHost),
    noHosts: !flags.hosts,
    hostProxies: flags.httpProxy,
    mounts: [
      ...flags.volume.map((text) => parseVolume(text, process.cwd())),
      ...flags.mount.map((text) => parseMount(text, process.cwd())),
      ...devices.mounts,
    ],
    dns: parseDns(flags),
    limits: runLimits(flags),
    ...(flags.shmSize === undefined ? {} : { shmSize: parseBytes("--shm-size", flags.shmSize) }),
    securityOptions: flags.securityOpt,
    ...(flags.timeout === undefined ? {} : { timeout: parseTime("--timeout", flags.timeout) }),
    groups: flags.groupAdd,
    capAdd: separated(flags.capAdd),
    capDrop: separated(flags.capDrop),
    ...defined({ storageDriver: flags.storageDriver }),
    compatMountpoints: flags.compatMountpoints ?? false,
    env: withAuthFile(flags, env),
    // The stream is only made where it is read: that takes two milliseconds.
    ...(readsStdin(context, flags) ? { stdin: process.stdin } : {}),
    stdout: process.stdout,
    events,
    signal,
  };
}
