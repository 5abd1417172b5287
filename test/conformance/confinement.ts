// SPDX-License-Identifier: Apache-2.0
// confinement.js: lets native/test/try-syscall.c try what a step must not do, in a RUN of tsbuild and of each peer that is installed,
// and prints the rows that differ. Fails for one without a reason in confinement-allowed.ts. A script, run as root: the peers need it.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseLayout, program, removeTree, run } from "../support/runner.js";
import { peerCommand, peerVersion } from "./builders.js";
import type { Peer } from "./case.js";
import { allowedAnswers } from "./confinement-allowed.js";

const dockerfile = `FROM busybox AS tried
COPY try-syscall /
RUN /try-syscall >/answers
FROM scratch
COPY --from=tried /answers /
`;

type Answers = ReadonlyMap<string, string>;

function makeContext(directory: string): string {
  const context = join(directory, "context");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), dockerfile);
  const compiler = ["-std=gnu11", "-D_GNU_SOURCE", "-static", "-o", join(context, "try-syscall")];
  execFileSync("cc", [...compiler, "native/test/try-syscall.c"]);
  return context;
}

/** What a builder's command is given for the base image. */
const baseFor: Readonly<Record<Peer | "ours", (layout: string) => string>> = {
  ours: (layout) => `oci-layout://${layout}`,
  buildkit: (layout) => `oci-layout://${layout}:latest`,
  buildah: (layout) => `docker-image://oci:${layout}:latest`,
};

async function answersOf(
  builder: Peer | "ours",
  command: readonly string[],
  directory: string,
): Promise<Answers> {
  const out = join(directory, builder);
  const [first = "", ...rest] = command;
  const base = `busybox=${baseFor[builder](baseLayout("busybox"))}`;
  const flags = ["--network=none", "--no-cache", "--build-context", base];
  const result = await run(
    first,
    [...rest, "build", ...flags, `--output=type=local,dest=${out}`, join(directory, "context")],
    { env: { TSBUILD_ROOT: join(directory, "store"), BUILDKIT_PROGRESS: "plain" } },
  );
  if (result.code !== 0) throw new Error(`${builder}: ${result.stderr}`);
  const lines = readFileSync(join(out, "answers"), "utf8").trim().split("\n");
  return new Map(lines.map((line) => line.split(" ") as [string, string]));
}

/** Prints the rows that differ; the number of those without a reason. */
function compare(peer: Peer, ours: Answers, theirs: Answers): number {
  let open = 0;
  for (const name of new Set([...ours.keys(), ...theirs.keys()])) {
    const [own, other] = [ours.get(name) ?? "missing", theirs.get(name) ?? "missing"];
    if (own === other) continue;
    const reason = allowedAnswers.find(
      (row) => row.peer === peer && row.names.includes(name),
    )?.reason;
    if (reason === undefined) open++;
    console.log(`  ${name}: ${own} here, ${other} there (${reason ?? "WITHOUT A REASON"})`);
  }
  return open;
}

const directory = mkdtempSync(join(tmpdir(), "tsbuild-confinement-"));
let open = 0;
try {
  makeContext(directory);
  const ours = await answersOf("ours", [process.execPath, program], directory);
  for (const peer of ["buildkit", "buildah"] as const) {
    const command = peerCommand(peer);
    console.log(
      command === undefined ? `${peer}: not installed` : `${peer} ${peerVersion(command)}:`,
    );
    if (command !== undefined)
      open += compare(peer, ours, await answersOf(peer, command, directory));
  }
} finally {
  removeTree(directory);
}
if (open > 0) process.exitCode = 1;
