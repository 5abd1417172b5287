// SPDX-License-Identifier: Apache-2.0
// Flags that change what image is made, beyond the Dockerfile, and where its base comes from.

import { existsSync, readFileSync } from "node:fs";
import { TsbuildError, defined, errnoOf, parseBoolean } from "../../base/index.js";
import type { BuildRequest } from "../../build.js";
import type { BuildFlags } from "./build-flags.js";
import { parseAge, parseArguments, parseWhole, separated, usageError } from "./values.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** Build arguments of files, then of flags, then those that flags have names for. */
export function buildArguments(flags: BuildFlags, env: Environment): Map<string, string> {
  const lines = flags.buildArgFile.flatMap(argumentLines);
  const result = parseArguments([...lines, ...flags.buildArg], env);
  if (result.get("BUILDKIT_SYNTAX") === "")
    throw new TsbuildError(
      "CLI_USAGE",
      "empty BUILDKIT_SYNTAX build-arg is invalid, use --build-arg BUILDKIT_SYNTAX without '=' for optional behavior",
    );
  const epoch = flags.sourceDateEpoch ?? flags.timestamp;
  if (epoch !== undefined) result.set("SOURCE_DATE_EPOCH", epoch);
  return result;
}

/** `--cpp-flag`, behind what BUILDAH_CPPFLAGS says. */
export function preprocessorFlags({ cppFlag }: BuildFlags, env: Environment): string[] {
  const words = (env["BUILDAH_CPPFLAGS"] ?? "").split(/\s+/).filter((word) => word !== "");
  return [...words, ...separated(cppFlag)];
}

