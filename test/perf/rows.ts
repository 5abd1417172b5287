// SPDX-License-Identifier: Apache-2.0
// The rows of the benchmark, one for each work that a builder should be fast at.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseLayout, imagesDirectory } from "../support/runner.js";
import { makeLargeFiles, makeProgram, makeSmallFiles } from "./inputs.js";
import { serveImage } from "./pulled-image.js";
import type { Floor, GrowthRow, Row, Scenario, Size } from "./scenario.js";

const MB = 1024 * 1024;

/** A context with a Dockerfile; the rest of a scenario is cold, without bases and without a network. */
function scenario(
  context: string,
  dockerfile: string | readonly string[],
  rest: Partial<Omit<Scenario, "build">> & {
    bases?: readonly string[];
    network?: "none" | "default";
    uncompressed?: boolean;
  } = {},
): Scenario {
  const { bases = [], network = "none", uncompressed = false, store = "cold", ...others } = rest;
  mkdirSync(context, { recursive: true });
  const text = typeof dockerfile === "string" ? dockerfile : dockerfile.join("\n");
  writeFileSync(join(context, "Dockerfile"), `${text}\n`);
  return {
    build: {
      context,
      bases: Object.fromEntries(bases.map((name) => [name, baseLayout(name)])),
      network,
      uncompressed,
    },
    store,
    // What is made lies in the row's directory, which the caller removes.
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...others,
  };
}

const scaled = (size: Size, count: number): number =>
  size === "full" ? count : Math.max(Math.ceil(count / 200), 4);
const seconds = (size: Size, full: number): number => (size === "full" ? full : 1);

const tarAndGzip: Floor = {
  name: "tar and gzip",
  script: 'tar -cf - -C "$CONTEXT" . | gzip -6 > "$OUTPUT"',
};
const tarAndPigz: Floor = {
  name: "tar and pigz",
  script: 'tar -cf - -C "$CONTEXT" . | pigz -6 > "$OUTPUT"',
  needs: ["pigz"],
};
const copy: Floor = { name: "cp", script: 'cp -a "$CONTEXT"/. "$SCRATCH"' };

const copyDockerfile = ["FROM scratch", "COPY files /files"];

function copyOfSmallFiles(
  context: string,
  files: { readonly count: number; readonly bytes: number },
  rest: Partial<Scenario> = {},
): Scenario {
  makeSmallFiles(join(context, "files"), files);
  return scenario(context, copyDockerfile, rest);
}

function largeFiles(
  directory: string,
  size: Size,
  { uncompressed = false }: { readonly uncompressed?: boolean } = {},
): Scenario {
  const context = join(directory, "context");
  makeLargeFiles(join(context, "files"), { count: 6, bytes: scaled(size, 200) * MB });
  const sum: Floor = { name: "sha256sum", script: 'cat "$CONTEXT"/files/* | sha256sum' };
  const floors = uncompressed ? [sum, copy] : [sum, tarAndPigz, copy];
  return scenario(context, copyDockerfile, { floors, uncompressed });
}

function emptyRuns(context: string, count: number, network: "none" | "default"): Scenario {
  const runs = Array.from({ length: count }, (_, i) => `RUN : ${i}`);
  const user = process.getuid?.() === 0 ? "" : "--user --map-root-user";
  const script =
    `i=0; while [ $i -lt ${count} ]; do ` +
    `unshare ${user} --mount --pid --net --ipc --uts --fork sh -c :; i=$((i+1)); done`;
  return scenario(context, ["FROM busybox", ...runs], {
    bases: ["busybox"],
    network,
    floors: [{ name: "unshare", script, needs: ["unshare"] }],
  });
}

function thirtyInstructions(): string[] {
  const lines = ["FROM busybox", "WORKDIR /app", "COPY files /app/files"];
  for (let i = 0; i < 9; i++)
    lines.push(
      `ENV NAME${i}=value${i}`,
      `LABEL name${i}=value${i}`,
      `RUN echo ${i} > /app/out${i}`,
    );
  return lines;
}

const writeFiles = (count: number, directory: string): string =>
  `mkdir -p ${directory} && cd ${directory} && i=0 && while [ $i -lt ${count} ]; do ` +
  `echo "file $i, which has a little text in it" > f$i; i=$((i+1)); done`;

