// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdir,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  rmdir,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openStore, type Store } from "#src/store/index.js";

let root: string;
let store: Store;
let warnings: string[];
const reopen = async (): Promise<void> => {
  await store.close();
  store = await openStore({ root, onWarning: (m) => warnings.push(m) });
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "tsbuild-store-"));
  warnings = [];
  store = await openStore({ root, onWarning: (m) => warnings.push(m) });
});
afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true });
});

describe("tables", () => {
  it("keep values of JSON beyond the end of the process's store", async () => {
    const table = store.table<{ a: number; b: string | null }>("things");
    await table.put("x", { a: 1, b: "é\ud800" });
    await table.put("y", { a: 2, b: null });
    await reopen();
    const again = store.table<{ a: number }>("things");
    assert.deepEqual(again.get("x"), { a: 1, b: "é\ud800" });
    assert.deepEqual(again.get("y"), { a: 2, b: null });
    assert.equal(again.get("z"), undefined);
  });

  it("are refused where LMDB would crash on its files", async () => {
    await store.table<number>("a").put("k", 1);
    await store.close();
    const lock = (await readdir(join(root, "meta"))).filter((name) => name.endsWith(".mdb-lock"));
    assert.ok(lock.length > 0);
    for (const name of lock) {
      await rm(join(root, "meta", name));
      await mkdir(join(root, "meta", name));
    }
    store = await openStore({ root });
    assert.throws(() => store.table<number>("a").get("k"), { code: "STORE_DATABASE" });
    for (const name of lock) await rmdir(join(root, "meta", name));
    assert.equal(store.table<number>("a").get("k"), 1);
  });

  it("do not see each other's entries", async () => {
    await store.table<number>("a").put("k", 1);
    await store.table<number>("ab").put("k", 2);
    await store.table<number>("a-b").put("k", 3);
    assert.deepEqual([...store.table<number>("a").entries()], [["k", 1]]);
    assert.deepEqual([...store.table<number>("ab").entries()], [["k", 2]]);
  });

  it("list entries by prefix in the order of their bytes, long and odd keys among them", async () => {
    const table = store.table<number>("t");
    const long = `a/${"x".repeat(3000)}`;
    const keys = [
      "",
      "a",
      "a/",
      "a/b",
      long,
      "a/\ud800",
      "a/\udfff",
      "b",
      "é",
      "z",
      "\u0001odd",
      "\uffff",
    ];
    await Promise.all(keys.map((key, i) => table.put(key, i)));
    for (const [i, key] of keys.entries()) assert.equal(table.get(key), i, JSON.stringify(key));
    const under = [...table.entries("a/")].map(([key]) => key);
    assert.deepEqual(new Set(under), new Set(["a/", "a/b", long, "a/\ud800", "a/\udfff"]));
    assert.deepEqual(new Set([...table.entries()].map(([key]) => key)), new Set(keys));
    const plain = [...table.entries()].map(([key]) => key).filter((key) => key.length < 4);
    assert.deepEqual(
      plain.slice(0, 3),
      ["", "a", "a/"].filter((k) => plain.includes(k)).slice(0, 3),
    );
  });

  it("forget what is removed", async () => {
    const table = store.table<number>("t");
    await table.put("k", 1);
    assert.equal(await table.remove("k"), true);
    assert.equal(await table.remove("k"), false);
    assert.equal(table.get("k"), undefined);
  });

  it("change as a whole or, when a transaction throws, not at all", async () => {
    const table = store.table<number>("t");
    await table.put("n", 1);
    await assert.rejects(
      table.transaction((tx) => {
        tx.put("n", 2);
        tx.put("m", 2);
        assert.equal(tx.get("n"), 2);
        throw new Error("no");
      }),
      /no/,
    );
    assert.equal(table.get("n"), 1);
    assert.equal(table.get("m"), undefined);
  });

  it("count right when many transactions run at once", async () => {
    const table = store.table<number>("t");
    await Promise.all(
      Array.from({ length: 200 }, () =>
        table.transaction((tx) => {
          tx.put("n", (tx.get("n") ?? 0) + 1);
        }),
      ),
    );
    assert.equal(table.get("n"), 200);
  });

  it("refuse names that are none", () => {
    for (const name of ["", "A", "a/b", "x".repeat(41)])
      assert.throws(() => store.table(name), TypeError);
  });
});