/** Lines of `NAME=VALUE` or `NAME`; blank lines and comments count for nothing. */
function argumentLines(path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new TsbuildError(
      "CLI_USAGE",
      `--build-arg-file ${path}: ${errnoOf(error) ?? "unreadable"}`,
      {
        cause: error,
      },
    );
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** `--attest`, and its shorthands `--provenance` and `--sbom`: true, false, or parameters. */
export function attestationTexts({ attest, provenance, sbom }: BuildFlags): readonly string[] {
  const short = (type: string, value: string | undefined): string[] => {
    if (value === undefined || value === "") return [];
    const truth = parseBoolean(value);
    if (truth !== undefined) return [`type=${type},disabled=${!truth}`];
    return [
      value === "min" || value === "max" ? `type=${type},mode=${value}` : `type=${type},${value}`,
    ];
  };
  return [...attest, ...short("provenance", provenance), ...short("sbom", sbom)];
}

export function imageEdits(
  flags: BuildFlags,
  env: Environment,
): NonNullable<BuildRequest["edits"]> {
  return {
    env: parseArguments(flags.env, env),
    unsetEnv: separated(flags.unsetenv),
    unsetLabels: separated(flags.unsetlabel),
    inheritLabels: parseTruth("--inherit-labels", flags.inheritLabels),
    history: flags.omitHistory !== true,
    inheritAnnotations: flags.inheritAnnotations ?? false,
    unsetAnnotations: separated(flags.unsetannotation),
    createdAnnotation: flags.createdAnnotation ?? false,
  };
}

/** `--platform`, or `--os`, `--arch` and `--variant`. None: this machine's. */
export function platformFlags({ platform, os, arch, variant }: BuildFlags): readonly string[] {
  if (os === undefined && arch === undefined && variant === undefined) return separated(platform);
  if (arch === undefined && variant !== undefined)
    throw usageError("--variant", variant, "--arch is missing");
  return [[os ?? "linux", arch, variant].filter((part) => part !== undefined).join("/")];
}

const policyVariable = "EXPERIMENTAL_BUILDKIT_SOURCE_POLICY";

const policies = ["always", "newer", "missing", "never"] as const;

export function pullPolicy(flags: BuildFlags): NonNullable<BuildRequest["pull"]> {
  if (flags.pullNever === true) return "never";
  if (flags.pull === true || flags.pullAlways === true) return "always";
  const { pullPolicy: given = "missing" } = flags;
  // Buildah's older spellings: ifmissing, ifnewer.
  const policy = policies.find((name) => name === given.replace(/^if/, ""));
  if (policy !== undefined) return policy;
  throw usageError("--pull", given, `expected ${policies.join(", ")}, true or false`);
}

/**
 * `--source-policy-file`, which Buildah has, or the file that EXPERIMENTAL_BUILDKIT_SOURCE_POLICY names: each with the reading
 * of the builder whose users know it.
 */
export function sourcePolicy(
  { sourcePolicyFile }: BuildFlags,
  env: Environment,
): BuildRequest["sourcePolicy"] {
  const named = env[policyVariable] ?? "";
  if (sourcePolicyFile === undefined)
    return named === "" ? undefined : { file: named, dialect: "buildkit" };
  if (named === "") return { file: sourcePolicyFile, dialect: "buildah" };
  throw usageError(
    "--source-policy-file",
    sourcePolicyFile,
    `${policyVariable} names a policy as well; only one can hold`,
  );
}

/**
 * `--network`. Docker's `bridge`, Podman's `private`, `pasta` and `slirp4netns`, and Buildah's `container` are networks of a step's
 * own, as `default` is.
 */
export function networkFlag({ network }: BuildFlags): NonNullable<BuildRequest["network"]> {
  const name = network.replace(/^(pasta|slirp4netns):.*$/, "$1");
  switch (name) {
    case "default":
    case "none":
    case "host":
      return name;
    case "":
    case "pasta":
    case "slirp4netns":
    case "bridge":
    case "private":
    case "container":
      return "default";
    default:
      throw usageError("--network", network, "expected default, none or host");
  }
}

/** Throws CLI_USAGE for flags of which one would go unheard. */
export function refuseConflicts({ network, hosts, addHost, ...flags }: BuildFlags): void {
  const given = (["dns", "dnsOption", "dnsSearch"] as const).find((name) => flags[name].length > 0);
  if (network === "none" && given !== undefined) {
    const flag = `--${given.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new TsbuildError("CLI_USAGE", `the ${flag} option cannot be used with --network=none`);
  }
  const pulls = [flags.pull === true || flags.pullPolicy !== undefined, flags.pullAlways === true];
  if ([...pulls, flags.pullNever === true].filter((given) => given).length > 1)
    throw new TsbuildError(
      "CLI_USAGE",
      "only one of --pull, --pull-always and --pull-never can be used",
    );
  if (!hosts && addHost.length > 0)
    throw new TsbuildError("CLI_USAGE", "--no-hosts and --add-host cannot be used together");
}

/** `--no-cache`, `--no-cache-filter` and `--cache-ttl`, of which 0 is `--no-cache`. */
export function cacheFlags({
  cache,
  noCacheFilter,
  cacheTtl,
}: BuildFlags): Pick<BuildRequest, "noCache" | "cacheMaxAge"> {
  const maxAge = cacheTtl === undefined ? undefined : parseAge("--cache-ttl", cacheTtl);
  if (!cache || maxAge === 0) return { noCache: true };
  return {
    noCache: separated(noCacheFilter),
    ...defined({ cacheMaxAge: maxAge }),
  };
}

/** `--squash` is Buildah's: the base's layers, too. `--layers=false` comes as `--single-snapshot`. */
export function squashFlag(flags: BuildFlags): BuildRequest["squash"] {
  if (flags.squash === true || flags.squashAll === true) return "all";
  return flags.singleSnapshot === true ? "new" : undefined;
}

/** `--save-stages` and `--stage-labels`. */
export function keptStages({
  saveStages,
  stageLabels,
}: BuildFlags): Pick<BuildRequest, "keepStages"> {
  if (saveStages === true) return { keepStages: { labels: stageLabels === true } };
  if (stageLabels !== true) return {};
  throw new TsbuildError("CLI_USAGE", "--stage-labels requires --save-stages");
}

/** How many commands run at a time; undefined: as many as tsbuild thinks fit. */
export function jobsFlag({ jobs }: BuildFlags): number | undefined {
  if (jobs === undefined) return undefined;
  const count = parseWhole("--jobs", jobs);
  return count === 0 ? Number.MAX_SAFE_INTEGER : count;
}

/** The environment with what flags say of the registries' credentials. */
export function withAuthFile(
  { authfile }: Pick<BuildFlags, "authfile">,
  env: Environment,
): Environment {
  if (authfile === undefined) return env;
  // Files in their usual places may be missing, one that was named may not: the registry would be asked without it.
  if (!existsSync(authfile)) throw usageError("--authfile", authfile, "there is no such file");
  return { ...env, REGISTRY_AUTH_FILE: authfile };
}

/** `--format`: as in Buildah, `docker` and `oci` may have more behind them (v2s2, v1), in any case. */
export function parseFormat(text: string): "oci" | "docker" {
  const format = (["oci", "docker"] as const).find((name) => text.toLowerCase().startsWith(name));
  if (format !== undefined) return format;
  throw usageError("--format", text, "expected oci or docker");
}

/** `-o` and its shorthands, with the attributes that flags stand for. */
export function outputsOf(flags: BuildFlags): string[] {
  const outputs = [...flags.output];
  if (flags.push === true) outputs.push("type=registry");
  if (flags.load === true) outputs.push("type=docker");
  const added = [
    ...(flags.timestamp !== undefined || flags.rewriteTimestamp === true
      ? ["rewrite-timestamp=true"]
      : []),
    ...(flags.format === "docker" ? ["oci-mediatypes=false"] : []),
  ];
  const insecure = parseTruth("--tls-verify", flags.tlsVerify) ? [] : ["registry.insecure=true"];
  const isPush = (spec: string): boolean => /(?:^|,)(?:type=registry|push=true)(?:,|$)/.test(spec);
  // Trees have no layers that these could be about.
  const isImage = (spec: string): boolean =>
    /(?:^|,)type=(?:image|oci|docker|registry)(?:,|$)/.test(spec);
  if (outputs.length === 0 && added.length > 0) outputs.push("type=image");
  return outputs.map((spec) =>
    isImage(spec) ? [spec, ...added, ...(isPush(spec) ? insecure : [])].join(",") : spec,
  );
}

/** Whether the text of an output is one of files, or of nothing: a directory, `-`, or such a type. */
export function isWithoutImage(spec: string): boolean {
  return (
    /(?:^|,)"?type=(?:local|tar|cacheonly)(?:[,"]|$)/i.test(spec) ||
    (!/(?:^|,)"?(?:type|dest)=/i.test(spec) && !spec.includes(","))
  );
}

/** A flag whose value is true or false. */
export function parseTruth(flag: string, text: string): boolean {
  if (/^(?:true|1|t)$/i.test(text)) return true;
  if (/^(?:false|0|f)$/i.test(text)) return false;
  throw usageError(flag, text, "expected true or false");
}
