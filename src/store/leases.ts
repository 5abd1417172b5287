// SPDX-License-Identifier: Apache-2.0
// Leases: what a running build uses and a prune must leave alone. A lease of a dead process protects nothing and is swept.

import { randomBytes } from "node:crypto";
import { currentOwner, isOwner, livenessOf, type Owner } from "./owner.js";
import type { Lease, Table, TableTransaction } from "./types.js";

/** A lease's own record stands under its id; what it protects, under `id/` and the protected id. */
export type LeaseRecord =
  { readonly owner: Owner; readonly beat: number } | { readonly held: true };

/** Milliseconds: how often a lease shows life, and how long one of another pid namespace is believed without a sign. */
const heartbeat = { interval: 60_000, patience: 600_000 } as const;

function ownerKey(lease: string): string {
  return `${lease}/`;
}

function isLiving(record: LeaseRecord, now: number): boolean {
  if (!("owner" in record) || !isOwner(record.owner)) return false;
  const liveness = livenessOf(record.owner);
  return liveness === "foreign" ? now - record.beat < heartbeat.patience : liveness === "alive";
}

export class Leases {
  readonly #table: Table<LeaseRecord>;
  readonly #refresh: () => void;
  readonly #open = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** `refresh`: makes reads of other tables see what was written last. */
  constructor(table: Table<LeaseRecord>, refresh: () => void) {
    this.#table = table;
    this.#refresh = refresh;
  }

  /** Costs nothing until something is added. */
  create(): Lease {
    const id = randomBytes(8).toString("hex");
    const known = new Set<string>();
    let ended = false;
    const write = (table: TableTransaction<LeaseRecord>, ids: readonly string[]): void => {
      if (!this.#open.has(id)) table.put(ownerKey(id), { owner: currentOwner(), beat: Date.now() });
      for (const one of ids) table.put(ownerKey(id) + one, { held: true });
    };
    const written = (ids: readonly string[]): void => {
      this.#open.add(id);
      for (const one of ids) known.add(one);
      this.#startBeating();
    };
    const add = async (...ids: readonly string[]): Promise<void> => {
      const fresh = ids.filter((one) => !known.has(one));
      if (fresh.length === 0 || ended) return;
      await this.#table.transaction((table) => {
        write(table, fresh);
      });
      written(fresh);
    };
    const hold = async <T>(
      find: (protect: (...ids: readonly string[]) => void) => T,
    ): Promise<T> => {
      const wanted = new Set<string>();
      const search = (): T => {
        wanted.clear();
        return find((...ids) => {
          for (const one of ids) wanted.add(one);
        });
      };
      const fresh = (): string[] => [...wanted].filter((one) => !known.has(one));
      this.#refresh();
      const before = search();
      // What is protected already cannot have gone, and nothing needs no protection.
      if (fresh().length === 0 || ended) return before;
      const value = await this.#table.transaction((table) => {
        // A prune runs inside a transaction of this table, so that none does now.
        this.#refresh();
        const found = search();
        write(table, fresh());
        return found;
      });
      written([...wanted]);
      return value;
    };
    return {
      add,
      hold,
      [Symbol.asyncDispose]: async () => {
        ended = true;
        if (this.#open.delete(id)) await this.#remove([id]);
        if (this.#open.size === 0) this.stopBeating();
      },
    };
  }

  async #remove(leases: readonly string[]): Promise<void> {
    await this.#table.transaction((table) => {
      for (const lease of leases)
        for (const [key] of table.entries(ownerKey(lease))) table.remove(key);
    });
  }

  /** Everything that living leases protect. */
  async protectedIds(): Promise<Set<string>> {
    return await this.whileSteady((ids) => ids);
  }

  /** Runs `action` with everything that living leases protect, while none can be added or ended. Dead ones are removed. */
  async whileSteady<T>(action: (leased: Set<string>) => T): Promise<T> {
    return await this.#table.transaction((table) => {
      const now = Date.now();
      const ids = new Set<string>();
      const living = new Set<string>();
      for (const [key, record] of table.entries()) {
        const slash = key.indexOf("/");
        const lease = key.slice(0, slash);
        // A lease's own record sorts before what it protects.
        if (slash === key.length - 1 && isLiving(record, now)) living.add(lease);
        if (!living.has(lease)) table.remove(key);
        else if (slash < key.length - 1) ids.add(key.slice(slash + 1));
      }
      return action(ids);
    });
  }

  #startBeating(): void {
    this.#timer ??= setInterval(() => {
      this.#beat().catch(() => {
        // The next beat makes up for one that failed.
      });
    }, heartbeat.interval).unref();
  }

  async #beat(): Promise<void> {
    await this.#table.transaction((table) => {
      for (const id of this.#open)
        table.put(ownerKey(id), { owner: currentOwner(), beat: Date.now() });
    });
  }

  stopBeating(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async releaseAll(): Promise<void> {
    this.stopBeating();
    const open = [...this.#open];
    this.#open.clear();
    if (open.length > 0) await this.#remove(open);
  }
}
