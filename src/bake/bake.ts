// SPDX-License-Identifier: Apache-2.0
// The files of a build, read; and what is made of them for the names and the overrides of a command line.

import { TsbuildError, defined, isTsbuildError, messageOf, parseBoolean } from "../base/index.js";
import { parseHcl, parseHclJson, type HclBody } from "../hcl/index.js";
import { parseDotEnv } from "./compose/dotenv.js";
import type { Lookup } from "./compose/interpolate.js";
import type { ComposeOptions } from "./compose/load.js";
import { checkCompose, readCompose } from "./compose/read.js";
import { readBodies } from "./definition/read.js";
import { bakeSchema } from "./definition/schema.js";
import { kindOfFile } from "./file-names.js";
import { parseOverrides } from "./overrides.js";
import { withPaths } from "./relative-paths.js";
import { resolve, type Resolved } from "./resolve.js";
import type {
  BakeFile,
  BakeGroup,
  BakeOptions,
  BakeTarget,
  BakeVariable,
  BakeWarning,
  Definition,
} from "./types.js";

export interface Bake {
  /** All that the files define, in their order. */
  readonly groups: readonly BakeGroup[];
  readonly targets: readonly { readonly name: string; readonly description?: string }[];
  readonly variables: readonly BakeVariable[];
  readonly warnings: readonly BakeWarning[];
  /** Names or patterns of targets and groups, and `--set`. Without names, it is `default` that is asked for. */
  resolve(names: readonly string[], overrides: readonly string[]): Resolved;
}

/**
 * Reads files, later ones on top of earlier ones: Compose files first, whatever their place. Throws a TsbuildError with the place
 * for whatever is wrong in them.
 */
export function readBake(files: readonly BakeFile[], options: BakeOptions): Bake {
  return withoutOverflow(() => read(files, options));
}

function read(files: readonly BakeFile[], options: BakeOptions): Bake {
  const environment = environmentOf(options);
  const warnings: BakeWarning[] = [];
  const compose: BakeFile[] = [];
  const bodies: HclBody[] = [];
  const composeOptions = composeOptionsOf(options, environment, warnings);
  for (const file of files) {
    const body = bodyOf(file, composeOptions);
    if (body === "compose") compose.push(file);
    else bodies.push(body);
  }
  const before: Definition =
    compose.length === 0 ? { groups: [], targets: [] } : readCompose(compose, composeOptions());
  const read = readBodies(bodies, before, {
    functions: options.functions,
    builtIn: new Map([
      ["BAKE_CMD_CONTEXT", options.commandContext ?? "cwd://"],
      ["BAKE_LOCAL_PLATFORM", options.localPlatform],
    ]),
    overriding: (name) => options.vars?.get(name) ?? environment(name),
  });
  const definition = {
    groups: read.definition.groups,
    targets: withPaths(read.definition.targets, options.relativeToFiles ?? false),
  };
  const epoch = options.env["SOURCE_DATE_EPOCH"] ?? "";
  return {
    groups: definition.groups,
    targets: definition.targets.map(({ name, attributes: { description } }) => ({
      name,
      ...(description === undefined || description === "" ? {} : { description }),
    })),
    variables: read.variables,
    warnings: [...warnings, ...read.warnings],
    resolve: (names, overrides) =>
      withoutOverflow(() => {
        const asked = names.length === 0 ? ["default"] : names;
        const known = definition.targets.map(({ name }) => name);
        const resolved = resolve(
          definition,
          asked,
          parseOverrides(overrides, known, environment),
          options.repository,
        );
        return { ...resolved, targets: withEpoch(resolved.targets, epoch) };
      }),
  };
}

/** The user's variables, unless these are not to be looked at. */
function environmentOf({ env }: BakeOptions): Lookup {
  const variable = (name: string): string | undefined =>
    Object.hasOwn(env, name) ? env[name] : undefined;
  if (parseBoolean(variable("BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP") ?? "") === true)
    return () => undefined;
  return variable;
}

/** Compose files have the variables of `.env`, too. It is read only if there is a Compose file. */
function composeOptionsOf(
  options: BakeOptions,
  environment: Lookup,
  warnings: BakeWarning[],
): () => ComposeOptions {
  let made: ComposeOptions | undefined;
  return () => {
    if (made !== undefined) return made;
    const { home, readFile, vars } = options;
    const dotEnv = parseDotEnv(readFile?.(".env") ?? "", ".env", environment);
    made = {
      lookup: (name) => {
        const value = vars?.get(name) ?? environment(name) ?? dotEnv.get(name);
        return name === "COMPOSE_PROJECT_NAME" && (value ?? "") === "" ? "bake" : value;
      },
      ...defined({ home, readFile }),
      warn: (warning) => warnings.push(warning),
    };
    return made;
  };
}

function bodyOf(file: BakeFile, compose: () => ComposeOptions): HclBody | "compose" {
  const source = { file: file.name, text: file.text };
  switch (kindOfFile(file.name)) {
    case "compose":
      checkCompose(file, compose());
      return "compose";
    case "hcl":
      return parseHcl(source);
    case "json":
      return parseHclJson(source, bakeSchema);
    case "unknown": {
      const tried: unknown[] = [];
      const attempts = [
        () => (checkCompose(file, compose()), "compose" as const),
        () => parseHcl(source),
        () => parseHclJson(source, bakeSchema),
      ];
      for (const attempt of attempts)
        try {
          return attempt();
        } catch (error) {
          if (!isTsbuildError(error)) throw error;
          tried.push(error);
        }
      const [yaml, hcl, json] = tried.map(messageOf);
      throw new TsbuildError(
        "BAKE_FILE",
        `failed to parse ${file.name}: as a Compose file: ${yaml ?? ""}; as HCL: ${hcl ?? ""}; as JSON: ${json ?? ""}`,
        {
          hint: "a file name that ends in .hcl, .json or .yaml says what the file is",
          cause: tried[1],
        },
      );
    }
  }
}

/** The time for reproducible builds is an argument of each target that has none. */
function withEpoch(
  targets: ReadonlyMap<string, BakeTarget>,
  epoch: string,
): ReadonlyMap<string, BakeTarget> {
  if (epoch === "") return targets;
  return new Map(
    [...targets].map(([name, target]) => [
      name,
      target.args?.has("SOURCE_DATE_EPOCH") === true
        ? target
        : { ...target, args: new Map([...(target.args ?? []), ["SOURCE_DATE_EPOCH", epoch]]) },
    ]),
  );
}

/** However deep the limits of all rooms add up to, what does not fit on the stack is an error like others. */
function withoutOverflow<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new TsbuildError("BAKE_LIMIT", "what the files say is nested too deep, or too big", {
      cause: error,
    });
  }
}
