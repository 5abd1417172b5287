// SPDX-License-Identifier: Apache-2.0
// Rows of layer directories: states of file systems with the steps that made them, drafts, and what nothing knows.

import { defined, isRecord } from "../../base/index.js";
import { cacheTable, type StoredRecord } from "../../cache/index.js";
import type { RecordType } from "../../prune/index.js";
import type { DiskUsage, LayerDirId } from "../../sandbox/index.js";
import {
  draftTable,
  snapshotTable,
  type DraftRecord,
  type SnapshotId,
  type StoredSnapshot,
} from "../../snapshot/index.js";
import type { Store } from "../../store/index.js";
import type { Row } from "./rows.js";

/** What cache records say of a state. */
interface Use {
  readonly keys: string[];
  lastUsedAt: number;
  name: string;
  kind: string;
}

/** A state with all that is on record about it. */
export interface KnownState extends StoredSnapshot {
  readonly use?: Use;
  /** Not before that of any state on top of it. */
  readonly lastUsedAt: number;
  /** A running build relies on it, or on one on top of it. */
  readonly inUse: boolean;
}

const typeOfKind: Readonly<Record<string, RecordType>> = {
  image: "image",
  git: "source.git.checkout",
  http: "source.http",
};

/** Reads all states and what uses them. */
export function readStates(
  store: Store,
  leased: ReadonlySet<string>,
): ReadonlyMap<SnapshotId, KnownState> {
  const snapshots = new Map(
    [...store.table<StoredSnapshot>(snapshotTable).entries()].map(([, one]) => [one.id, one]),
  );
  const uses = readUses(store);
  const lastUsed = new Map<SnapshotId, number>();
  const inUse = new Set<SnapshotId>();
  for (const { id, createdAt } of snapshots.values()) {
    const used = Math.max(createdAt, uses.get(id)?.lastUsedAt ?? 0);
    const held = leased.has(id);
    // Whoever uses a state uses what it stands on.
    for (let at: SnapshotId | null = id; at !== null; at = snapshots.get(at)?.parent ?? null) {
      const older = used <= (lastUsed.get(at) ?? -1);
      if (older && (!held || inUse.has(at))) break;
      if (!older) lastUsed.set(at, used);
      if (held) inUse.add(at);
    }
  }
  return new Map(
    [...snapshots.values()].map((one): [SnapshotId, KnownState] => {
      const use = uses.get(one.id);
      const lastUsedAt = lastUsed.get(one.id) ?? 0;
      return [one.id, { ...one, lastUsedAt, inUse: inUse.has(one.id), ...defined({ use }) }];
    }),
  );
}

function readUses(store: Store): Map<SnapshotId, Use> {
  const uses = new Map<SnapshotId, Use>();
  for (const [key, { result, kind, name, lastUsedAt }] of store
    .table<StoredRecord>(cacheTable)
    .entries()) {
    const id = isRecord(result) ? result["snapshot"] : undefined;
    if (typeof id !== "string") continue;
    const use = uses.get(id as SnapshotId);
    if (use === undefined) uses.set(id as SnapshotId, { keys: [key], lastUsedAt, kind, name });
    else {
      use.keys.push(key);
      if (lastUsedAt > use.lastUsedAt) Object.assign(use, { lastUsedAt, kind, name });
    }
  }
  return uses;
}

/** One row for each state. A directory that several states share counts for one of them, on which the others stand. */
export function stateRows(
  states: ReadonlyMap<SnapshotId, KnownState>,
  sizes: ReadonlyMap<LayerDirId, DiskUsage>,
): Row[] {
  const bearers = new Map<LayerDirId, KnownState>();
  for (const state of states.values()) {
    const bearer = bearers.get(state.dir);
    if (bearer === undefined || isBearer(state, bearer)) bearers.set(state.dir, state);
  }
  const usedLater = laterUses(states, bearers);
  return [...states.values()].map((state): Row => {
    const bearer = bearers.get(state.dir);
    const bears = bearer?.id === state.id;
    const parents = [state.parent, bears ? null : (bearer?.id ?? null)];
    const { lastUsedAt, inUse } = usedLater.get(state.id) ?? state;
    return {
      id: state.id,
      type:
        state.use === undefined ? typeWithoutUse(state) : (typeOfKind[state.use.kind] ?? "regular"),
      bytes: bears ? (sizes.get(state.dir)?.bytes ?? 0) : 0,
      createdAt: state.createdAt,
      lastUsedAt,
      inUse,
      shared: false,
      reclaimable: !inUse,
      mutable: false,
      description: state.use?.name ?? describe(state),
      parents: [...new Set(parents)].filter((id) => id !== null),
      holding: { kind: "state", id: state.id, cacheKeys: state.use?.keys ?? [] },
    };
  });
}

/** The state for which a directory was made stands on nothing, so that no circle can come of it. */
function isBearer(state: KnownState, other: KnownState): boolean {
  if ((state.shared === true) !== (other.shared === true)) return state.shared !== true;
  return (
    state.createdAt - other.createdAt < 0 ||
    (state.createdAt === other.createdAt && state.id < other.id)
  );
}

/** A directory is of use for as long as any state with it. */
function laterUses(
  states: ReadonlyMap<SnapshotId, KnownState>,
  bearers: ReadonlyMap<LayerDirId, KnownState>,
): Map<SnapshotId, { lastUsedAt: number; inUse: boolean }> {
  const uses = new Map<SnapshotId, { lastUsedAt: number; inUse: boolean }>();
  for (const state of states.values()) {
    const bearer = bearers.get(state.dir);
    if (bearer === undefined || bearer.id === state.id) continue;
    const before = uses.get(bearer.id) ?? bearer;
    uses.set(bearer.id, {
      lastUsedAt: Math.max(before.lastUsedAt, state.lastUsedAt),
      inUse: before.inUse || state.inUse,
    });
  }
  return uses;
}

function typeWithoutUse({ diffId }: KnownState): RecordType {
  return diffId === undefined ? "regular" : "image";
}

function describe({ diffId, shared }: KnownState): string {
  if (diffId !== undefined) return `layer of an image (${diffId.slice(0, 19)})`;
  return shared === true
    ? "files of a COPY --link, laid over another state"
    : "state without a step";
}

/** Rows of the directories that are no state's. */
export function strayRows(
  store: Store,
  states: ReadonlyMap<SnapshotId, KnownState>,
  sizes: ReadonlyMap<LayerDirId, DiskUsage>,
  leased: ReadonlySet<string>,
): Row[] {
  const used = new Set([...states.values()].map(({ dir }) => dir));
  const drafts = store.table<DraftRecord>(draftTable);
  return [...sizes].flatMap(([dir, { bytes }]): Row[] => {
    if (used.has(dir)) return [];
    const begunAt = drafts.get(dir)?.begunAt ?? 0;
    const inUse = leased.has(dir);
    return [
      {
        id: dir,
        type: "internal",
        bytes,
        createdAt: begunAt,
        lastUsedAt: begunAt,
        inUse,
        shared: false,
        reclaimable: !inUse,
        mutable: true,
        description: inUse ? "being written by a running build" : "left over",
        parents: [],
        holding: { kind: "directory", dir },
      },
    ];
  });
}
