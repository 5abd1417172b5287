// SPDX-License-Identifier: Apache-2.0
// The flags of `tsbuild build`, spelled as docker buildx spells them. Parsing of values is in the files beside this one.

import type { Command } from "commander";
import { Option } from "commander";
import { list } from "./list.js";
import { addFlagsOfOtherBuilders } from "./other-builders.js";

/** What commander hands over, by flag. */
export interface BuildFlags {
  readonly tag: readonly string[];
  readonly file: readonly string[];
  readonly cppFlag: readonly string[];
  readonly target?: string;
  readonly buildArg: readonly string[];
  readonly buildArgFile: readonly string[];
  readonly env: readonly string[];
  readonly unsetenv: readonly string[];
  readonly unsetlabel: readonly string[];
  readonly inheritLabels: string;
  readonly from?: string;
  readonly label: readonly string[];
  readonly annotation: readonly string[];
  readonly inheritAnnotations?: boolean;
  readonly createdAnnotation?: boolean;
  readonly unsetannotation: readonly string[];
  readonly squash?: boolean;
  readonly squashAll?: boolean;
  readonly singleSnapshot?: boolean;
  readonly saveStages?: boolean;
  readonly stageLabels?: boolean;
  readonly cache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly cacheTtl?: string;
  readonly cacheFrom: readonly string[];
  readonly cacheTo: readonly string[];
  readonly pull?: boolean;
  readonly pullPolicy?: string;
  readonly pullAlways?: boolean;
  readonly pullNever?: boolean;
  readonly platform: readonly string[];
  readonly allPlatforms?: boolean;
  readonly manifest?: string;
  readonly os?: string;
  readonly arch?: string;
  readonly variant?: string;
  readonly jobs?: string;
  readonly authfile?: string;
  readonly tlsVerify: string;
  readonly timestamp?: string;
  readonly sourceDateEpoch?: string;
  readonly rewriteTimestamp?: boolean;
  readonly omitHistory?: boolean;
  readonly iidfileRaw?: string;
  readonly rawIidfile?: string;
  readonly buildContext: readonly string[];
  readonly output: readonly string[];
  readonly load?: boolean;
  readonly push?: boolean;
  readonly progress: "auto" | "plain" | "tty" | "quiet" | "none" | "rawjson";
  readonly logfile?: string;
  readonly quiet?: boolean;
  readonly sourcePolicyFile?: string;
  readonly iidfile?: string;
  readonly metadataFile?: string;
  readonly secret: readonly string[];
  readonly ssh: readonly string[];
  readonly network: string;
  readonly allow: readonly string[];
  readonly cdiConfigDir: readonly string[];
  readonly device: readonly string[];
  readonly addHost: readonly string[];
  /** `--no-hosts` makes it false. */
  readonly hosts: boolean;
  /** `--http-proxy=false` makes it false. */
  readonly httpProxy: boolean;
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly ulimit: readonly string[];
  readonly shmSize?: string;
  readonly timeout?: string;
  readonly memory?: string;
  readonly memorySwap?: string;
  readonly cpuShares?: string;
  readonly cpuPeriod?: string;
  readonly cpuQuota?: string;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  readonly pidsLimit?: string;
  readonly cgroupParent?: string;
  readonly resource: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly provenance?: string;
  readonly sbom?: string;
  readonly attest: readonly string[];
  readonly groupAdd: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly ignorefile?: string;
  readonly compatMountpoints?: boolean;
  readonly storageDriver?: string;
  /** Of `build` only: the media types of the image. */
  readonly format?: string;
  readonly check?: boolean;
  readonly call?: string;
  readonly print?: string;
  readonly explainCache?: boolean;
  readonly debugShell?: boolean;
  readonly debug?: boolean;
}

/** The same, but that an empty value is none: so do scripts leave a flag out whose variable is not set. */
function listOfGiven(flags: string, description: string): Option {
  return list(flags, description).argParser((value: string, before: readonly string[]) =>
    value === "" ? before : [...before, value],
  );
}

/** `--no-cache-filter` takes a value; by its first letters commander would take it for the negation of another flag. */
function noCacheFilter(): Option {
  const option = list(
    "--no-cache-filter <stages>",
    "run the steps of these stages again (comma-separated)",
  );
  option.negate = false;
  return option;
}

