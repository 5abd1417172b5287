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
  "--isolation <kind>",
  "--retry <times>",
  "--retry-delay <time>",
  "--push-retry <times>",
  "--image-fs-extract-retry <times>",
  "--image-download-retry <times>",
  "--log-level <level>",
  "--verbosity <level>",
  "--snapshot-mode <mode>",
  "--snapshotMode <mode>",
  "--builder <name>",
  "--no-hostname",
];

/** Flags by what to do instead. */
const refused: readonly (readonly [advice: string, flags: readonly string[]])[] = [
  [
    "RUN sees files of this machine with --build-context NAME=DIRECTORY and RUN --mount=type=bind,from=NAME.",
    ["--transient-mount <spec>"],
  ],
  [
    "Every RUN has namespaces of its own; for the host's network there is --network=host.",
    [
      "--userns <mode>",
      "--userns-uid-map <map>",
      "--userns-gid-map <map>",
      "--userns-uid-map-user <user>",
      "--userns-gid-map-group <group>",
      "--uts <mode>",
      "--ipc <mode>",
      "--pid <mode>",
      "--cgroupns <mode>",
      "--runtime <program>",
      "--runtime-flag <flag>",
      "--hooks-dir <directory>",
      "--group-add <group>",
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
  [
    "Standard error is the log: redirect it, with --progress=plain.",
    ["--logfile <path>", "--logsplit"],
  ],
  ["What RUN writes below a VOLUME stays in the image.", ["--compat-volumes"]],
  [
    "RUN has files of this machine with -v, and no devices but those that every container has.",
    ["--device <device>"],
  ],
  ["Proxies are passed with --build-arg HTTP_PROXY=URL, and enter no layer.", ["--http-proxy"]],
  ["RUN reads nothing: give input in the command, as in RUN echo y | command.", ["--stdin"]],
  [
    "Only stages that the target needs are built: name another one with --target.",
    ["--build-unused-stages"],
  ],
  ["Images for Windows are not built here.", ["--os-version <version>", "--os-feature <feature>"]],
  [
    "No list of an image's packages is made: run a scanner over an output.",
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
  ["Preprocess the file with cpp, and build it with -f -.", ["--cpp-flag <flag>"]],
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

/** Adds them, hidden. The refused ones throw CLI_USAGE when they are used. */
export function addFlagsOfOtherBuilders(command: Command): void {
  for (const flags of withoutEffect) command.addOption(new Option(flags).hideHelp());
  for (const [hint, group] of refused)
    for (const flags of group) {
      const option = new Option(flags).hideHelp();
      // By its first letters commander would take it for the negation of another flag.
      option.negate = false;
      command.addOption(option);
      command.on(`option:${option.name()}`, () => {
        throw new TsbuildError("CLI_USAGE", `${option.long ?? flags} is not supported`, { hint });
      });
    }
}
