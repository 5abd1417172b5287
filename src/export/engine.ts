// SPDX-License-Identifier: Apache-2.0
// Handing an archive to the container engine of this machine: `docker load`, or `podman load`.

import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { printable, TsbuildError } from "../base/index.js";

const engines = ["docker", "podman"];
/** Characters of what the engine says that an error repeats. */
const saidKept = 2000;

function onPath(name: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return directory !== "";
    } catch {
      return false; // not in this directory
    }
  });
}

/** Pipes a Docker archive into the engine. Errors: EXPORT_ENGINE (none there, or it refused), and what the source throws. */
export async function loadIntoEngine(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const engine = engines.find(onPath);
  if (engine === undefined)
    throw new TsbuildError("EXPORT_ENGINE", "there is no container engine to load the image into", {
      hint: "install docker or podman, or write an archive with type=docker,dest=FILE",
    });
  const child = spawn(engine, ["load"], { stdio: ["pipe", "ignore", "pipe"], signal });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-saidKept);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const [fed, code] = await Promise.allSettled([pipeline(source, child.stdin, { signal }), ended]);
  signal.throwIfAborted();
  // An engine that refuses closes its input first: what it says explains the broken pipe.
  if (code.status === "rejected" || code.value !== 0)
    throw new TsbuildError("EXPORT_ENGINE", `${engine} load failed: ${printable(said.trim())}`, {
      details: { engine },
      cause: code.status === "rejected" ? code.reason : undefined,
    });
  if (fed.status === "rejected") throw fed.reason;
}
