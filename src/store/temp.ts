// SPDX-License-Identifier: Apache-2.0
// Scratch space: one directory per process below tmp/, named after its owner, so that what a dead one left is found and removed.

import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../base/index.js";
import { storeError } from "./errors.js";
import { currentOwner, livenessOf, ownerFromName, ownerName } from "./owner.js";

/** After this time the scratch of a process of another pid namespace counts as left over. */
const foreignAge = 24 * 3600 * 1000;

async function isLeftOver(directory: string, name: string): Promise<boolean> {
  const owner = ownerFromName(name);
  if (owner !== undefined) {
    const liveness = livenessOf(owner);
    if (liveness !== "foreign") return liveness === "dead";
  }
  const { mtimeMs } = await stat(join(directory, name));
  return Date.now() - mtimeMs > foreignAge;
}

/** Removes the scratch of processes that died. Never follows symlinks. */
export async function sweepTemp(directory: string): Promise<void> {
  for (const name of await namesIn(directory)) {
    try {
      if (await isLeftOver(directory, name))
        await rm(join(directory, name), { recursive: true, force: true });
    } catch (error) {
      // Another process sweeps too, and may be faster.
      if (errnoOf(error) !== "ENOENT") throw error;
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw storeError(error, "look for left-over scratch", directory);
  }
}

/** Removes a directory and what is in it: mostly nothing, and then Node needs not load what removes trees. */
async function removeDirectory(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch {
    await rm(path, { recursive: true, force: true });
  }
}

/** The scratch directory of this process and store. Made at first use. */
export class TempSpace {
  readonly #parent: string;
  #own: Promise<string> | undefined;
  #serial = 0;

  constructor(parent: string) {
    this.#parent = parent;
  }

  async #make(): Promise<string> {
    const name = `${ownerName(currentOwner())}_${randomBytes(4).toString("hex")}`;
    const path = join(this.#parent, name);
    await mkdir(this.#parent, { recursive: true, mode: 0o700 });
    await mkdir(path, { mode: 0o700 });
    return path;
  }

  /** A path for a new file; nothing is there yet. */
  async file(): Promise<string> {
    this.#own ??= this.#make();
    try {
      return join(await this.#own, `f${++this.#serial}`);
    } catch (error) {
      this.#own = undefined;
      throw storeError(error, "make a temporary directory", this.#parent);
    }
  }

  /** A new private directory. */
  async directory(): Promise<{ readonly path: string } & AsyncDisposable> {
    const path = await this.file();
    try {
      await mkdir(path, { mode: 0o700 });
    } catch (error) {
      throw storeError(error, "make a temporary directory", path);
    }
    return {
      path,
      [Symbol.asyncDispose]: async () => {
        await removeDirectory(path);
      },
    };
  }

  /** Removes everything of this process. */
  async close(): Promise<void> {
    const own = this.#own;
    this.#own = undefined;
    if (own === undefined) return;
    const path = await own.catch(() => undefined);
    if (path !== undefined) await removeDirectory(path);
  }
}
