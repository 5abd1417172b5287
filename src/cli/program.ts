// SPDX-License-Identifier: Apache-2.0
// The commands and their flags. What a command does is in commands/, and loaded when it runs.

import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, Option } from "commander";
import type { CreateFlags, InspectFlags } from "./commands/imagetools.js";
import type { Shell } from "./commands/completion.js";
import type { LoginFlags } from "./commands/login.js";
import type { DiskUsageFlags, PruneFlags } from "./commands/storage.js";
import type { PullFlags, TransferFlags } from "./commands/transfer.js";
import { addBakeFlags, type BakeFlags } from "./options/bake-flags.js";
import { parseFormat, parseTruth } from "./options/image-flags.js";
import { normalizeArguments } from "./options/normalize.js";
import { list } from "./options/list.js";
import { addBuildFlags, progressOption, type BuildFlags } from "./options/build-flags.js";
import { addRunFlags, type RunFlags } from "./options/run-flags.js";
import { watchOutput } from "./standard-streams.js";

let built = false;

/** Whether a build has been run to its end. */
export function hasBuilt(): boolean {
  return built;
}

/** Runs the program with these arguments and gives its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  const written = watchOutput();
  const code = await runCommand(args);
  return code === 0 ? written() : code;
}

async function runCommand(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  }, calledBy(args));
  try {
    await program.parseAsync(normalizeArguments(args, program), { from: "user" });
    return exitCode;
  } catch (error) {
    // As with docker: what is not the program's own exit code is 125.
    const ours = args[0] === "run" ? 125 : undefined;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : (ours ?? 2);
    const { exitCodeOf, formatError } = await import("./print-error.js");
    process.stderr.write(formatError(error, args.includes("--debug") || args.includes("-D")));
    return ours ?? exitCodeOf(error);
  }
}

/** Adds a command to the program. */
type AddCommand = (program: Command, setExitCode: (code: number) => void) => void;

