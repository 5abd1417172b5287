// SPDX-License-Identifier: Apache-2.0
// Many builds by BuildKit in one go: starting its client costs more than most of the builds.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imagesOf, outcomeIn, type BuildEnd } from "../../conformance/builders.js";
import { run } from "../../support/runner.js";

export type PeerBuild = Parameters<typeof outcomeIn>[0];

/** Undefined: one of them failed, and that ended the others. */
export async function bakeWithPeer(
  command: readonly string[],
  builds: readonly PeerBuild[],
): Promise<ReadonlyMap<PeerBuild, BuildEnd> | undefined> {
  const [where] = builds;
  if (where === undefined) return new Map();
  const targets: [string, object][] = [];
  for (const [i, build] of builds.entries()) targets.push([`t${i}`, await targetOf(build)]);
  const file = join(where.directory, "bake.json");
  writeFileSync(
    file,
    JSON.stringify({
      group: { default: { targets: targets.map(([name]) => name) } },
      target: Object.fromEntries(targets),
    }),
  );
  const [first = "", ...rest] = command;
  const flags = ["--provenance=false", "--allow=fs=*", "--allow=network.host", `--file=${file}`];
  const result = await run(first, [...rest, "bake", ...flags], {
    cwd: where.directory,
    env: { BUILDKIT_PROGRESS: "plain", NO_COLOR: "1" },
  });
  if (result.code !== 0) return undefined;
  const ends = new Map<PeerBuild, BuildEnd>();
  for (const build of builds) ends.set(build, await outcomeIn(build, outputOf(build)));
  return ends;
}

function outputOf({ directory }: PeerBuild): string {
  return join(directory, "out-bake");
}

/** The flags of a case as a target of a bake file. */
async function targetOf(build: PeerBuild): Promise<object> {
  const { directory, test, bases } = build;
  const out = outputOf(build);
  mkdirSync(out, { recursive: true });
  const names = imagesOf(test);
  const layouts = await Promise.all(names.map((name) => bases.layout(name)));
  const given = (flag: string): string[] =>
    (test.args ?? []).flatMap((arg) =>
      arg.startsWith(`--${flag}=`) ? [arg.slice(flag.length + 3)] : [],
    );
  const pairs = (texts: readonly string[]): Record<string, string> =>
    Object.fromEntries(
      texts.map((text) => {
        const at = text.indexOf("=");
        return [text.slice(0, at), literal(text.slice(at + 1))];
      }),
    );
  const [target] = given("target");
  const hosts = given("add-host").map((text) => text.replace(":", "="));
  return {
    context: join(directory, "context"),
    contexts: Object.fromEntries(
      names.map((name, i) => [name, `oci-layout://${layouts[i] ?? ""}:latest`]),
    ),
    args: pairs(given("build-arg")),
    labels: pairs(given("label")),
    output: [`type=oci,tar=false,dest=${out}`],
    network: "none",
    secret: given("secret").map((text) => text.replace("src=", `src=${directory}/`)),
    ...(hosts.length > 0 ? { "extra-hosts": pairs(hosts) } : {}),
    ...(target === undefined ? {} : { target }),
  };
}

/** A dollar sign of a bake file begins a variable unless there are two. */
function literal(text: string): string {
  return text.replaceAll("${", "$${");
}
