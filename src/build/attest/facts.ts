// SPDX-License-Identifier: Apache-2.0
// What a build knows of itself, for its provenance: read from the request, the plan and the solver's definitions.

import { basename } from "node:path";
import { defined, publicUrl, type Json } from "../../base/index.js";
import {
  formatPlatform,
  hexOf,
  hostPlatform,
  parseImageConfig,
  type Digest,
} from "../../oci/index.js";
import {
  isProxyName,
  type CopyOp,
  type GitOp,
  type HttpOp,
  type ImageOp,
  type RunOp,
} from "../../plan/index.js";
import type { Vertex, VertexId } from "../../solve/index.js";
import { manifestOf } from "../../steps/index.js";
import type { Store } from "../../store/index.js";
import type { SolvedBuild } from "../cache/export.js";
import { commitDigest, type PreparedBuild } from "../prepare.js";
import type { BuildFacts, Credential, Invocation, Material } from "./predicate.js";
import { packageUrl } from "./statement.js";

/** Facts of one platform's image, and of the scan of it. */
export async function factsOf(
  prepared: PreparedBuild,
  solved: SolvedBuild,
  { image: { head }, scan }: Pick<SolvedBuild["images"][number], "image" | "scan">,
  build: Invocation,
): Promise<BuildFacts> {
  const { request, buildArgs, source } = prepared;
  const used = verticesBelow(solved, head);
  const scanning = scan === undefined ? [] : verticesBelow(solved, scan);
  const read = [...new Set([...used, ...scanning])];
  const materials = await Promise.all(read.map((vertex) => materialOf(vertex, solved)));
  const found = new Map<string, Material>();
  for (const material of materials) if (material !== undefined) found.set(material.uri, material);
  const commit = source.remote?.commit;
  if (commit !== undefined) found.set(commit.uri, commit);
  return {
    ...build,
    finishedAt: Date.now(),
    builderPlatform: formatPlatform(hostPlatform()),
    ...(source.remote === undefined ? {} : { context: contextOf(source.remote) }),
    path: source.dockerfile,
    // Proxies may carry credentials, and have no part in the result.
    arguments: new Map([...buildArgs].filter(([name]) => !isProxyName(name))),
    labels: request.labels ?? {},
    options: optionsOf(request),
    secrets: credentialsOf(used, "secret"),
    agents: credentialsOf(used, "ssh"),
    materials: [...found.values()],
    locals: localsOf(used, source.remote !== undefined),
    network: used.some(({ kind, op }) => kind === "run" && (op as RunOp).network !== "none"),
    // Not their names, which have the text of the Dockerfile; and of what came from elsewhere what anyone can know.
    steps: used.map(({ id, kind, inputs, op }, i) => {
      const { uri, digest } = materials[i] ?? {};
      const shown = uri === undefined ? withoutCredentials(op) : { uri, digest: digest ?? {} };
      return { id, kind, inputs, op: shown };
    }),
  };
}

function contextOf({ uri, commit }: NonNullable<PreparedBuild["source"]["remote"]>): {
  readonly uri: string;
  readonly digest?: Material["digest"];
} {
  return { uri, ...(commit === undefined ? {} : { digest: commit.digest }) };
}

/** What the head needs, inputs first. */
function verticesBelow({ plan }: SolvedBuild, head: VertexId): readonly Vertex[] {
  const found = new Map<VertexId, Vertex>();
  const visit = (id: VertexId): void => {
    const vertex = plan.graph.get(id);
    if (vertex === undefined || found.has(id)) return;
    for (const input of vertex.inputs) visit(input);
    found.set(id, vertex);
  };
  visit(head);
  return [...found.values()];
}

async function materialOf(
  { id, kind, op }: Vertex,
  { rooms, solver }: SolvedBuild,
): Promise<Material | undefined> {
  switch (kind) {
    case "image":
      return imageMaterial(rooms.store, op as ImageOp);
    case "http": {
      const { digest } = await solver.partsOf(id);
      const hex = typeof digest === "string" ? digest.replace(/^sha256:/, "") : "";
      return { uri: publicUrl((op as HttpOp).url), digest: { sha256: hex } };
    }
    case "git": {
      const { commit } = await solver.partsOf(id);
      const uri = publicUrl((op as GitOp).url);
      return typeof commit === "string" ? { uri, digest: commitDigest(commit) } : undefined;
    }
    default:
      return undefined;
  }
}

async function imageMaterial(store: Store, op: ImageOp): Promise<Material> {
  const { reference, manifest } = op;
  const { config } = await manifestOf(store, op);
  const platform = formatPlatform(parseImageConfig(await store.blobs.read(config)));
  // Of a layout, where it lies on this machine is nobody's business.
  const layout = /^oci-layout:\/\/(.*)$/.exec(reference)?.[1];
  const uri =
    layout === undefined
      ? packageUrl(reference, platform)
      : packageUrl(basename(layout), platform, "oci");
  return { uri, digest: { sha256: hexOf(manifest.digest as Digest) } };
}

function optionsOf(request: PreparedBuild["request"]): BuildFacts["options"] {
  const { target, noCache, network, buildContexts = [] } = request;
  const stages = Array.isArray(noCache) ? (noCache as readonly string[]) : [];
  const uncached = noCache === true || stages.length > 0;
  return {
    ...defined({ target }),
    ...(uncached ? { "no-cache": stages.join(",") } : {}),
    ...(network === undefined || network === "default" ? {} : { "force-network-mode": network }),
    ...Object.fromEntries(buildContexts.map(contextOption)),
  };
}

/** `context:NAME`, and where it is from; of one that is of this machine, no path. */
function contextOption(text: string): readonly [string, string] {
  const equals = text.indexOf("=");
  const name = text.slice(0, equals);
  const value = text.slice(equals + 1);
  const isElsewhere =
    /^(?:[a-z+]+:\/\/|git@)/i.test(value) && !/^(?:oci-layout|file):/i.test(value);
  const here = value.startsWith("oci-layout:") ? "oci-layout" : "local";
  return [`context:${name}`, isElsewhere ? publicUrl(value) : `${here}:${name}`];
}

/** Contexts that files were taken from. The main one is called `context`, and the Dockerfile came with it. */
function localsOf(used: readonly Vertex[], remote: boolean): readonly string[] {
  const names = new Set<string>(remote ? [] : ["dockerfile"]);
  const add = (source: { readonly from: string; readonly name?: string }): void => {
    if (source.from !== "context") return;
    if (source.name !== "") names.add(source.name ?? "");
    else if (!remote) names.add("context");
  };
  for (const { kind, op } of used) {
    if (kind === "copy")
      for (const source of (op as CopyOp).sources) if (source.kind !== "inline") add(source.root);
    if (kind === "run")
      for (const mount of (op as RunOp).mounts) if (mount.kind === "bind") add(mount.source);
  }
  return [...names].sort();
}

/** Secrets or agents of all commands, each once; optional where no command requires it. */
function credentialsOf(used: readonly Vertex[], kind: "secret" | "ssh"): readonly Credential[] {
  const found = new Map<string, boolean>();
  for (const vertex of used)
    if (vertex.kind === "run")
      for (const mount of (vertex.op as RunOp).mounts)
        if (mount.kind === kind)
          found.set(mount.id, !mount.required && (found.get(mount.id) ?? true));
  return [...found].map(([id, optional]) => ({ id, optional }));
}

/** URLs may carry them. */
function withoutCredentials(op: Json): Json {
  const url = op !== null && typeof op === "object" && "url" in op ? op["url"] : undefined;
  return typeof url === "string" ? { ...(op as object), url: publicUrl(url) } : op;
}
