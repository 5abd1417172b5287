// SPDX-License-Identifier: Apache-2.0
// Opening the rooms that a command needs: store, helper, snapshots, registries. All are closed together.

import { CleanupStack, defined, warningsTo, type EventSink } from "../base/index.js";
import type { Connections, RegistryClient } from "../registry/index.js";
import {
  createSandbox,
  storageDriver,
  type Sandbox,
  type StorageDriver,
} from "../sandbox/index.js";
import { createSnapshots, type Snapshots } from "../snapshot/index.js";
import { openStore, type Store } from "../store/index.js";
import { defaultStoreRoot } from "./store-root.js";

export interface Rooms extends AsyncDisposable {
  readonly store: Store;
  readonly sandbox: Sandbox;
  /** How the sandbox stacks layers. */
  readonly driver: StorageDriver;
  readonly snapshots: Snapshots;
  /** Opened when it is first asked for. `insecureHosts`: as in RegistryClientOptions. */
  readonly registry: (options?: {
    readonly insecureHosts?: readonly string[];
  }) => Promise<RegistryClient>;
  /** For services that are no registries; opened when they are first asked for. */
  readonly connections: () => Promise<Connections>;
}

export async function openRooms(
  options: {
    readonly storeRoot?: string;
    readonly storageDriver?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly insecureRegistries?: readonly string[];
  },
  events: EventSink,
  signal: AbortSignal,
): Promise<Rooms> {
  const env = options.env ?? process.env;
  const root = options.storeRoot ?? defaultStoreRoot(env);
  const onWarning = warningsTo(events);
  await using cleanup = new CleanupStack();
  const store = cleanup.use(await openStore({ root, signal, onWarning }));
  const asked = options.storageDriver ?? env["TSBUILD_STORAGE_DRIVER"];
  const driver = await storageDriver({ storeRoot: store.root, ...defined({ asked }) }, signal);
  if (driver.reason !== undefined)
    onWarning(`layers are stacked by ${driver.name}, which is slower: ${driver.reason}`);
  const sandbox = createSandbox({ storeRoot: store.root, driver, onWarning });
  const snapshots = await createSnapshots({ store, sandbox, signal });
  const clients = new Map<string, Promise<RegistryClient>>();
  // Loaded when it is needed: most builds have their base images at hand.
  const openRegistry = async (insecureHosts: readonly string[]): Promise<RegistryClient> => {
    const { createRegistryClient } = await import("../registry/index.js");
    return createRegistryClient({ env, onWarning, insecureHosts });
  };
  cleanup.defer(async () => {
    for (const client of clients.values()) await (await client).close();
  });
  const registry: Rooms["registry"] = ({ insecureHosts = [] } = {}) => {
    const hosts = [...(options.insecureRegistries ?? []), ...insecureHosts];
    const client = clients.get(hosts.join()) ?? openRegistry(hosts);
    clients.set(hosts.join(), client);
    return client;
  };
  let opened: Promise<Connections> | undefined;
  const connections = (): Promise<Connections> =>
    (opened ??= import("../registry/index.js").then((room) => new room.Connections(env)));
  cleanup.defer(async () => {
    (await opened)?.close();
  });
  const held = cleanup.move();
  return {
    store,
    sandbox,
    driver,
    snapshots,
    registry,
    connections,
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}