export const rows: readonly Row[] = [
  {
    name: "unchanged-small",
    work: "nothing changed, a small context",
    goals: [{ kind: "peer", factor: 0.8 }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      makeSmallFiles(join(context, "files"), { count: scaled(size, 10), bytes: 1000 });
      return scenario(
        context,
        ["FROM busybox", "WORKDIR /app", "COPY files files", "RUN cat files/*/* > all"],
        { bases: ["busybox"], store: "warm", floors: [{ name: "node -e 0", script: "node -e 0" }] },
      );
    },
  },
  {
    name: "unchanged-30",
    work: "nothing changed, 30 instructions, 10,000 context files",
    goals: [{ kind: "peer", factor: 0.5 }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      makeSmallFiles(join(context, "files"), { count: scaled(size, 10_000), bytes: 1000 });
      return scenario(context, thirtyInstructions(), { bases: ["busybox"], store: "warm" });
    },
  },
  {
    name: "unchanged-100k",
    work: "nothing changed, COPY of 100,000 files",
    goals: [{ kind: "peer", factor: 0.25 }],
    prepare: (directory, size) =>
      copyOfSmallFiles(
        join(directory, "context"),
        { count: scaled(size, 100_000), bytes: 1000 },
        {
          store: "warm",
          floors: [{ name: "find", script: 'find "$CONTEXT" -newermt tomorrow' }],
        },
      ),
  },
  {
    name: "copy-100k",
    work: "COPY of 100,000 files of 1 kB, to an OCI tarball",
    goals: [
      { kind: "peer", factor: 0.25 },
      { kind: "memory", bytes: 200 * MB },
    ],
    prepare: (directory, size) =>
      copyOfSmallFiles(
        join(directory, "context"),
        { count: scaled(size, 100_000), bytes: 1000 },
        { floors: [tarAndGzip, tarAndPigz, copy] },
      ),
  },
  {
    name: "runs-50",
    work: "50 RUNs that do nothing, without a network",
    goals: [
      { kind: "peer", factor: 0.2 },
      { kind: "over-floor", seconds: 0.5 },
    ],
    prepare: (directory, size) =>
      emptyRuns(join(directory, "context"), size === "full" ? 50 : 4, "none"),
  },
  {
    name: "runs-50-network",
    work: "50 RUNs that do nothing, with the network that the builder gives unasked",
    goals: [{ kind: "peer", factor: 0.2 }],
    prepare: (directory, size) =>
      emptyRuns(join(directory, "context"), size === "full" ? 50 : 4, "default"),
  },
  {
    name: "copy-30k",
    work: "COPY of 30,000 small files (200 MB), to an OCI tarball",
    goals: [{ kind: "peer", factor: 0.25 }],
    prepare: (directory, size) =>
      copyOfSmallFiles(
        join(directory, "context"),
        { count: scaled(size, 30_000), bytes: 7000 },
        { floors: [tarAndGzip, tarAndPigz, copy] },
      ),
  },
  {
    name: "copy-large",
    work: "COPY of 1.2 GB in large files, to an OCI tarball",
    goals: [
      { kind: "peer", factor: 0.4 },
      { kind: "memory", bytes: 200 * MB },
    ],
    prepare: (directory, size) => largeFiles(directory, size),
  },
  {
    name: "copy-large-plain",
    work: "COPY of 1.2 GB in large files, to an OCI tarball with uncompressed layers",
    goals: [
      { kind: "peer", factor: 0.4 },
      { kind: "memory", bytes: 200 * MB },
    ],
    prepare: (directory, size) => largeFiles(directory, size, { uncompressed: true }),
  },
  {
    name: "run-30k",
    work: "RUN that writes 30,000 files and deletes 5,000 of the layer below",
    goals: [{ kind: "peer", factor: 0.5 }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      makeSmallFiles(join(context, "files"), { count: scaled(size, 10_000), bytes: 1000 });
      const parts = scaled(size, 5000) / 100;
      const remove = `i=0; while [ $i -lt ${Math.ceil(parts)} ]; do rm -r /files/d$i; i=$((i+1)); done`;
      const dockerfile = (round: number): string[] => [
        "FROM busybox",
        "COPY files /files",
        `RUN : ${round}; ${remove}; ${writeFiles(scaled(size, 30_000), "/new")}`,
      ];
      const files = writeFiles(scaled(size, 30_000), '"$SCRATCH"/new');
      return scenario(context, dockerfile(-1), {
        bases: ["busybox"],
        store: "warm",
        change: (round) => {
          writeFileSync(join(context, "Dockerfile"), `${dockerfile(round).join("\n")}\n`);
        },
        floors: [
          {
            name: "sh, tar and gzip",
            script: `(${files}); tar -c "$SCRATCH" | gzip -6 > "$OUTPUT"`,
          },
        ],
      });
    },
  },
  {
    name: "copies-120",
    work: "120 layers of small COPYs",
    goals: [{ kind: "peer", factor: 0.5 }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      const count = size === "full" ? 120 : 10;
      makeSmallFiles(join(context, "files"), { count, bytes: 1000 });
      const copies = Array.from(
        { length: count },
        (_, i) => `COPY files/d${Math.floor(i / 100)}/f${i}.txt /to/`,
      );
      return scenario(context, ["FROM scratch", ...copies]);
    },
  },
  {
    name: "stages-4",
    work: "four independent stages of 4 s each (3 s asleep)",
    goals: [{ kind: "floor", factor: 1.15 }],
    prepare: (directory, size) => {
      // A limit of CPU time makes the same second of work on every machine.
      const work =
        `sleep ${seconds(size, 3)}; ` +
        (size === "full" ? "(ulimit -t 1; while :; do :; done) || true" : ":");
      const names = ["a", "b", "c", "d"];
      const stages = names.map(
        (name) => `FROM busybox AS ${name}\nRUN ${work}; echo ${name} > /${name}`,
      );
      const copies = names.map((name) => `COPY --from=${name} /${name} /`);
      return scenario(join(directory, "context"), [...stages, "FROM scratch", ...copies], {
        bases: ["busybox"],
        floors: [{ name: "sh", script: `for i in ${names.join(" ")}; do (${work}) & done; wait` }],
      });
    },
  },
  {
    name: "pull",
    work: "pull and unpack 205 MB (compressed) from a local registry",
    goals: [{ kind: "peer", factor: 0.7 }],
    prepare: async (directory, size) => {
      const served = await serveImage(join(directory, "image"), {
        layers: 4,
        bytes: scaled(size, 100) * MB,
        files: scaled(size, 2000),
      });
      // A file that the layers do not have makes a builder open them.
      const dockerfile = [`FROM ${served.reference}`, "COPY Dockerfile /new/Dockerfile"];
      const unpack = served.layers.map(
        (url) => `(curl -sf ${url} | gunzip | tar -x -C "$SCRATCH") & pids="$pids $!"`,
      );
      const script = [...unpack, "for pid in $pids; do wait $pid; done"].join("\n");
      return scenario(join(directory, "context"), dockerfile, {
        withoutBases: true,
        floors: [{ name: "curl, gunzip and tar", script, needs: ["curl"] }],
        [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
      });
    },
  },
  {
    name: "change-one",
    work: "one file of 50,000 changed, rebuild",
    goals: [{ kind: "peer", factor: 0.25 }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      return copyOfSmallFiles(
        context,
        { count: scaled(size, 50_000), bytes: 1000 },
        {
          store: "warm",
          change: (round) => {
            writeFileSync(join(context, "files/d0/f1.txt"), `changed for round ${round}\n`);
          },
          floors: [tarAndPigz],
        },
      );
    },
  },
  {
    name: "make",
    work: "a C program, built with make -j2 on a base with a compiler",
    goals: [{ kind: "peer", factor: 0.85 }],
    missing: () =>
      existsSync(join(imagesDirectory, "gcc", "index.json"))
        ? undefined
        : "there is no base image with a compiler (fixtures/images/make.sh gcc)",
    prepare: (directory, size) => {
      const context = join(directory, "context");
      makeProgram(join(context, "program"), size === "full" ? 80 : 4);
      const dockerfile = ["FROM gcc:12", "WORKDIR /src", "COPY program .", "RUN make -s -j2"];
      const script = 'cp -r "$CONTEXT"/program/. "$SCRATCH" && make -s -j2 -C "$SCRATCH"';
      return scenario(context, dockerfile, {
        bases: ["gcc:12"],
        floors: [{ name: "make", script, needs: ["make", "gcc"] }],
      });
    },
  },
  {
    name: "memory-2g",
    work: "COPY of 2 GB in one file, to an OCI tarball",
    builders: "tsbuild",
    goals: [{ kind: "memory", bytes: 200 * MB }],
    prepare: (directory, size) => {
      const context = join(directory, "context");
      makeLargeFiles(join(context, "files"), { count: 1, bytes: scaled(size, 2000) * MB });
      return scenario(context, copyDockerfile);
    },
  },
];

const large = (directory: string, bytes: number): Scenario => {
  const context = join(directory, "context");
  makeLargeFiles(join(context, "files"), { count: 1, bytes });
  return scenario(context, copyDockerfile);
};
const small = (directory: string, count: number): Scenario =>
  copyOfSmallFiles(join(directory, "context"), { count, bytes: 1000 });
const runs = (directory: string, count: number): Scenario =>
  emptyRuns(join(directory, "context"), count, "none");

export const growthRows: readonly GrowthRow[] = [
  {
    name: "growth-files",
    work: "COPY of 10,000 and of 100,000 files",
    atMost: 11,
    small: (directory, size) => small(directory, scaled(size, 10_000)),
    large: (directory, size) => small(directory, scaled(size, 100_000)),
  },
  {
    name: "growth-bytes",
    work: "COPY of one file of 100 MB and of 1 GB",
    atMost: 11,
    small: (directory, size) => large(directory, scaled(size, 100) * MB),
    large: (directory, size) => large(directory, scaled(size, 1000) * MB),
  },
  {
    name: "growth-layers",
    work: "12 and 120 RUNs that do nothing",
    atMost: 11,
    small: (directory, size) => runs(directory, size === "full" ? 12 : 2),
    large: (directory, size) => runs(directory, size === "full" ? 120 : 20),
  },
];