/** All commands, in the order in which help shows them. */
const commands: Readonly<Record<string, AddCommand>> = {
  build: (program, setExitCode) => {
    addBuildFlags(program.command("build [context]", { isDefault: true }))
      .description("build an image from a Dockerfile (the default command)")
      .addOption(
        new Option("--format <kind>", "media types of the image: oci or docker")
          .argParser(parseFormat)
          .hideHelp(),
      )
      .action(async (context: string | undefined, flags: BuildFlags) => {
        const { buildCommand } = await import("./commands/build.js");
        const code = await buildCommand(context, flags);
        built = code === 0;
        setExitCode(code);
      });
  },
  explain: (program) => {
    addBuildFlags(program.command("explain [context]"))
      .description("say which steps of a build the cache has, and why it lacks the others")
      .option("--format <kind>", "text or json", "text")
      .action(async (context: string | undefined, flags: BuildFlags & { format: string }) => {
        const { explainOnly } = await import("./commands/build.js");
        await explainOnly(context, flags, flags.format === "json");
      });
  },
  bake: (program, setExitCode) => {
    addBakeFlags(program.command("bake [target...]"))
      .description("build the targets that files say: docker-bake.hcl, Compose files ...")
      .action(async (targets: readonly string[], flags: BakeFlags) => {
        const { bakeCommand } = await import("./commands/bake.js");
        const code = await bakeCommand(targets, flags);
        built = code === 0 && flags.print !== true && flags.list === undefined;
        setExitCode(code);
      });
  },
  run: (program, setExitCode) => {
    addRunFlags(program.command("run <image> [command...]"))
      .description("run a program in a container of an image; what it writes goes with it")
      .action(async (image: string, command: readonly string[], flags: RunFlags) => {
        const { runCommand } = await import("./commands/run.js");
        setExitCode(await runCommand(image, command, flags));
      });
  },
  images: (program) => {
    program
      .command("images")
      .description("list the images of the store")
      .option("--format <kind>", "table or json", "table")
      .option("-q, --quiet", "only ids")
      .addOption(
        list("--filter <filter>", "only what fits: dangling=true, label=NAME[=VALUE] (repeatable)"),
      )
      .addOption(
        new Option("-a, --all", "what it does anyway: images without a name, too").hideHelp(),
      )
      .action(async (flags: { format: string; quiet?: boolean; filter: readonly string[] }) => {
        const { imagesCommand } = await import("./commands/images.js");
        await imagesCommand(flags);
      });
  },
  pull: (program) => {
    addTransferFlags(program.command("pull <image>"))
      .description("bring an image from its registry into the store")
      .option("--platform <os/arch>", "of an image for several platforms, the one for this")
      .option("--all-platforms", "the whole of an image for several platforms")
      .action(async (image: string, flags: PullFlags) => {
        const { pullCommand } = await import("./commands/transfer.js");
        await pullCommand(image, flags);
      });
  },
  push: (program) => {
    addTransferFlags(program.command("push <image> [name]"))
      .description("push an image of the store to a registry, under its own or another name")
      .action(async (image: string, name: string | undefined, flags: TransferFlags) => {
        const { pushCommand } = await import("./commands/transfer.js");
        await pushCommand(image, name, flags);
      });
  },
  imagetools: (program) => {
    addImageTools(program.command("imagetools"));
  },
  tag: (program) => {
    program
      .command("tag <image> <name...>")
      .description("give an image further names")
      .action(async (image: string, names: readonly string[]) => {
        const { tagCommand } = await import("./commands/transfer.js");
        await tagCommand(image, names);
      });
  },
  untag: (program) => {
    program
      .command("untag <image...>")
      .description(
        "take names away, or images without one, by id; prune then removes what nothing else needs",
      )
      .action(async (images: readonly string[]) => {
        const { untagCommand } = await import("./commands/images.js");
        await untagCommand(images);
      });
  },
  inspect: (program) => {
    program
      .command("inspect <image>")
      .description("print what the store knows of an image, as JSON")
      .action(async (image: string) => {
        const { inspectCommand } = await import("./commands/inspect.js");
        await inspectCommand(image);
      });
  },
  du: (program) => {
    program
      .command("du")
      .description("list what the store has on the disk")
      .addOption(filterOption())
      .option("--format <kind>", "table or json", "table")
      .option("--verbose", "everything that is known of each")
      .action(async (flags: DiskUsageFlags) => {
        const { diskUsageCommand } = await import("./commands/storage.js");
        await diskUsageCommand(flags);
      });
  },
  prune: (program, setExitCode) => {
    program
      .command("prune")
      .description("remove build cache that nothing needs; running builds and images keep theirs")
      .addOption(filterOption())
      .option("-a, --all", "also what is internal to the store")
      .option("--volumes", "also named volumes and what is in them")
      .option("--unnamed", "also images without a name, such as those of --save-stages")
      .option("-f, --force", "do not ask")
      .option("--reserved-space <bytes>", "remove down to this, and no more")
      .option("--max-used-space <bytes>", "remove only while more than this is used")
      .option("--min-free-space <bytes>", "remove until so much of the disk is free")
      .option("--keep-duration <time>", "spare what was used within this time, such as 24h")
      .addOption(new Option("--keep-storage <bytes>", "older name of --reserved-space").hideHelp())
      .option("--verbose", "everything that is known of what was removed")
      .action(async (flags: PruneFlags) => {
        const { pruneCommand } = await import("./commands/storage.js");
        setExitCode(await pruneCommand(flags));
      });
  },
  login: (program) => {
    addRegistryFlags(program.command("login [server]"))
      .description("keep a user name and a password for a registry (default: Docker Hub)")
      .option("-u, --username <name>", "user name")
      .option("-p, --password <text>", "password; others can see it")
      .option("--password-stdin", "read the password from standard input")
      .action(async (server: string | undefined, flags: LoginFlags) => {
        const { loginCommand } = await import("./commands/login.js");
        await loginCommand(server, flags);
      });
  },
  logout: (program) => {
    program
      .command("logout [server]")
      .description("forget them")
      .addOption(authFileOption())
      .action(async (server: string | undefined, flags: LoginFlags) => {
        const { logoutCommand } = await import("./commands/login.js");
        await logoutCommand(server, flags);
      });
  },
  info: (program, setExitCode) => {
    program
      .command("info")
      .description("say what this machine offers for building, and how to get what is missing")
      .option("--format <kind>", "text or json", "text")
      .action(async (flags: { format: string }) => {
        const { infoCommand } = await import("./commands/info.js");
        setExitCode(await infoCommand(flags));
      });
  },
  completion: (program, setExitCode) => {
    program
      .command("completion")
      .description("print a script that completes commands and flags")
      .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
      .action(async (shell: Shell) => {
        const { completionScript } = await import("./commands/completion.js");
        process.stdout.write(completionScript(createProgram(setExitCode), shell));
      });
  },
  version: (program) => {
    program
      .command("version")
      .description("print the version")
      .action(() => {
        process.stdout.write(`${version()}\n`);
      });
  },
};

