// SPDX-License-Identifier: Apache-2.0
// regenerate.js [--peer buildkit|buildah|ours]... [--all] [GROUP...]: builds the cases with the peers that are installed and with
// tsbuild, and writes the goldens. Only cases whose golden is missing or of another definition, unless --all. What tsbuild makes is
// only recorded where the case says that it differs; every other difference is printed, and fails.

import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pLimit from "p-limit";
import { removeTree } from "../support/runner.js";
import { allowedDifference } from "./allowed.js";
import {
  buildWithPeer,
  buildWithTsbuild,
  makeBases,
  makeCase,
  peerCommand,
  peerVersion,
  type Bases,
  type BuildEnd,
} from "./builders.js";
import type { CaseGroup, ConformanceCase, Peer } from "./case.js";
import { groups } from "./cases/index.js";
import {
  definitionOf,
  peerOutcome,
  readGoldens,
  reference,
  writeGoldens,
  type Golden,
  type GoldenFile,
} from "./golden.js";
import { differences, type Outcome } from "./outcome.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string", multiple: true, default: ["buildkit", "buildah", "ours"] },
    all: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const peers = new Map<Peer, readonly string[]>();
for (const peer of ["buildkit", "buildah"] as const) {
  const command = values.peer.includes(peer) ? peerCommand(peer) : undefined;
  if (command !== undefined) peers.set(peer, command);
  else if (values.peer.includes(peer))
    console.log(`${peer} is not installed: its goldens stay as they are`);
}
const directory = mkdtempSync(join(tmpdir(), "tsbuild-conformance-"));
const bases = makeBases(join(directory, "bases"));
const store = join(directory, "store");
const limit = pLimit(3);
let open = 0;

function asOutcome(end: BuildEnd): Outcome {
  if (end.kind === "image") return end.outcome;
  return { fails: end.code ?? end.message.replaceAll(directory, "") };
}

async function regenerateCase(
  test: ConformanceCase,
  old: Golden | undefined,
  path: string,
): Promise<Golden> {
  const definition = definitionOf(test);
  const fresh = values.all || old?.definition !== definition;
  mkdirSync(path, { recursive: true });
  await makeCase(path, test);
  const build = { directory: path, test, bases: bases satisfies Bases };
  let golden: Golden = old?.definition === definition ? old : { definition };
  for (const peer of ["buildkit", "buildah"] as const) {
    const command = peers.get(peer);
    if (command === undefined || test.without?.[peer] !== undefined) continue;
    if (!fresh && golden[peer] !== undefined) continue;
    const outcome = asOutcome(await buildWithPeer(peer, command, build));
    golden = withPeer(golden, peer, outcome);
  }
  if (values.peer.includes("ours")) {
    const end = await buildWithTsbuild(build, store);
    golden = withOurs(test, golden, end);
  }
  removeTree(path);
  return golden;
}

function withPeer(golden: Golden, peer: Peer, outcome: Outcome): Golden {
  if (peer === "buildkit") {
    // Buildah's record is relative to BuildKit's, so it is made relative to the new one.
    const buildah = peerOutcome(golden, "buildah");
    const next = { ...golden, buildkit: outcome };
    return buildah === undefined ? next : withPeer(next, "buildah", buildah);
  }
  const ignored = (key: string): boolean => key.startsWith("history/") || key === "layers";
  const against = Object.fromEntries(
    Object.entries(golden.buildkit ?? {}).filter(
      ([key]) => !ignored(key) || golden.buildkit === undefined,
    ),
  );
  const said = Object.fromEntries(Object.entries(outcome).filter(([key]) => !ignored(key)));
  return { ...golden, buildah: Object.fromEntries(differences(said, against)) };
}

/** Ours is recorded where it differs, and it may differ only where something says so. */
function withOurs(test: ConformanceCase, golden: Golden, end: BuildEnd): Golden {
  const ours = asOutcome(end);
  if (test.fails !== ours["fails"]) {
    open++;
    const said = end.kind === "failure" ? end.message : JSON.stringify(ours, null, 1);
    console.log(`!! ${test.name}\n   expected ${test.fails ?? "an image"}, tsbuild: ${said}`);
  }
  for (const peer of ["buildkit", "buildah"] as const) {
    const theirs = peerOutcome(golden, peer);
    if (theirs === undefined) continue;
    for (const key of differences(ours, theirs).keys()) {
      if (allowedDifference(test, peer, key, { ours, theirs }) !== undefined) continue;
      // One of them failed and the other did not: one line says it.
      if (key !== "fails" && ("fails" in ours || "fails" in theirs)) continue;
      open++;
      console.log(
        `!! ${test.name} [${peer}]\n   ${key}\n     theirs: ${theirs[key] ?? "nothing"}\n     ours:   ${ours[key] ?? "nothing"}`,
      );
    }
  }
  const { ours: _old, ...rest } = golden;
  const patch = Object.fromEntries(differences(ours, reference(golden)));
  return Object.keys(patch).length === 0 ? rest : { ...rest, ours: patch };
}

async function regenerateGroup(group: CaseGroup): Promise<void> {
  const before: GoldenFile = readGoldens(group.name);
  const cases = await Promise.all(
    group.cases.map((test, i) =>
      limit(async () => {
        const old = before.cases[test.name];
        const skipped = values.only !== undefined && !test.name.includes(values.only);
        const golden = skipped
          ? old
          : await regenerateCase(test, old, join(directory, `${group.name}-${i}`));
        return [test.name, golden] as const;
      }),
    ),
  );
  const versions = Object.fromEntries(
    [...peers].map(([peer, command]) => [peer, peerVersion(command)]),
  );
  const kept = cases.flatMap(([name, golden]) =>
    golden === undefined ? [] : [[name, golden] as const],
  );
  writeGoldens(group.name, {
    peers: { ...before.peers, ...versions },
    cases: Object.fromEntries(kept),
  });
}

try {
  for (const group of groups)
    if (positionals.length === 0 || positionals.includes(group.name)) {
      console.log(`== ${group.name}: ${group.cases.length} cases`);
      await regenerateGroup(group);
    }
} finally {
  removeTree(directory);
}
if (open > 0) {
  console.log(`${open} differences without a reason`);
  process.exitCode = 1;
}
