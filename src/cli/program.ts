// SPDX-License-Identifier: Apache-2.0
// The commands and their flags. What a command does is in commands/, and loaded when it runs.

import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { addBuildFlags, type BuildFlags } from "./options/build-flags.js";

/** Runs the program with these arguments and gives its exit code. */
export async function run(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { exitCodeOf, formatError } = await import("./print-error.js");
    process.stderr.write(formatError(error, args.includes("--debug") || args.includes("-D")));
    return exitCodeOf(error);
  }
}

function createProgram(setExitCode: (code: number) => void): Command {
  const program = new Command("tsbuild")
    .description("Builds container images from Dockerfiles, without a daemon.")
    .version(version(), "-v, --version", "print the version")
    .exitOverride()
    .showSuggestionAfterError()
    .enablePositionalOptions();

  addBuildFlags(program.command("build [context]", { isDefault: true }))
    .description("build an image from a Dockerfile (the default command)")
    .action(async (context: string | undefined, flags: BuildFlags) => {
      const { buildCommand } = await import("./commands/build.js");
      setExitCode(await buildCommand(context, flags));
    });

  program
    .command("images")
    .description("list the images of the store")
    .option("--format <kind>", "table or json", "table")
    .option("-q, --quiet", "only ids")
    .action(async (flags: { format: string; quiet?: boolean }) => {
      const { imagesCommand } = await import("./commands/images.js");
      await imagesCommand(flags);
    });

  program
    .command("inspect <image>")
    .description("print what the store knows of an image, as JSON")
    .action(async (image: string) => {
      const { inspectCommand } = await import("./commands/inspect.js");
      await inspectCommand(image);
    });

  program
    .command("info")
    .description("say what this machine offers for building, and how to get what is missing")
    .option("--format <kind>", "text or json", "text")
    .action(async (flags: { format: string }) => {
      const { infoCommand } = await import("./commands/info.js");
      setExitCode(await infoCommand(flags));
    });

  program
    .command("version")
    .description("print the version")
    .action(() => {
      process.stdout.write(`${version()}\n`);
    });
  return program;
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