/** Other names of commands. */
const aliases: Readonly<Record<string, string>> = { b: "build", rmi: "untag" };

/** The command that arguments call. Undefined: whoever reads them looks at all. */
function calledBy(args: readonly string[]): string | undefined {
  const name = aliases[args[0] ?? ""] ?? args[0] ?? "";
  if (Object.hasOwn(commands, name)) return name;
  return args.some((arg) => ["help", "-h", "--help"].includes(arg)) ? undefined : "build";
}

/** The program with one command, or with all: to describe the flags of all takes longer than some commands run. */
function createProgram(setExitCode: (code: number) => void, only?: string): Command {
  const program = new Command("tsbuild")
    .description("Builds container images from Dockerfiles, without a daemon.")
    .version(version(), "-v, --version", "print the version")
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions();
  for (const [name, add] of Object.entries(commands))
    if (only === undefined || name === only) add(program, setExitCode);
  for (const [alias, name] of Object.entries(aliases))
    program.commands.find((command) => command.name() === name)?.alias(alias);
  return program;
}

/** Commands on images where they are; the store has no part in it. */
function addImageTools(tools: Command): void {
  tools.description(
    "images in registries and OCI layouts: put together for several platforms, look at",
  );
  addRegistryFlags(tools.command("create [source...]"))
    .description("put images and indexes together to one image, under new names")
    .addOption(list("-t, --tag <name>", "a name for it, or oci-layout://DIR:TAG (repeatable)"))
    .addOption(list("-f, --file <path>", "file with a source's descriptor (repeatable)"))
    .addOption(list("--annotation <text>", "index:KEY=VALUE, manifest-descriptor:KEY=VALUE"))
    .addOption(list("-p, --platform <os/arch>", "only the images for these (repeatable)"))
    .option("--append", "add to what the first name is now")
    .option("--dry-run", "print it, and write nothing")
    .addOption(
      new Option("--prefer-index <bool>", "one image alone becomes an index, too").default("true"),
    )
    .option("--metadata-file <path>", "write its descriptor to a file, as JSON")
    .addOption(progressOption())
    .action(async (sources: readonly string[], flags: CreateFlags) => {
      const { createCommand } = await import("./commands/imagetools.js");
      await createCommand(sources, flags);
    });
  addRegistryFlags(tools.command("inspect <name>"))
    .description("print what an image is where it is")
    .option("--raw", "the manifest or index to the byte")
    .option("--format <template>", "such as {{json .Manifest}}, {{json .Image}}, {{json .SBOM}}")
    .action(async (name: string, flags: InspectFlags) => {
      const { inspectRemoteCommand } = await import("./commands/imagetools.js");
      await inspectRemoteCommand(name, flags);
    });
}

function authFileOption(): Option {
  return new Option("--authfile <path>", "file with the registries' credentials");
}

function addRegistryFlags(command: Command): Command {
  return command
    .addOption(authFileOption())
    .option("--insecure", "plain HTTP, or TLS without verifying the certificate")
    .addOption(new Option("--tls-verify <bool>", "false: the same as --insecure").hideHelp())
    .on("option:tls-verify", (value: string) => {
      if (!parseTruth("--tls-verify", value)) command.setOptionValue("insecure", true);
    });
}

function addTransferFlags(command: Command): Command {
  return addRegistryFlags(command)
    .addOption(progressOption())
    .option("-q, --quiet", "print the image's name by digest only");
}

function filterOption(): Option {
  return list(
    "--filter <filter>",
    "only what fits: until=24h, type=, id=, inuse, shared ... (repeatable)",
  );
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
