// SPDX-License-Identifier: Apache-2.0
// Old cache is removed after builds without being asked. Nothing to do costs next to nothing: the disk is walked only where
// it is new, and the store is looked at again only when the disk has filled by a good part of what was left to the limits.

import { isTsbuildError, messageOf, type EventSink } from "../../base/index.js";
import { gcLimits, gcPolicies, selectForAll, type Limits } from "../../prune/index.js";
import { snapshotTable } from "../../snapshot/index.js";
import { asSlowStep } from "../as-step.js";
import type { Rooms } from "../rooms.js";

/** What is remembered of the last time. Bytes; `at` in milliseconds since the epoch. */
interface LastLook {
  readonly at: number;
  /** Free on the disk then. */
  readonly free: number;
  /** What could be added before a limit was reached. */
  readonly room: number;
}

const tableName = "gc";
/** Milliseconds after which it is looked again in any case: things become old, in days, without the disk filling. */
const longest = 24 * 3_600_000;
/** Someone else is at it already: not waited for. */
const patience = 20;
/** Milliseconds after which whoever waits is told for what. */
const silence = 1000;

/**
 * Notes that there is nothing in a store, if that is so: the build that fills it need not walk through all that it has just written.
 * To be called before anything is made. Wrong settings are told after the build.
 */
export async function noteEmptyStore(
  { store }: Rooms,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const looks = store.table<LastLook>(tableName);
  if (looks.get("last") !== undefined) return;
  const [state] = store.table(snapshotTable).entries();
  if (state !== undefined) return;
  const disk = await store.disk();
  try {
    const limits = gcLimits(env, disk);
    if (limits !== undefined) await looks.put("last", lookOf(limits, disk.free, 0));
  } catch (error) {
    if (!isTsbuildError(error, "PRUNE_SETTING")) throw error;
  }
}

function lookOf({ maxUsedSpace, minFreeSpace }: Limits, free: number, used: number): LastLook {
  const room = Math.min(maxUsedSpace - used, free - minFreeSpace);
  return { at: Date.now(), free, room: Math.max(room, 0) };
}

/**
 * Removes what the limits do not allow, if it is time to look. Never fails a build: what goes wrong is a warning. Rejects
 * with the signal's reason only.
 */
export async function collectGarbage(
  rooms: Rooms,
  env: Readonly<Record<string, string | undefined>>,
  events: EventSink,
  signal: AbortSignal,
): Promise<void> {
  try {
    await asSlowStep("removing old cache", silence, events, signal, () =>
      lookAndRemove(rooms, env, signal),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!isTsbuildError(error)) throw error;
    events({ kind: "warning", message: `old cache was not removed: ${messageOf(error)}` });
  }
}

async function lookAndRemove(
  rooms: Rooms,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const { store } = rooms;
  const disk = await store.disk();
  const limits = gcLimits(env, disk);
  if (limits === undefined) return;
  const looks = store.table<LastLook>(tableName);
  if (!isTime(looks.get("last"), disk.free, limits.interval)) return;
  const impatient = AbortSignal.timeout(patience);
  let lock: AsyncDisposable;
  try {
    lock = await store.lock("gc", { signal: AbortSignal.any([signal, impatient]) });
  } catch (error) {
    if (impatient.aborted && !signal.aborted) return;
    throw error;
  }
  await using _lock = lock;
  const used = await applyPolicies(rooms, limits, signal);
  await looks.put("last", lookOf(limits, (await store.disk()).free, used));
}

function isTime(last: LastLook | undefined, free: number, interval: number): boolean {
  if (last === undefined) return true;
  const since = Date.now() - last.at;
  // A clock that was set back must not stop this for years.
  if (since < 0 || since > longest) return true;
  return since >= interval && last.free - free >= last.room / 2;
}

/** Gives the bytes that are used in the end. */
async function applyPolicies(rooms: Rooms, limits: Limits, signal: AbortSignal): Promise<number> {
  // Loaded when there is something to do: most builds end without.
  const { removeSelected } = await import("./remove.js");
  const disk = await rooms.store.disk();
  let used = 0;
  const removed = await removeSelected(rooms, { exact: false, signal }, ({ rows }) => {
    used = rows.reduce((sum, { bytes, shared }) => sum + (shared ? 0 : bytes), 0);
    return Promise.resolve(selectForAll(rows, gcPolicies(limits), disk, Date.now()));
  });
  if (removed.length > 0) {
    const { forgetOutlines } = await import("./forget.js");
    await forgetOutlines(rooms.store);
  }
  return used - removed.reduce((sum, { bytes }) => sum + bytes, 0);
}
