// SPDX-License-Identifier: Apache-2.0
// The flags of `tsbuild run`, spelled as docker spells them. Parsing of values is in the files beside this one.

import { Option, type Command } from "commander";
import type { LimitFlags } from "./limits.js";
import { list } from "./list.js";

/** What commander hands over, by flag. */
export interface RunFlags extends LimitFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly env: readonly string[];
  readonly envFile: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly volume: readonly string[];
  readonly mount: readonly string[];
  readonly tmpfs: readonly string[];
  readonly entrypoint?: string;
  readonly network: string;
  readonly readOnly?: boolean;
  readonly hostname?: string;
  readonly addHost: readonly string[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly device: readonly string[];
  readonly shmSize?: string;
  readonly cpus?: string;
  readonly groupAdd: readonly string[];
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly securityOpt: readonly string[];
  readonly init?: boolean;
  readonly pull: string;
  readonly platform?: string;
  readonly stopSignal?: string;
  readonly stopTimeout?: string;
  readonly timeout?: string;
  readonly commit?: string;
  readonly quiet?: boolean;
}

/** Adds all of them to a command. What follows the image's name belongs to its program. */
export function addRunFlags(command: Command): Command {
  const options: readonly Option[] = [
    new Option("-i, --interactive", "the program reads this command's standard input"),
    new Option("-t, --tty", "the program gets a terminal"),
    list("-e, --env <name[=value]>", "a variable (value from the environment when missing)"),
    list("--env-file <path>", "a file of variables, one in a line"),
    new Option("-w, --workdir <directory>", "where the program begins"),
    new Option("-u, --user <user[:group]>", "who the program runs as"),
    list("-v, --volume <[source:]target[:ro]>", "a directory of this machine, or a volume"),
    list("--mount <spec>", "type=bind|volume|tmpfs,source=...,target=...[,readonly]"),
    list("--tmpfs <target[:size=...]>", "an empty directory in memory"),
    new Option(
      "--entrypoint <program>",
      "in place of the image's; its arguments do not count then",
    ),
    new Option("--network <mode>", "default, none or host").default("default"),
    new Option("--read-only", "no writes but to mounts"),
    new Option("-h, --hostname <name>", "host name in the container"),
    list("--device <path[:path-inside]>", "a device of this machine"),
    list("--add-host <name:address>", "an additional line of /etc/hosts"),
    list("--dns <address>", "name server"),
    list("--dns-search <domain>", "search domain"),
    list("--dns-option <option>", "resolver option"),
    list("--ulimit <name=soft[:hard]>", "a resource limit"),
    new Option("--shm-size <bytes>", "size of /dev/shm"),
    new Option("-m, --memory <bytes>", "memory limit"),
    new Option("--memory-swap <bytes>", "memory and swap limit (-1: no limit)"),
    new Option("--cpus <number>", "processors' worth of time"),
    new Option("-c, --cpu-shares <number>", "relative CPU weight"),
    new Option("--cpu-period <microseconds>", "CPU period"),
    new Option("--cpu-quota <microseconds>", "CPU time per period"),
    new Option("--cpuset-cpus <list>", "CPUs that may be used"),
    new Option("--cpuset-mems <list>", "memory nodes that may be used"),
    new Option("--pids-limit <number>", "how many processes there may be"),
    new Option("--cgroup-parent <path>", "cgroup under which the container is put"),
    list("--resource <name=value>", "the same limits by name"),
    list("--group-add <group>", "a group that the user is in, too"),
    list("--cap-add <name>", "give a capability"),
    list("--cap-drop <name>", "take a capability"),
    list("--security-opt <option>", "confinement, as for RUN: no-new-privileges, seccomp=FILE ..."),
    new Option("--init", "process 1 reaps other processes and hands signals on"),
    new Option("--pull <policy>", "ask the registry: always, missing or never").default("missing"),
    new Option("--platform <os/arch>", "platform of the image"),
    new Option("--stop-signal <signal>", "what asks the program to end"),
    new Option("--stop-timeout <seconds>", "how long it may take to").default("10"),
    new Option("--timeout <duration>", "how long the program may run, such as 90s or 1h30m"),
    new Option("--commit <name>", "make an image of what the program changed"),
    new Option("--rm", "as in docker run; nothing is left behind anyway").hideHelp(),
    new Option("--name <name>", "as in docker run; no other command asks for it").hideHelp(),
    new Option("-q, --quiet", "do not show the image being pulled"),
    new Option("-D, --debug", "show the causes of errors"),
  ];
  for (const option of options) command.addOption(option);
  return command.helpOption("--help", "display help for command").passThroughOptions();
}
