// SPDX-License-Identifier: Apache-2.0
// The scan of a result for its SBOM: BuildKit's protocol for generator images (docs/attestations/sbom-protocol.md there).

import { TsbuildError } from "../base/index.js";
import { formatPlatform } from "../oci/index.js";
import type { BindMountOp, ResolvedImage, RunOp, ScanWish, SourceRef } from "./types.js";
import { defaultPath } from "./variables.js";

/** Where a generator writes its statements. */
export const scanOutput = "/run/out";
/** The first part of the name of the statement about the result itself. */
export const coreScan = "sbom";

const coreSource = `/run/src/core/${coreScan}`;
const extraSources = "/run/src/extras";

/** What a scan is given besides the generator's root filesystem. */
export interface ScanSources {
  readonly core: SourceRef;
  /** By name. */
  readonly extras: ReadonlyMap<string, SourceRef>;
}

/** Runs the generator. `settings`: as for commands of the Dockerfile. Throws PLAN_NO_COMMAND. */
export function scanOp(
  { reference, config }: ResolvedImage,
  { parameters }: ScanWish,
  { core, extras }: ScanSources,
  settings: Pick<RunOp, "hostname" | "network">,
): RunOp {
  const { Entrypoint, Cmd, Env, WorkingDir } = config.config ?? {};
  const argv = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  if (argv.length === 0)
    throw new TsbuildError(
      "PLAN_NO_COMMAND",
      `the SBOM generator ${reference} has neither an ENTRYPOINT nor a CMD`,
      { hint: "A generator follows BuildKit's protocol; docker/buildkit-syft-scanner is one." },
    );
  const bind = (target: string, source: SourceRef): BindMountOp => ({
    ...{ kind: "bind", target, source, path: "/", readOnly: true },
  });
  return {
    argv,
    env: [
      ...(Env ?? [`PATH=${defaultPath}`]),
      `BUILDKIT_SCAN_DESTINATION=${scanOutput}`,
      `BUILDKIT_SCAN_SOURCE=${coreSource}`,
      ...(extras.size === 0 ? [] : [`BUILDKIT_SCAN_SOURCE_EXTRAS=${extraSources}`]),
      ...[...parameters].map(([name, value]) => `BUILDKIT_SCAN_${name}=${value}`),
    ],
    cwd: WorkingDir === undefined || WorkingDir === "" ? "/" : WorkingDir,
    user: "",
    ...settings,
    security: "sandbox",
    mounts: [
      bind(coreSource, core),
      ...[...extras].map(([name, source]) => bind(`${extraSources}/${coreScan}-${name}`, source)),
      { kind: "tmpfs", target: "/tmp" },
    ],
    platform: formatPlatform(config),
  };
}
