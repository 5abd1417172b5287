// SPDX-License-Identifier: Apache-2.0
// Who has a database open, as marks in a directory of meta/. From it follows how far the file can be trusted: as long as someone
// lives who checked it, or when the last user closed it and nobody touched it since, it is sound; otherwise (a killed
// process, a restored backup, a damaged disk) it is checked from end to end first.

import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../base/index.js";
import { Marks } from "./marks.js";
import { currentOwner, ownerFromName } from "./owner.js";

/** Milliseconds after which a user of another pid namespace counts as gone. */
const foreignAge = 24 * 3600 * 1000;

/** A database file as it was: any write to it changes this, and so does a restart of the machine, which may have cut one. */
function fingerprint(file: string): string | undefined {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs, currentOwner().boot].join(" ");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export class DatabaseUsers {
  readonly #file: string;
  readonly #marks: Marks;
  readonly #cleanMark: string;
  #sharesPid = false;

  constructor(meta: string, name: string, file: string) {
    this.#file = file;
    this.#marks = new Marks(join(meta, `${name}-users`), foreignAge);
    this.#cleanMark = join(meta, `${name}-clean`);
  }

  /**
   * True when a user of another pid namespace has this process's pid. LMDB tells its readers apart by pid, and would let
   * the second one wait for the first; write transactions do not mind, so reads have to go through those.
   */
  get sharesPid(): boolean {
    return this.#sharesPid;
  }

  /** Says that the file is open now, which is done alone. */
  entered(): void {
    const me = currentOwner();
    this.#sharesPid = this.#marks.others().some((name) => {
      const owner = ownerFromName(name);
      return owner?.pid === me.pid && owner.ns !== me.ns;
    });
    this.#marks.set();
  }

  /** Whether another living process has the file open. */
  areOthersIn(): boolean {
    return this.#marks.others().length > 0;
  }

  /** Whether the last user left the file in order, and nothing has changed it since. */
  isClean(): boolean {
    const now = fingerprint(this.#file);
    if (now === undefined) return true;
    try {
      return readFileSync(this.#cleanMark, "utf8") === now;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  /** To be called when the file has been closed. */
  leave(): void {
    this.#marks.clear();
    const now = fingerprint(this.#file);
    if (now === undefined || this.areOthersIn()) return;
    const temporary = `${this.#cleanMark}.${this.#marks.own}`;
    writeFileSync(temporary, now);
    renameSync(temporary, this.#cleanMark);
  }
}
