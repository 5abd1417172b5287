// SPDX-License-Identifier: Apache-2.0
// The inputs of action.yml, which are those of Docker's action, as a command line of `tsbuild build`.

import { join, resolve } from "node:path";
import { csvFields, TsbuildError } from "../../base/index.js";
import { itemsOf, linesOf } from "./lists.js";

/** The environment that a runner gives a step; inputs are `INPUT_NAME`. */
export type RunnerEnvironment = Readonly<Record<string, string | undefined>>;

export interface ActionBuild {
  readonly args: readonly string[];
  /** Values of secrets, which the arguments name: everybody can see arguments. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Absolute path of the first archive that the build writes. */
  readonly archive?: string;
  /** For people; without secrets. */
  readonly warnings: readonly string[];
}

type Kind = "text" | "lines" | "items" | "truth";

/** Inputs that are a flag, whose values the flag explains. */
const flags: readonly (readonly [input: string, flag: string, kind: Kind])[] = [
  ["file", "file", "text"],
  ["target", "target", "text"],
  ["tags", "tag", "items"],
  ["build-args", "build-arg", "lines"],
  ["labels", "label", "lines"],
  ["annotations", "annotation", "lines"],
  ["build-contexts", "build-context", "lines"],
  ["platforms", "platform", "items"],
  ["provenance", "provenance", "text"],
  ["sbom", "sbom", "text"],
  ["attests", "attest", "lines"],
  ["pull", "pull", "truth"],
  ["no-cache", "no-cache", "truth"],
  ["no-cache-filters", "no-cache-filter", "items"],
  ["ssh", "ssh", "lines"],
  ["network", "network", "text"],
  ["add-hosts", "add-host", "items"],
  ["allow", "allow", "items"],
  ["shm-size", "shm-size", "text"],
  ["ulimit", "ulimit", "items"],
  ["cgroup-parent", "cgroup-parent", "text"],
  ["cache-from", "cache-from", "lines"],
  ["cache-to", "cache-to", "lines"],
  ["push", "push", "truth"],
  ["load", "load", "truth"],
  ["call", "call", "text"],
];

/**
 * What the inputs ask for.
 *
 * @throws TsbuildError `CLI_USAGE` for an input that means nothing. Values of secrets are in no message.
 */
export function buildOf(runner: RunnerEnvironment): ActionBuild {
  const input = (name: string): string =>
    (runner[`INPUT_${name.toUpperCase().replaceAll("-", "_")}`] ?? "").trim();
  const replaced = (text: string): string =>
    text.replace(/\{\{\s*defaultContext\s*\}\}/g, () => defaultContext(runner));
  const args = flags.flatMap(([name, flag, kind]) =>
    valuesOf(kind, name, replaced(input(name))).map((value) =>
      value === true ? `--${flag}` : `--${flag}=${value}`,
    ),
  );
  const outputs = outputsOf(runner, input, args);
  const context = replaced(input("context")) || ".";
  const secrets = secretsOf(runner, input, context);
  return {
    args: [
      ...args,
      ...outputs.map((output) => `--output=${output}`),
      ...secrets.args,
      "--",
      context,
    ],
    secrets: secrets.values,
    warnings: secrets.warnings,
    ...archiveOf(runner, outputs),
  };
}

function valuesOf(kind: Kind, name: string, text: string): (string | true)[] {
  switch (kind) {
    case "text":
      return text === "" ? [] : [text];
    case "lines":
      return linesOf(name, text);
    case "items":
      return itemsOf(name, text);
    case "truth":
      return isTrue(name, text) ? [true] : [];
  }
}

/** YAML's spellings of a truth value, as GitHub's own library reads them. */
function isTrue(name: string, text: string): boolean {
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE|)$/.test(text)) return false;
  throw new TsbuildError("CLI_USAGE", `input ${name}: expected true or false, got ${text}`);
}

/** The repository whose workflow runs, at its commit; for a pull request, what merging it would make. */
function defaultContext(runner: RunnerEnvironment): string {
  const { GITHUB_REPOSITORY: repository = "" } = runner;
  const { GITHUB_REF: ref = "", GITHUB_SHA: commit = "" } = runner;
  const revision = ref.startsWith("refs/pull/") || commit === "" ? ref : commit;
  return `${serverOf(runner)}/${repository}.git#${revision}`;
}

