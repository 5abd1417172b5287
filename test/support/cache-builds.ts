// SPDX-License-Identifier: Apache-2.0
// Builds for the tests of caches outside the store: what one machine built, another takes over. A machine is a store of its own.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseContexts, type RunResult, type Workspace } from "./runner.js";
import { validateImage } from "./validate.js";

/** Five steps, of which one is not in the image. Run again, most give something else. */
export const cachedSteps = `FROM busybox AS tool
RUN echo tool > /tool && date +%s%N > /when
FROM busybox
RUN date +%s%N > /first
COPY file /file
COPY --from=tool /tool /when /
RUN date +%s%N > /last
CMD ["cat", "/last"]
`;

export interface CacheBuilds {
  /** A store that has nothing. */
  readonly machine: () => string;
  /** Builds with `context/` and demands success. */
  readonly build: (
    store: string,
    args: readonly string[],
    text?: string,
    env?: Readonly<Record<string, string | undefined>>,
  ) => Promise<RunResult>;
  /** The digest of the only image of an archive, which is checked. */
  readonly digestOf: (file: string) => Promise<string | undefined>;
}

/** Makes `context/` in the workspace, with a file in it. */
export function cacheBuilds(space: Workspace): CacheBuilds {
  mkdirSync(join(space.directory, "context"));
  writeFileSync(join(space.directory, "context/file"), "content\n");
  let machines = 0;
  return {
    machine: () => join(space.directory, `machine-${machines++}`),
    build: async (store, args, text = cachedSteps, env = {}) =>
      space.succeed(
        [
          "build",
          ...baseContexts("busybox"),
          "--network=none",
          "--progress=plain",
          ...args,
          "-f",
          "-",
          "context",
        ],
        { input: text, env: { TSBUILD_ROOT: store, ...env } },
      ),
    digestOf: async (file) => (await validateImage(join(space.directory, file)))[0]?.digest,
  };
}

/** How many steps ran a command or copied something. */
export function ran({ stderr }: RunResult): string[] {
  const names = new Map<string, string>();
  const done: string[] = [];
  for (const line of stderr.split("\n")) {
    const [, id = "", rest = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
    if (rest.startsWith("[")) names.set(id, rest);
    if (/^DONE/.test(rest) && names.has(id)) done.push(names.get(id) ?? "");
  }
  return done.filter((name) => !name.includes(" FROM "));
}
