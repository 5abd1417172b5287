// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openStore, type Store } from "#src/store/index.js";

let root: string;
let store: Store;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tsbuild-store-"));
  store = await openStore({ root });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

/** Another process that takes a lock and a lease, says so, and then waits to be killed. */
async function holder(): Promise<ChildProcess> {
  const script = `
    import { openStore } from ${JSON.stringify(import.meta.resolve("#src/store/index.js"))};
    const store = await openStore({ root: ${JSON.stringify(root)} });
    await store.lock("k");
    const lease = await store.lease();
    await lease.add("held-by-child");
    console.log("ready");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ready = await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  assert.match(String(ready[0]), /ready/);
  return child;
}

describe("locks", () => {
  it("let one holder in at a time, in the order of asking", async () => {
    const order: number[] = [];
    let inside = 0;
    await Promise.all(
      [1, 2, 3, 4].map(async (i) => {
        await using _held = await store.lock("k");
        assert.equal(++inside, 1);
        order.push(i);
        await sleep(2);
        inside--;
      }),
    );
    assert.deepEqual(order, [1, 2, 3, 4]);
  });

  it("of different keys do not wait for each other", async () => {
    await using _a = await store.lock("a");
    await using _b = await store.lock("b");
  });

  it("hold between two openings of one store", async () => {
    await using second = await openStore({ root });
    const held = await store.lock("k");
    let got = false;
    const waiting = second.lock("k").then((lock) => {
      got = true;
      return lock;
    });
    await sleep(50);
    assert.equal(got, false);
    await held[Symbol.asyncDispose]();
    await (await waiting)[Symbol.asyncDispose]();
  });

  it("give up waiting at the signal, with its reason, and let the next one in", async () => {
    const held = await store.lock("k");
    const controller = new AbortController();
    const waiting = store.lock("k", { signal: controller.signal });
    const next = store.lock("k");
    controller.abort(new Error("enough"));
    await assert.rejects(waiting, /enough/);
    await held[Symbol.asyncDispose]();
    await (await next)[Symbol.asyncDispose]();
  });

  it("of another process are waited for, and taken over when it is killed", async () => {
    const child = await holder();
    try {
      await assert.rejects(store.lock("k", { signal: AbortSignal.timeout(60) }), {
        name: "TimeoutError",
      });
      assert.deepEqual([...(await store.leased())], ["held-by-child"]);
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await using _held = await store.lock("k", { signal: AbortSignal.timeout(5000) });
    assert.deepEqual([...(await store.leased())], []);
  });

  const unshare = ["-U", "-r", "-p", "-f", "--mount-proc"];
  const isolated = spawnSync("unshare", [...unshare, "true"]).status === 0;
  const skip = isolated ? false : "this machine allows no pid namespaces";
  it(
    "hold between pid namespaces, where different processes have the same pid",
    { skip },
    async () => {
      const script = `
      import { openStore } from ${JSON.stringify(import.meta.resolve("#src/store/index.js"))};
      const store = await openStore({ root: ${JSON.stringify(root)} });
      const table = store.table("t");
      for (let i = 0; i < 20; i++) {
        const held = await store.lock("k");
        const n = table.get("n") ?? 0;
        await new Promise((resolve) => setTimeout(resolve, 2));
        await table.put("n", n + 1);
        await held[Symbol.asyncDispose]();
      }
      await store.close();`;
      const run = async (): Promise<void> => {
        const node = [process.execPath, "--input-type=module", "-e", script];
        const child = spawn("unshare", [...unshare, ...node], { stdio: "inherit" });
        assert.deepEqual(await once(child, "exit"), [0, null]);
      };
      await Promise.all([run(), run(), run()]);
      assert.equal(store.table<number>("t").get("n"), 60);
    },
  );

  it("are given up when the store closes", async () => {
    const second = await openStore({ root });
    await second.lock("k");
    await second.close();
    await using _held = await store.lock("k", { signal: AbortSignal.timeout(2000) });
  });
});

describe("leases", () => {
  it("protect what is added until they end", async () => {
    const lease = await store.lease();
    await lease.add("sha256:a", "snapshot/b");
    await lease.add("sha256:a", "c");
    await using second = await openStore({ root });
    assert.deepEqual([...(await second.leased())].sort(), ["c", "sha256:a", "snapshot/b"]);
    await lease[Symbol.asyncDispose]();
    await lease[Symbol.asyncDispose]();
    assert.equal((await second.leased()).size, 0);
  });

  it("protect an id as long as one of them does", async () => {
    const [a, b] = [await store.lease(), await store.lease()];
    await a.add("x");
    await b.add("x");
    await a[Symbol.asyncDispose]();
    assert.deepEqual([...(await store.leased())], ["x"]);
    await b[Symbol.asyncDispose]();
    assert.equal((await store.leased()).size, 0);
  });
});
