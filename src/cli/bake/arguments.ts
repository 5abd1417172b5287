// SPDX-License-Identifier: Apache-2.0
// A target as the command line of a build that does what it says.

import {
  attestationText,
  cacheText,
  inputsOf,
  outputText,
  resourceTexts,
  secretText,
  sshText,
  textOfPairs,
  type BakeTarget,
} from "../../bake/index.js";

/** Each value as a word of its own, so that none is taken for a flag. */
function each(flag: string, values: Iterable<string> = []): string[] {
  return [...values].map((value) => `--${flag}=${value}`);
}

function pairs(flag: string, map: ReadonlyMap<string, string | null> = new Map()): string[] {
  return [...map].flatMap(([key, value]) => (value === null ? [] : [`--${flag}=${key}=${value}`]));
}

function maybe(flag: string, value: string | undefined): string[] {
  return value === undefined || value === "" ? [] : [`--${flag}=${value}`];
}

function switches(flag: string, on: boolean | undefined): string[] {
  return on === true ? [`--${flag}`] : [];
}

/** Several addresses of a host are one field of a list. */
function hostTexts(hosts: ReadonlyMap<string, string | null> = new Map()): string[] {
  return [...hosts].flatMap(([name, addresses]) =>
    addresses === null ? [] : [textOfPairs([[name, addresses]])],
  );
}

/** What is built, without where it goes. `linked`: the image of each target that is a context. */
function buildArguments(target: BakeTarget, linked: ReadonlyMap<string, string>): string[] {
  const { contexts, dockerfile, apart, targets } = inputsOf(target);
  const images = [...targets].map(([name, other]): [string, string] => [
    name,
    `docker-image://${linked.get(other) ?? ""}`,
  ]);
  const file = target.dockerfile === "Dockerfile" ? undefined : dockerfile;
  return [
    ...maybe("file", target.dockerfileInline === undefined && !apart ? file : "-"),
    ...maybe("target", target.target),
    ...pairs("build-arg", target.args),
    ...pairs("label", target.labels),
    ...pairs("build-context", new Map([...contexts, ...images])),
    ...each("secret", target.secret?.map(secretText)),
    ...each("ssh", target.ssh?.map(sshText)),
    ...switches("pull", target.pull),
    ...switches("no-cache", target.noCache),
    ...each("no-cache-filter", target.noCacheFilter),
    ...maybe("network", target.network),
    ...maybe("shm-size", target.shmSize),
    ...each("ulimit", target.ulimits),
    ...each("resource", target.resources === undefined ? [] : resourceTexts(target.resources)),
    ...each("allow", target.entitlements),
    ...each("add-host", hostTexts(target.extraHosts)),
    ...each("cache-from", target.cacheFrom?.map(cacheText)),
  ];
}

/** The words of `tsbuild build` for a target. */
export function argumentsOf(target: BakeTarget, linked: ReadonlyMap<string, string>): string[] {
  return [
    ...buildArguments(target, linked),
    ...each("platform", target.platforms),
    ...each("tag", target.tags),
    ...each("annotation", target.annotations),
    ...each("attest", target.attest?.map(attestationText)),
    ...each("cache-to", target.cacheTo?.map(cacheText)),
    ...each("output", target.output?.map(outputText)),
    "--",
    target.context,
  ];
}

/** The same for its image alone, which others have as a context: for these platforms, in the store, without a name. */
export function imageArgumentsOf(
  target: BakeTarget,
  platforms: readonly string[],
  linked: ReadonlyMap<string, string>,
): string[] {
  return [
    ...buildArguments(target, linked),
    ...each("platform", platforms),
    "--output=type=image",
    "--",
    target.context,
  ];
}