/** Adds all of them to a command. */
export function addBuildFlags(command: Command): Command {
  const options: readonly Option[] = [
    list("-t, --tag <name>", "name of the image, as name:tag (repeatable)"),
    list(
      "-f, --file <path>",
      "Dockerfile (default: CONTEXT/Dockerfile; - reads standard input; several continue each other)",
    ),
    list(
      "--cpp-flag <flag>",
      "a flag for cpp, which reads Dockerfiles called NAME.in first",
    ).hideHelp(),
    new Option("--target <stage>", "build this stage and what it needs"),
    list(
      "--build-arg <name[=value]>",
      "set a build argument (value from the environment when missing)",
    ),
    list("--build-arg-file <path>", "set the build arguments of a file, a NAME=VALUE a line"),
    list("--label <name=value>", "set a label of the image"),
    list("--unsetlabel <name>", "leave out a label, of the Dockerfile or of the base"),
    new Option(
      "--inherit-labels <bool>",
      "whether labels of base images and stages are kept",
    ).default("true"),
    list(
      "--env <name[=value]>",
      "set a variable of the image and of its RUNs; ENV may set it anew",
    ),
    list("--unsetenv <name>", "leave out a variable, of the Dockerfile or of the base"),
    new Option("--from <image>", "base image, in the place of the one that the first FROM names"),
    listOfGiven("--annotation <[level:]name=value>", "add an annotation to the image"),
    new Option("--inherit-annotations", "keep the annotations of the base image"),
    list("--unsetannotation <name>", "leave out one of them"),
    new Option("--created-annotation", "say the image's time in an annotation, too"),
    new Option(
      "--squash",
      "one layer for all of the image, its base's too (--layers=false: one over the base's)",
    ),
    new Option("--squash-all", "the same as --squash").hideHelp(),
    new Option("--single-snapshot", "what --layers=false is read as").hideHelp(),
    new Option("--save-stages", "keep every stage that is built as an image of the store, too"),
    new Option("--stage-labels", "with labels that say which stage each image is"),
    new Option("--no-cache", "run every step again"),
    noCacheFilter(),
    new Option(
      "--cache-ttl <duration>",
      "run steps again whose results are older than this, such as 24h (0: all of them)",
    ),
    listOfGiven(
      "--cache-from <spec>",
      "a cache to take steps from: type=local,src=DIR, type=gha, s3 or azblob, or an image or cache at a registry",
    ),
    listOfGiven(
      "--cache-to <spec>",
      "where steps are kept for others: type=local,dest=DIR, type=registry,ref=NAME, type=inline, gha, s3 or azblob",
    ),
    new Option(
      "--pull",
      "ask the registry for base images even when the store has them (or --pull=always, newer, missing, never)",
    ),
    new Option("--pull-policy <policy>", "what --pull=POLICY is read as").hideHelp(),
    new Option("--pull-always", "as --pull=always").hideHelp(),
    new Option("--pull-never", "as --pull=never").hideHelp(),
    listOfGiven(
      "--platform <os/arch>",
      "platform of the image; several (comma-separated or repeated) make an index",
    ).env("DOCKER_DEFAULT_PLATFORM"),
    new Option("--all-platforms", "all platforms that the base images have in common"),
    new Option("--manifest <name>", "add the image to this index of the store, begun if need be"),
    new Option("--os <name>", "operating system of the platform").hideHelp(),
    new Option("--arch <name>", "architecture of the platform").hideHelp(),
    new Option("--variant <name>", "variant of the architecture").hideHelp(),
    new Option("--jobs <number>", "how many commands run at a time (0: no limit)"),
    new Option("--authfile <path>", "file with the registries' credentials"),
    new Option("--tls-verify <bool>", "false: take registries without valid certificates or TLS")
      .default("true")
      .hideHelp(),
    new Option("--source-date-epoch <seconds>", "same as --build-arg SOURCE_DATE_EPOCH=SECONDS"),
    new Option("--timestamp <seconds>", "the same, for the files of all new layers too"),
    new Option("--rewrite-timestamp", "limit the times of files in all new layers too"),
    new Option("--omit-history", "leave the history out of the image"),
    listOfGiven(
      "--build-context <name=source>",
      "additional context: directory, docker-image://, oci-layout://, git or http URL",
    ),
    listOfGiven(
      "-o, --output <spec>",
      "where the result goes: type=oci|docker|local|tar|image|registry,dest=...",
    ),
    new Option(
      "--source-policy-file <path>",
      "rules on which images, downloads and repositories may be used (docs/policy.md)",
    ),
    new Option("--push", "same as --output type=registry"),
    new Option("--load", "same as --output type=docker, into the local engine"),
    progressOption(),
    new Option("--logfile <path>", "show progress in this file").hideHelp(),
    new Option("-q, --quiet", "print nothing but the image's id"),
    new Option("--iidfile <path>", "write the image's id to this file"),
    new Option("--iidfile-raw <path>", "the same without the algorithm").hideHelp(),
    new Option("--raw-iidfile <path>", "the same as --iidfile-raw").hideHelp(),
    new Option("--metadata-file <path>", "write the result's metadata as JSON to this file"),
    listOfGiven("--secret <id=...,src=...|env=...>", "a secret for RUN --mount=type=secret"),
    listOfGiven("--ssh <default|id[=socket|key]>", "an ssh agent for RUN --mount=type=ssh"),
    new Option("--network <mode>", "network of RUN: default, none, host").default("default"),
    listOfGiven(
      "--allow <entitlement>",
      "grant network.host, security.insecure, device or device=NAME",
    ),
    list("--cdi-config-dir <directory>", "where specifications of devices are").hideHelp(),
    list(
      "--device <path[:path-inside]|name>",
      "a device of this machine that RUN has, or a registered one",
    ),
    listOfGiven("--add-host <name:address>", "an additional line of /etc/hosts in RUN"),
    new Option("--no-hosts", "RUN sees the /etc/hosts of the image").hideHelp(),
    new Option("--http-proxy", "RUN has the proxies of this environment").default(true).hideHelp(),
    new Option("--no-http-proxy", "what --http-proxy=false is read as").hideHelp(),
    list(
      "-v, --volume <source:target[:ro|:O]>",
      "a file or directory of this machine that RUN has",
    ),
    list("--mount <spec>", "the same, or a file system in memory: type=bind|tmpfs,...").hideHelp(),
    list("--ulimit <name=soft[:hard]>", "a resource limit of RUN"),
    new Option("--shm-size <bytes>", "size of /dev/shm in RUN"),
    new Option("--timeout <duration>", "how long one RUN may take, such as 90s or 1h30m"),
    new Option("-m, --memory <bytes>", "memory limit of RUN"),
    new Option("--memory-swap <bytes>", "memory and swap limit of RUN (-1: no limit)"),
    new Option("-c, --cpu-shares <number>", "relative CPU weight of RUN"),
    new Option("--cpu-period <microseconds>", "CPU period of RUN"),
    new Option("--cpu-quota <microseconds>", "CPU time per period of RUN"),
    new Option("--cpuset-cpus <list>", "CPUs that RUN may use"),
    new Option("--cpuset-mems <list>", "memory nodes that RUN may use"),
    new Option("--pids-limit <number>", "how many processes RUN may have"),
    new Option("--cgroup-parent <path>", "cgroup under which RUN is put"),
    list(
      "--resource <name=value>",
      "the same limits by name: memory=, cpu-shares=, cpuset-cpus= ...",
    ),
    new Option(
      "--storage-driver <name>",
      "how layers are stacked: overlay, fuse-overlayfs or copy (default: the best that works)",
    ),
    list("--dns <address>", "name server of RUN"),
    list("--dns-search <domain>", "search domain of RUN"),
    list("--dns-option <option>", "resolver option of RUN"),
    list("--group-add <group>", "a group of the image that the user of RUN is in, too"),
    list("--cap-add <name>", "give RUN a capability"),
    list("--cap-drop <name>", "take a capability from RUN"),
    list(
      "--security-opt <option>",
      "confinement of RUN: no-new-privileges, seccomp=FILE|unconfined, apparmor=, systempaths=unconfined, mask=, unmask=, proc-opts=",
    ),
    new Option("--ignorefile <path>", "use this file instead of .dockerignore"),
    new Option(
      "--compat-mountpoints",
      "keep the directories /proc, /sys and /dev that RUN needed, as Docker does",
    ),
    new Option(
      "--provenance [mode]",
      "attest how images were built: min (default), max, or mode=...,version=v0.2,builder-id=...",
    ).preset("true"),
    new Option(
      "--sbom [mode]",
      "attest what images consist of, as a scanner's image finds: true, or generator=IMAGE",
    ).preset("true"),
    listOfGiven(
      "--attest <spec>",
      "the same as type=provenance,mode=... or type=sbom,generator=...",
    ),
    new Option("--check", "check the Dockerfile and build nothing"),
    new Option("--call <what>", "check, outline or targets instead of a build (with ,format=json)"),
    new Option("--print <what>", "older name of --call").hideHelp(),
    new Option(
      "--explain-cache",
      "say first which steps the cache has, and why it lacks the others",
    ),
    new Option(
      "--debug-shell",
      "when a command fails: a shell in its place, with its files and mounts",
    ),
    new Option("-D, --debug", "show the causes of errors"),
  ];
  for (const option of options) command.addOption(option);
  addFlagsOfOtherBuilders(command);
  return command;
}

export function progressOption(): Option {
  return new Option("--progress <kind>", "how progress is shown")
    .choices(["auto", "plain", "tty", "quiet", "none", "rawjson"])
    .default("auto")
    .env("BUILDKIT_PROGRESS");
}
