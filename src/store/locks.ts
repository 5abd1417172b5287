// SPDX-License-Identifier: Apache-2.0
// Locks between processes: an owner record in a table, taken in a transaction. No file locks, because those neither say
// who holds them nor survive well in containers; a record whose owner is dead is taken over.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { currentOwner, isOwner, livenessOf, type Owner } from "./owner.js";
import type { Table } from "./types.js";

export interface LockRecord {
  readonly id: string;
  readonly owner: Owner;
  /** Counts up while the holder lives: the only sign of life across pid namespaces. */
  readonly beat: number;
}

/** Milliseconds between two beats; a foreign holder that has not moved for `patience` is taken for dead. */
export const heartbeat = { interval: 3000, patience: 30_000 } as const;
const firstWait = 4;
const longestWait = 200;

/** What a waiter remembers of the holder that it saw last. */
interface Sighting {
  readonly id: string;
  readonly beat: number;
  readonly since: number;
}

export class Locks {
  readonly #table: Table<LockRecord>;
  /** The last of this process's queue for each key: they do not poll against each other. */
  readonly #queues = new Map<string, Promise<void>>();
  readonly #held = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(table: Table<LockRecord>) {
    this.#table = table;
  }

  async acquire(key: string, signal: AbortSignal | undefined): Promise<AsyncDisposable> {
    signal?.throwIfAborted();
    const turn = this.#enqueue(key);
    const id = randomBytes(8).toString("hex");
    try {
      await abortable(turn.before, signal);
      await this.#contend(key, id, signal);
    } catch (error) {
      // Whoever is next may go, once those before are through.
      void turn.before.then(turn.done);
      throw error;
    }
    this.#held.set(key, id);
    this.#startBeating();
    let released = false;
    return {
      [Symbol.asyncDispose]: async () => {
        if (released) return;
        released = true;
        this.#held.delete(key);
        if (this.#held.size === 0) this.stopBeating();
        try {
          await this.#release(key, id);
        } finally {
          turn.done();
        }
      },
    };
  }

  #enqueue(key: string): { before: Promise<void>; done: () => void } {
    const before = this.#queues.get(key) ?? Promise.resolve();
    let done = (): void => undefined;
    const mine = new Promise<void>((resolve) => {
      done = resolve;
    });
    this.#queues.set(key, mine);
    void mine.then(() => {
      if (this.#queues.get(key) === mine) this.#queues.delete(key);
    });
    return { before, done };
  }

  async #contend(key: string, id: string, signal: AbortSignal | undefined): Promise<void> {
    const owner = currentOwner();
    let seen: Sighting | undefined;
    for (let wait = firstWait; ; wait = Math.min(longestWait, wait * 1.5)) {
      const holder = await this.#table.transaction((table) => {
        const record = table.get(key);
        if (record !== undefined && isHeld(record, seen)) return record;
        table.put(key, { id, owner, beat: 0 });
        return undefined;
      });
      if (holder === undefined) return;
      if (seen?.id !== holder.id || seen.beat !== holder.beat)
        seen = { id: holder.id, beat: holder.beat, since: performance.now() };
      await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch(
        (error: unknown) => {
          signal?.throwIfAborted();
          throw error;
        },
      );
    }
  }

  async #release(key: string, id: string): Promise<void> {
    await this.#table.transaction((table) => {
      if (table.get(key)?.id === id) table.remove(key);
    });
  }

  #startBeating(): void {
    this.#timer ??= setInterval(() => {
      this.#beat().catch(() => {
        // A beat that failed (disk full) is followed by the next one; ten have to fail before anyone takes a lock over.
      });
    }, heartbeat.interval).unref();
  }

  async #beat(): Promise<void> {
    await this.#table.transaction((table) => {
      for (const [key, id] of this.#held) {
        const record = table.get(key);
        if (record?.id === id) table.put(key, { ...record, beat: record.beat + 1 });
      }
    });
  }

  stopBeating(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Gives up what is still held, when the store closes. */
  async releaseAll(): Promise<void> {
    this.stopBeating();
    const held = [...this.#held];
    this.#held.clear();
    for (const [key, id] of held) await this.#release(key, id);
  }
}

function isHeld(record: LockRecord, seen: Sighting | undefined): boolean {
  if (!isOwner(record.owner)) return false;
  const liveness = livenessOf(record.owner);
  if (liveness !== "foreign") return liveness === "alive";
  const unmoved = seen?.id === record.id && seen.beat === record.beat;
  return !unmoved || performance.now() - seen.since < heartbeat.patience;
}

/** Waits for a promise that never rejects, or rejects with the signal's reason. */
async function abortable(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return promise;
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => {
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
