// SPDX-License-Identifier: Apache-2.0
// examples.js [NAME...]: builds the examples with tsbuild and with Buildah from the same base images, and compares file
// systems and configurations. Prints every difference; fails for one without a reason here. A script: it needs Buildah,
// and the network for apt-get.

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseLayout, program, removeTree } from "../support/runner.js";
import { peerCommand } from "./builders.js";
import { flattenLayout, type FlatEntry, type FlatImage } from "./flatten.js";

const bases: Readonly<Record<string, readonly string[]>> = {
  hello: ["busybox"],
  "c-app": ["gcc:12", "debian:bookworm-slim"],
  flask: ["debian:bookworm-slim"],
  "node-service": ["node:20-slim"],
};

/** Files that two runs of the same command never write the same, and why. */
const volatile: readonly { readonly path: RegExp; readonly reason: string }[] = [
  { path: /^var\/log\//, reason: "logs carry the time of the run" },
  { path: /^var\/cache\/ldconfig\/aux-cache$/, reason: "holds inode numbers and times" },
  { path: /^var\/cache\/apt\//, reason: "apt's caches hold the time of the run" },
  { path: /^var\/lib\/apt\//, reason: "apt's lists are fetched by each builder at its own time" },
  { path: /\.pyc$/, reason: "compiled Python files hold the time of their source" },
];

/** Differences in configuration that we mean to have. */
const meant: Readonly<Record<string, string>> = {
  ArgsEscaped: "BuildKit sets it with CMD, and so do we; Buildah does not",
  Healthcheck: "Buildah does not write it into OCI images; BuildKit does, and so do we",
  Labels: "Buildah labels what it built with its own version",
  WorkingDir: "an empty one means the root; Buildah writes it out",
};

/** What is compared of an entry: no times, because each builder runs the commands itself. */
function describe({ type, mode, uid, gid, target, sha256, device, xattrs }: FlatEntry): string {
  return JSON.stringify([
    type,
    type === "symlink" ? 0 : mode,
    uid,
    gid,
    target,
    sha256,
    device,
    xattrs,
  ]);
}

function compare(ours: FlatImage, theirs: FlatImage): { what: string; reason?: string }[] {
  const found: { what: string; reason?: string }[] = [];
  const paths = new Set([...ours.tree.keys(), ...theirs.tree.keys()]);
  for (const path of [...paths].sort()) {
    const [a, b] = [ours.tree.get(path), theirs.tree.get(path)];
    const [left, right] = [a && describe(a), b && describe(b)];
    if (left === right) continue;
    const reason = volatile.find((rule) => rule.path.test(path))?.reason;
    found.push({
      what: `/${path}: ${left ?? "missing"} | ${right ?? "missing"}`,
      ...(reason === undefined ? {} : { reason }),
    });
  }
  for (const key of new Set([...Object.keys(ours.config), ...Object.keys(theirs.config)])) {
    const [left, right] = [ours, theirs].map(({ config }) => JSON.stringify(config[key]));
    if (left === right) continue;
    const reason = meant[key];
    found.push({
      what: `config ${key}: ${left ?? "missing"} | ${right ?? "missing"}`,
      ...(reason === undefined ? {} : { reason }),
    });
  }
  return found;
}

const buildah = peerCommand("buildah");
if (buildah === undefined) throw new Error("Buildah is not installed");
const wanted = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "tsbuild-examples-"));
let open = 0;
try {
  for (const [name, images] of Object.entries(bases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const context = join(import.meta.dirname, "..", "..", "..", "examples", name);
    const contexts = (scheme: (layout: string) => string): string[] =>
      images.flatMap((image) => ["--build-context", `${image}=${scheme(baseLayout(image))}`]);
    const [own, peer] = [join(directory, `${name}-tsbuild`), join(directory, `${name}-buildah`)];
    const ours = [
      "build",
      "-q",
      ...contexts((layout) => `oci-layout://${layout}`),
      `--output=type=oci,tar=false,dest=${own}`,
      context,
    ];
    execFileSync(process.execPath, [program, ...ours], {
      env: { ...process.env, TSBUILD_ROOT: join(directory, "store") },
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [first = "", ...rest] = buildah;
    const theirs = [
      "build",
      "-q",
      "--network=host",
      "--identity-label=false",
      "--tag",
      `oci:${peer}:latest`,
      ...contexts((layout) => `docker-image://oci:${layout}:latest`),
      context,
    ];
    execFileSync(first, [...rest, ...theirs], { stdio: ["ignore", "ignore", "inherit"] });
    const differences = compare(await flattenLayout(own), await flattenLayout(peer));
    const unexplained = differences.filter(({ reason }) => reason === undefined);
    console.log(
      `${name}: ${differences.length} differences, ${unexplained.length} without a reason`,
    );
    for (const { what } of unexplained) console.log(`  ${what}`);
    for (const reason of new Set(differences.flatMap((one) => one.reason ?? [])))
      console.log(`  (${differences.filter((one) => one.reason === reason).length}) ${reason}`);
    open += unexplained.length;
  }
} finally {
  removeTree(directory);
}
if (open > 0) process.exitCode = 1;