function serverOf(runner: RunnerEnvironment): string {
  return runner["GITHUB_SERVER_URL"] ?? "https://github.com";
}

function outputsOf(
  runner: RunnerEnvironment,
  input: (name: string) => string,
  args: readonly string[],
): string[] {
  const given = ["outputs", "output"].flatMap((name) => linesOf(name, input(name)));
  const elsewhere = ["--push", "--load"].some((flag) => args.includes(flag));
  if (given.length > 0 || elsewhere || input("call") !== "") return given;
  return [`type=oci,dest=${join(runner["GITHUB_WORKSPACE"] ?? ".", "image.tar")}`];
}

function archiveOf(
  runner: RunnerEnvironment,
  outputs: readonly string[],
): Pick<ActionBuild, "archive"> {
  for (const output of outputs) {
    const fields = csvFields(output) ?? [];
    const isArchive = fields.some((field) => /^type=(oci|docker|tar)$/.test(field));
    const archive = fields.find((field) => field.startsWith("dest="))?.slice("dest=".length);
    if (!isArchive || archive === undefined || archive === "-" || fields.includes("tar=false"))
      continue;
    return { archive: resolve(runner["GITHUB_WORKSPACE"] ?? "", archive) };
  }
  return {};
}

interface Secrets {
  readonly args: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

function secretsOf(
  runner: RunnerEnvironment,
  input: (name: string) => string,
  context: string,
): Secrets {
  const args: string[] = [];
  const values: Record<string, string> = {};
  const warnings: string[] = [];
  const add = (id: string, key: "env" | "src", value: string): void => {
    if (!/^[\w./-]+$/.test(id) || /[,"\n]/.test(value))
      throw new TsbuildError(
        "CLI_USAGE",
        "a secret is ID=VALUE, ID=VARIABLE or ID=PATH, without commas and quotes in ID, VARIABLE and PATH",
        { hint: 'A value over several lines is put in double quotes as a whole: "ID=VALUE".' },
      );
    args.push(`--secret=id=${id},${key}=${value}`);
  };
  const addValue = (id: string, value: string): void => {
    const name = `TSBUILD_ACTION_SECRET_${Object.keys(values).length}`;
    add(id, "env", name);
    values[name] = value;
  };
  const pairs = (name: string): [string, string][] =>
    linesOf(name, input(name)).map((line) => {
      const equals = line.indexOf("=");
      return equals === -1 ? ["", ""] : [line.slice(0, equals), line.slice(equals + 1)];
    });
  for (const [i, [id, value]] of pairs("secrets").entries()) {
    // A secret of the repository that this run may not have is an empty text: in a fork, for one. What stands as its name may be the
    // second line of another one's value, though, so it is not told.
    if (value === "" && id !== "")
      warnings.push(`secret ${i + 1} of the input is empty, and not given to the build`);
    else addValue(id, value);
  }
  for (const [id, variable] of pairs("secret-envs")) add(id, "env", variable);
  for (const [id, path] of pairs("secret-files")) add(id, "src", path);
  const token = input("github-token");
  const server = serverOf(runner);
  if (token !== "" && isOwnRepository(runner, context)) {
    // Without the host it would be shown to every server that an ADD of the Dockerfile names.
    const host = new URL(server).hostname;
    if (!args.some((arg) => authorizesGit(arg, host))) addValue(`GIT_AUTH_TOKEN.${host}`, token);
  }
  return { args, values, warnings };
}

/** A Dockerfile of others could read the token. */
function isOwnRepository(runner: RunnerEnvironment, context: string): boolean {
  const own = `${serverOf(runner)}/${runner["GITHUB_REPOSITORY"] ?? ""}`;
  return context.startsWith(own) && /^(?:\.git)?(?:[#?]|$)/.test(context.slice(own.length));
}

/** Whether an argument is a secret for repositories of this host, or of all. */
function authorizesGit(arg: string, host: string): boolean {
  return ["TOKEN", "HEADER"]
    .flatMap((kind) => [`GIT_AUTH_${kind}`, `GIT_AUTH_${kind}.${host}`])
    .some((id) => arg.startsWith(`--secret=id=${id},`));
}
