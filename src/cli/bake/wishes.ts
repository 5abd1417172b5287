// SPDX-License-Identifier: Apache-2.0
// What targets would have of this machine, for the user to grant (grants.ts).

import { inputsOf, isRemote, type BakeTarget } from "../../bake/index.js";
import type { Wishes } from "./grants.js";

const urlLike = /^[a-z][a-z0-9+.-]*:/i;

/** The path of a context on this machine, if it is one. */
function localPath(context: string): string[] {
  if (context.startsWith("oci-layout://"))
    return [context.slice("oci-layout://".length).replace(/[:@].*$/s, "")];
  return isRemote(context) || urlLike.test(context) ? [] : [context];
}

function readsOf(target: BakeTarget): string[] {
  const { context, dockerfile, contexts } = inputsOf(target);
  const { dockerfileInline, secret, ssh, cacheFrom } = target;
  return [
    ...localPath(context),
    ...(dockerfileInline === undefined && !isRemote(context) ? localPath(dockerfile) : []),
    ...[...contexts.values()].flatMap(localPath),
    ...(secret ?? []).flatMap(({ source }) => (source === "" ? [] : [source])),
    ...(ssh ?? []).flatMap(({ paths }) => paths),
    ...(cacheFrom ?? []).flatMap(({ type, attributes }) =>
      type === "local" ? (attributes.get("src") ?? []) : [],
    ),
  ];
}

function writesOf({ output, cacheTo }: BakeTarget): string[] {
  return [
    ...(output ?? []).flatMap(({ destination = "" }) =>
      destination === "" || destination === "-" ? [] : [destination],
    ),
    ...(cacheTo ?? []).flatMap(({ type, attributes }) =>
      type === "local" ? (attributes.get("dest") ?? []) : [],
    ),
  ];
}

export function wishesOf(targets: Iterable<BakeTarget>): Wishes {
  const all = [...targets];
  return {
    reads: all.flatMap(readsOf),
    writes: all.flatMap(writesOf),
    entitlements: all.flatMap(({ entitlements }) => entitlements ?? []),
    agent: all.some(({ ssh }) => ssh?.some(({ paths }) => paths.length === 0)),
    deletes: all.some(({ output }) =>
      output?.some(({ attributes }) => attributes.get("mode") === "delete"),
    ),
  };
}
