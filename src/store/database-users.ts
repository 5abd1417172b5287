// SPDX-License-Identifier: Apache-2.0
// Who has a database open, as files in a directory of meta/. From it follows how far the file can be trusted: as long as someone
// lives who checked it, or when the last user closed it and nobody touched it since, it is sound; otherwise (a killed
// process, a restored backup, a damaged disk) it is checked from end to end first.
//
// Checking, opening and replacing are done by one process at a time: a check that sees another's first writes takes them for
// damage, and who opens while the file is replaced gets the new file with the old one's lock, or the other way round. The turns
// are those of Lamport's bakery: marks again, so that a process that is killed holds up nobody.

import { randomBytes } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../base/index.js";
import { currentOwner, livenessOf, ownerFromName, ownerName } from "./owner.js";

/** Milliseconds after which a user of another pid namespace counts as gone. */
const foreignAge = 24 * 3600 * 1000;
/** Milliseconds after which nobody waits any more for one whose turn it is: opening takes a few. */
const patience = 30_000;
const choosing = ".choosing";
const turn = ".turn-";

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
  readonly #directory: string;
  readonly #cleanMark: string;
  readonly #name = `${ownerName(currentOwner())}_${randomBytes(4).toString("hex")}`;
  #sharesPid = false;

  constructor(meta: string, name: string, file: string) {
    this.#file = file;
    this.#directory = join(meta, `${name}-users`);
    this.#cleanMark = join(meta, `${name}-clean`);
  }

  /**
   * True when a user of another pid namespace has this process's pid. LMDB tells its readers apart by pid, and would let
   * the second one wait for the first; write transactions do not mind, so reads have to go through those.
   */
  get sharesPid(): boolean {
    return this.#sharesPid;
  }

  /** Runs an action while no other process runs one of these. */
  alone<T>(action: () => T): T {
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const number = this.#draw();
    const mark = join(this.#directory, `${this.#name}${turn}${number}`);
    try {
      const begun = Date.now();
      while (this.#isBefore(number) && Date.now() - begun < patience) pause();
      return action();
    } finally {
      rmSync(mark, { force: true });
    }
  }

  /** A number for one's turn, higher than any that is out. */
  #draw(): number {
    const choice = join(this.#directory, this.#name + choosing);
    writeFileSync(choice, "");
    try {
      const number = 1 + Math.max(0, ...this.#others().map((name) => turnOf(name) ?? 0));
      writeFileSync(join(this.#directory, `${this.#name}${turn}${number}`), "");
      return number;
    } finally {
      rmSync(choice, { force: true });
    }
  }

  /** Whether someone comes before a turn of ours, or may be about to draw a number that does. */
  #isBefore(number: number): boolean {
    return this.#others().some((name) => {
      if (name.endsWith(choosing)) return true;
      const other = turnOf(name);
      return other !== undefined && (other < number || (other === number && name < this.#name));
    });
  }

  /** Says that the file is open now, which is done alone. */
  entered(): void {
    const me = currentOwner();
    this.#sharesPid = this.#others().some((name) => {
      const owner = ownerFromName(name);
      return owner?.pid === me.pid && owner.ns !== me.ns;
    });
    writeFileSync(join(this.#directory, this.#name), "");
  }

  /** Whether another living process has the file open. Marks of dead ones are removed. */
  areOthersIn(): boolean {
    return this.#others().some((name) => !name.endsWith(choosing) && turnOf(name) === undefined);
  }

  #others(): string[] {
    return readdirSync(this.#directory).filter((name) => {
      if (name.startsWith(this.#name)) return false;
      const path = join(this.#directory, name);
      if (this.#lives(name, path)) return true;
      rmSync(path, { force: true });
      return false;
    });
  }

  #lives(name: string, path: string): boolean {
    const owner = ownerFromName(name);
    const liveness = owner === undefined ? "dead" : livenessOf(owner);
    if (liveness !== "foreign") return liveness === "alive";
    const isWaiting = name.endsWith(choosing) || turnOf(name) !== undefined;
    try {
      return Date.now() - statSync(path).mtimeMs < (isWaiting ? patience : foreignAge);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
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
    rmSync(join(this.#directory, this.#name), { force: true });
    const now = fingerprint(this.#file);
    if (now === undefined || this.#others().length > 0) return;
    const temporary = `${this.#cleanMark}.${this.#name}`;
    writeFileSync(temporary, now);
    renameSync(temporary, this.#cleanMark);
  }
}

function turnOf(name: string): number | undefined {
  const at = name.lastIndexOf(turn);
  return at < 0 ? undefined : Number(name.slice(at + turn.length));
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** A millisecond: whoever opens a database has nothing else to do. */
function pause(): void {
  Atomics.wait(never, 0, 0, 1);
}
