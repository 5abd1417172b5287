// SPDX-License-Identifier: Apache-2.0
// Flags of docker build, buildah build and kaniko that mean nothing here, or that tsbuild has under another name: accepted
// where leaving them out changes nothing that is built, refused with advice where it would.

import { Option, type Command } from "commander";
import { TsbuildError } from "../../base/index.js";

/** Their effect is what tsbuild does anyway, or has no meaning without a daemon. */
const withoutEffect: readonly string[] = [
  "--rm",
  "--force-rm",
  "--compress",
  "--layers",
  "--cache",
  "--cache-copy-layers",
  "--cache-run-layers",
  "--cache-repo <name>",
  "--cache-dir <directory>",
  "--cleanup",
  "--force",
  "--reproducible",
  "--use-new-run",
  "--disable-content-trust",
  "--disable-compression",
  "--skip-unused-stages",
  "--retry <times>",
  "--retry-delay <time>",
  "--push-retry <times>",
  "--image-fs-extract-retry <times>",
  "--image-download-retry <times>",
  "--log-level <level>",
  "--loglevel <number>",
  "--blob-cache <directory>",
  "--verbosity <level>",
  "--snapshot-mode <mode>",
  "--snapshotMode <mode>",
  "--builder <name>",
  "--buildkit-host <address>",
  "--no-hostname",
];

const namespaces =
  "Every RUN has namespaces of its own; for the host's network there is --network=host.";

/** The same for some values: any other is refused with advice. */
const withoutEffectAs: readonly (readonly [
  advice: string,
  values: readonly string[],
  flags: readonly string[],
])[] = [
  [
    "Every RUN is confined in the same way; --security-opt and --allow security.insecure loosen it.",
    ["default", "oci", "rootless", "chroot"],
    ["--isolation <kind>"],
  ],
  [
    namespaces,
    ["private", "container"],
    ["--uts <mode>", "--ipc <mode>", "--pid <mode>", "--cgroupns <mode>"],
  ],
];

/** Flags by what to do instead. */
const refused: readonly (readonly [advice: string, flags: readonly string[]])[] = [
  [
    "RUN has files of this machine with -v SOURCE:TARGET.",
    ["--transient-mount <spec>", "--default-mounts-file <path>"],
  ],
  [
    namespaces,
    [
      "--userns <mode>",
      "--userns-uid-map <map>",
      "--userns-gid-map <map>",
      "--userns-uid-map-user <user>",
      "--userns-gid-map-group <group>",
      "--userns-remap <user>",
      "--runtime <program>",
      "--runtime-flag <flag>",
      "--hooks-dir <directory>",
    ],
  ],
  [
    "Log in with docker login or podman login, or name the file with --authfile FILE.",
    ["--creds <user:password>"],
  ],
  ["Say it in the registries file: see docs/registries.md.", ["--cert-dir <directory>"]],
  [
    "The compression is an attribute of the output: -o type=oci,compression=zstd,dest=FILE.",
    ["--compression-format <name>", "--compression-level <number>", "--force-compression"],
  ],
  ["Name the file with -f FILE.", ["--dockerfile <path>"]],
  ["Name the context as the last argument.", ["--context <path>"]],
  ["Name the image with -t NAME, and push it with --push.", ["--destination <name>"]],
  ["That is the default: only --push and -o type=registry push.", ["--no-push"]],
  ["Write an archive with -o type=docker,dest=FILE.", ["--tar-path <path>", "--tarPath <path>"]],
  ["Write a layout with -o type=oci,tar=false,dest=DIRECTORY.", ["--oci-layout-path <path>"]],
  ["--metadata-file FILE has the digest of the manifest.", ["--digest-file <path>"]],
  ["There is one log for all platforms: --logfile FILE.", ["--logsplit"]],
  ["The log says how long each step took.", ["--log-rusage", "--rusage-logfile <path>"]],
  [
    "Rules on which images may be used are given with --source-policy-file FILE (docs/policy.md).",
    ["--signature-policy <path>"],
  ],
  ["What RUN writes below a VOLUME stays in the image.", ["--compat-volumes"]],
  ["RUN reads nothing: give input in the command, as in RUN echo y | command.", ["--stdin"]],
  [
    "Only stages that the target needs are built: name another one with --target.",
    ["--build-unused-stages"],
  ],
  ["Images for Windows are not built here.", ["--os-version <version>", "--os-feature <feature>"]],
  [
    "A scanner that speaks BuildKit's protocol makes the list: --sbom=generator=IMAGE, with -o DIRECTORY for its file.",
    [
      "--sbom-output <path>",
      "--sbom-purl-output <path>",
      "--sbom-image-output <path>",
      "--sbom-image-purl-output <path>",
      "--sbom-merge-strategy <method>",
      "--sbom-scanner-command <command>",
      "--sbom-scanner-image <image>",
    ],
  ],
  [
    "tsbuild does not do that.",
    [
      "--sign-by <key>",
      "--decryption-key <key>",
      "--cw <options>",
      "--layer-label <label>",
      "--policy <spec>",
      "--identity-label",
      "--ignore-path <path>",
    ],
  ],
];

/** Adds them, hidden. What is refused throws CLI_USAGE when it is used. */
export function addFlagsOfOtherBuilders(command: Command): void {
  for (const flags of withoutEffect) command.addOption(new Option(flags).hideHelp());
  for (const [hint, values, group] of withoutEffectAs)
    for (const flags of group) addRefused(command, flags, hint, values);
  for (const [hint, group] of refused) for (const flags of group) addRefused(command, flags, hint);
}

/** `taken`: the values that are not refused. */
function addRefused(
  command: Command,
  flags: string,
  hint: string,
  taken: readonly string[] = [],
): void {
  const option = new Option(flags).hideHelp();
  // By its first letters commander would take it for the negation of another flag.
  option.negate = false;
  command.addOption(option);
  command.on(`option:${option.name()}`, (value: string) => {
    if (taken.includes(value)) return;
    const name = option.long ?? flags;
    const shown = taken.length === 0 ? name : `${name}=${value}`;
    throw new TsbuildError("CLI_USAGE", `${shown} is not supported`, { hint });
  });
}
