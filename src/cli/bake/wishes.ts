// SPDX-License-Identifier: Apache-2.0
// What targets would have of this machine, for the user to grant (grants.ts). Found in the texts that the build's flags get, as those
// are read, and never less than they could mean: whatever may be taken for a path is one. A URL is then a path below the directory,
// for which nothing has to be granted.

import {
  cacheText,
  inputsOf,
  outputText,
  secretText,
  sshText,
  type BakeTarget,
} from "../../bake/index.js";
import { csvFields } from "../../base/index.js";
import type { Wishes } from "./grants.js";

/** Values of the attributes of these names: flags take names in any letter case, with spaces around them. */
function valuesOf(text: string, names: readonly string[]): string[] {
  return (csvFields(text) ?? []).flatMap((field) => {
    const [name = "", value] = field.split(/=(.*)/s);
    return value !== undefined && names.includes(name.trim().toLowerCase()) ? [value] : [];
  });
}

/** The paths that a context may mean; of an OCI layout, with and without what may be its tag and digest. */
function pathsOf(context: string): string[] {
  const layout = context.replace(/^oci-layout:(?:\/\/)?/i, "");
  const untagged = layout.replace(/@[^/]*$/, "").replace(/:[^/]*$/, "");
  return [context, layout, untagged];
}

/** A secret without a source is the file of its id. */
function secretPaths(text: string): string[] {
  const sources = valuesOf(text, ["src", "source"]);
  if (sources.length > 0) return sources;
  return valuesOf(text, ["env"]).length > 0 ? [] : valuesOf(text, ["id"]);
}

/** Undefined: the agent of the environment. */
function keyPaths(text: string): string[] | undefined {
  const [, paths = ""] = text.split(/=(.*)/s);
  const named = paths.split(",").filter((path) => path !== "");
  return named.length > 0 ? named : undefined;
}

function readsOf(target: BakeTarget): string[] {
  const { context, dockerfile, contexts } = inputsOf(target);
  const { dockerfileInline, secret = [], ssh = [], cacheFrom = [] } = target;
  return [
    ...pathsOf(context),
    ...(dockerfileInline === undefined ? [dockerfile] : []),
    ...[...contexts.values()].flatMap(pathsOf),
    ...secret.map(secretText).flatMap(secretPaths),
    ...ssh.map(sshText).flatMap((text) => keyPaths(text) ?? []),
    ...cacheFrom.map(cacheText).flatMap((text) => valuesOf(text, ["src"])),
  ];
}

function writesOf({ output = [], cacheTo = [] }: BakeTarget): string[] {
  const texts = [...output.map(outputText), ...cacheTo.map(cacheText)];
  const places = texts.flatMap((text) => valuesOf(text, ["dest"]));
  return places.filter((place) => place !== "" && place !== "-");
}

export function wishesOf(targets: Iterable<BakeTarget>): Wishes {
  const all = [...targets];
  return {
    reads: all.flatMap(readsOf),
    writes: all.flatMap(writesOf),
    entitlements: all.flatMap(({ entitlements }) => entitlements ?? []),
    agent: all.some(({ ssh = [] }) => ssh.some((each) => keyPaths(sshText(each)) === undefined)),
    deletes: all.some(({ output = [] }) =>
      output.some((each) => valuesOf(outputText(each), ["mode"]).includes("delete")),
    ),
  };
}