describe("a damaged database", () => {
  const file = (): string => join(root, "meta/metadata.mdb");
  const fill = async (): Promise<void> => {
    const table = store.table<string>("t");
    await Promise.all(Array.from({ length: 2000 }, (_, i) => table.put(`key${i}`, `value ${i}`)));
    await store.close();
  };
  const usable = async (): Promise<void> => {
    await reopen();
    const table = store.table<string>("t");
    for (let i = 0; i < 2000; i++) {
      const value = table.get(`key${i}`);
      assert.ok(value === undefined || value === `value ${i}`);
    }
    await table.put("new", "value");
    assert.equal(table.get("new"), "value");
  };

  for (const [name, damage] of [
    ["cut short", () => truncate(file(), 20_000)],
    ["cut within its first pages", () => truncate(file(), 5000)],
    ["emptied", () => truncate(file(), 0)],
    ["replaced by text", () => writeFile(file(), "not a database ".repeat(1000))],
    ["replaced by noise", () => writeFile(file(), Buffer.alloc(100_000, "\u0007\u0003x"))],
    ["replaced by zeros", () => writeFile(file(), Buffer.alloc(100_000))],
  ] as const)
    it(`${name} is set aside and begun anew`, async () => {
      await fill();
      await damage();
      await usable();
      if (name === "emptied") return;
      assert.equal(warnings.length, 1);
      assert.equal((await readdir(join(root, "corrupt"))).length, 1);
    });

  it("with any page scrambled is noticed before it can do harm", async () => {
    await fill();
    const sound = await readFile(file());
    const pages = sound.length / 4096;
    for (let page = 2; page < pages; page += 7)
      for (const [offset, bit] of [
        [8 + 10, 0x01],
        [20, 0x80],
        [26, 0x10],
      ] as const) {
        const bytes = Buffer.from(sound);
        const at = page * 4096 + offset;
        bytes[at] = (bytes[at] ?? 0) ^ bit;
        await writeFile(file(), bytes);
        await usable();
        await store.close();
        await rm(join(root, "meta"), { recursive: true });
        await mkdir(join(root, "meta"));
      }
    assert.ok(warnings.length > 5);
  });

  it("is not what a killed process leaves behind", async () => {
    const script = `
      import { openStore } from ${JSON.stringify(import.meta.resolve("#src/store/index.js"))};
      const store = await openStore({ root: ${JSON.stringify(root)} });
      const table = store.table("t");
      for (let i = 0; ; i++) {
        await table.put("key" + (i % 500), "value " + (i % 500));
        if (i === 300) console.log("ready");
      }`;
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      child.kill("SIGKILL");
      await once(child, "exit");
      await reopen();
      const entries = [...store.table<string>("t").entries()];
      assert.ok(entries.length > 200);
      assert.ok(entries.every(([key, value]) => value === key.replace("key", "value ")));
    }
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      await readdir(join(root, "meta/metadata-users")).then((names) => names.length),
      1,
    );
  });

  it("with flipped bits in its records never gives a wrong value", async () => {
    await fill();
    const bytes = await readFile(file());
    let flipped = 0;
    for (
      let at = bytes.indexOf("value ");
      at >= 0 && flipped < 100;
      at = bytes.indexOf("value ", at + 997)
    ) {
      bytes[at] = (bytes[at] ?? 0) ^ 0x04;
      flipped++;
    }
    assert.ok(flipped > 20);
    await using handle = await open(file(), "r+");
    await handle.write(bytes);
    await handle.close();
    await usable();
  });
});
