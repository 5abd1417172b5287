// SPDX-License-Identifier: Apache-2.0
// Files in a directory by which processes tell one another that they are there. Marks of dead processes count no more, and are
// removed by whoever looks.

import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../base/index.js";
import { currentOwner, livenessOf, ownerFromName, ownerName } from "./owner.js";

/** Removes a file that may be gone. (rmSync loads a part of Node that nothing else here needs.) */
function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

export class Marks {
  readonly #directory: string;
  readonly #foreignAge: number;
  /** What this one's marks begin with. */
  readonly own: string = `${ownerName(currentOwner())}_${randomBytes(4).toString("hex")}`;

  /** `foreignAge`: milliseconds after which a process of another pid namespace counts as dead, as nothing else tells. */
  constructor(directory: string, foreignAge: number) {
    this.#directory = directory;
    this.#foreignAge = foreignAge;
  }

  set(suffix = ""): void {
    const path = join(this.#directory, this.own + suffix);
    try {
      writeFileSync(path, "");
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      writeFileSync(path, "");
    }
  }

  clear(suffix = ""): void {
    remove(join(this.#directory, this.own + suffix));
  }

  /** The marks of others that live. */
  others(): string[] {
    let names: string[];
    try {
      names = readdirSync(this.#directory);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw error;
    }
    return names.filter((name) => {
      if (name.startsWith(this.own)) return false;
      const path = join(this.#directory, name);
      if (this.#lives(name, path)) return true;
      remove(path);
      return false;
    });
  }

  #lives(name: string, path: string): boolean {
    const owner = ownerFromName(name);
    const liveness = owner === undefined ? "dead" : livenessOf(owner);
    if (liveness !== "foreign") return liveness === "alive";
    try {
      return Date.now() - statSync(path).mtimeMs < this.#foreignAge;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  }
}
