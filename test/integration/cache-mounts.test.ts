// SPDX-License-Identifier: Apache-2.0
// Cache mounts on their way between machines, each of which is a store of its own here.

import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { canaryIn } from "../support/attack.js";
import { forgeLayers } from "../support/cache-builds.js";
import { baseContexts, workspace } from "../support/runner.js";
import type { RawEntry } from "../support/tar-builder.js";
import { makeTree } from "../support/tree.js";

const space = workspace();
after(() => space[Symbol.asyncDispose]());

const command = (name: string): string =>
  `RUN --mount=type=cache,id=shared,target=/cache,uid=7,mode=750 echo ${name} sees $(stat -c %u-%a /cache) $(cat /cache/names) && echo ${name} >> /cache/names`;
const dockerfileOf = (name: string): string => `FROM busybox\n${command(name)}\n`;

makeTree(join(space.directory, "context"), { file: "" });

/** Builds on a machine; what was printed. */
async function on(machine: string, dockerfile: string, ...args: string[]): Promise<string> {
  const { stderr } = await space.succeed(
    [...baseContexts("busybox"), ...args, "-o", "type=cacheonly", "-f", "-", "context"],
    { input: dockerfile, env: { TSBUILD_ROOT: join(space.directory, machine) } },
  );
  return stderr;
}

const from = (cache: string): string => `--cache-from=type=local,src=${cache}`;
const to = (cache: string, more = ""): string => `--cache-to=type=local,dest=${cache}${more}`;

describe("a cache mount", () => {
  it("begins elsewhere with what it had, when it was asked to go along", async () => {
    await on("a", dockerfileOf("one"), to("with", ",mounts=true"), to("without"));
    const log = await on("b", dockerfileOf("two"), from("with"));
    assert.match(log, /two sees 7-750 one\n/);
    assert.match(await on("b", dockerfileOf("three"), from("with")), /three sees 7-750 one two\n/);
    assert.doesNotMatch(await on("c", dockerfileOf("two"), from("without")), /sees 7-750 one/);
  });
  it("has the owners, modes and links of files", async () => {
    const mount = "RUN --mount=type=cache,target=/c ";
    await on(
      "owners",
      `FROM busybox\n${mount}cd /c && echo x > a && ln a b && ln -s a l && mkdir d && chown 12:13 d && chmod 4711 a\n`,
      to("owners-cache", ",mounts=true"),
    );
    const log = await on(
      "owners-again",
      `FROM busybox\n${mount}cd /c && stat -c '%n %u:%g %a %h' a d && readlink l\n`,
      from("owners-cache"),
    );
    assert.match(log, /a 0:0 4711 2\n.*d 12:13 755 \d\n.* a\n/);
  });
  it("begins so for all commands that come to it at once", async () => {
    await on("a", dockerfileOf("one"), to("at-once", ",mounts=true"));
    const stages = [1, 2, 3].map((i) => `FROM busybox AS s${i}\n${command(`stage${i}`)}`);
    const copies = [1, 2, 3].map((i) => `COPY --from=s${i} /etc/group /${i}`);
    const log = await on("d", [...stages, "FROM scratch", ...copies].join("\n"), from("at-once"));
    assert.equal([...log.matchAll(/stage\d sees 7-750 one/g)].length, 3, log);
  });
  it("goes from cache to cache where its command is not run", async () => {
    const dockerfile = dockerfileOf("one");
    await on("e", dockerfile, to("first", ",mounts=true"));
    const log = await on("f", dockerfile, from("first"), to("second", ",mounts=true"));
    assert.match(log, /CACHED/);
    assert.match(await on("g", dockerfileOf("two"), from("second")), /two sees 7-750 one\n/);
  });
  it("is another one with another id, owner, mode or namespace", async () => {
    await on("h", dockerfileOf("one"), to("others", ",mounts=true"));
    for (const [i, other] of [
      dockerfileOf("two").replace("id=shared", "id=other"),
      dockerfileOf("two").replace("uid=7", "uid=8"),
      dockerfileOf("two").replace("mode=750", "mode=700"),
    ].entries())
      assert.doesNotMatch(await on(`other-${i}`, other, from("others")), /sees \d-\d+ one/);
    const namespace = "--build-arg=BUILDKIT_CACHE_MOUNT_NS=mine";
    const log = await on("other-3", dockerfileOf("two"), namespace, from("others"));
    assert.doesNotMatch(log, /sees \d-\d+ one/);
  });
  it("begins empty, with a warning, where what the cache has is not what it says", async () => {
    await on("i", dockerfileOf("one"), to("damaged", ",mode=max,mounts=true"));
    const blobs = join(space.directory, "damaged/blobs/sha256");
    for (const name of readdirSync(blobs)) {
      const path = join(blobs, name);
      const { size } = statSync(path);
      // Documents are larger: what is left are the layers of a command and of its mount.
      if (size < 250) writeFileSync(path, Buffer.alloc(size, 1));
    }
    const log = await on("j", dockerfileOf("two"), from("damaged"));
    assert.match(log, /WARNING: a cache mount begins empty, for its content cannot be imported/);
    assert.match(log, /two sees 7-750 *\n/);
  });
  it("stays in its place, whatever archive it comes in", async () => {
    const canary = canaryIn(space.directory);
    const { directory, victim } = canary;
    const links: RawEntry[] = [
      { name: "./", type: "5" },
      { name: "names", type: "2", link: victim },
      { name: "out", type: "2", link: directory },
      { name: "out/new", content: "new" },
    ];
    const up = "../".repeat(20);
    const archives: Readonly<Record<string, readonly [entries: RawEntry[], log: RegExp]>> = {
      links: [links, /two sees \d-\d+ *\n/],
      hard: [
        [{ name: "names", type: "1", link: `${up}${victim}` }],
        /WARNING: a cache mount begins empty, .*leads out[^]*two sees 7-750 *\n/,
      ],
      device: [
        [{ name: "names", type: "3" }],
        /WARNING: a cache mount begins empty, .*refused[^]*two sees 7-750 *\n/,
      ],
      above: [
        [{ name: `${up}${victim}`, content: "" }],
        /WARNING: a cache mount begins empty, [^]*two sees 7-750 *\n/,
      ],
    };
    for (const [name, [entries, log]] of Object.entries(archives)) {
      await on("k", dockerfileOf("one"), to(`forged-${name}`, ",mounts=true"));
      forgeLayers(join(space.directory, `forged-${name}`), ...entries);
      // Where the name leads out, the command that writes there fails, or writes inside of its root.
      const dockerfile = dockerfileOf("two")
        .replace(" && echo", "; echo")
        .replace("names\n", "names; true\n");
      assert.match(await on(`forged-in-${name}`, dockerfile, from(`forged-${name}`)), log);
      canary.assertUntouched();
    }
  });
  /** A command that ends when another one is there that has the same cache. */
  const meets = (own: string, other: string, id: string): string =>
    `RUN --mount=type=cache,id=${id},target=/c touch /c/${own}; i=0; until [ -f /c/${other} ]; do i=$((i+1)); [ $i -lt 200 ] || exit 1; usleep 100000; done`;
  it("is one for the commands that come to it at once when it is new", async () => {
    const stages = [meets("one", "two", "met"), meets("two", "one", "met")];
    const dockerfile = [
      ...stages.map((run, i) => `FROM busybox AS s${i}\n${run}`),
      "FROM scratch\nCOPY --from=s0 /etc/group /0\nCOPY --from=s1 /etc/group /1\n",
    ].join("\n");
    await on("meeting", dockerfile, "--jobs=2");
  });
  it("is one for builds that come to it at once when it is new", async () => {
    await on("meeting", "FROM busybox\nRUN true\n");
    for (const id of ["first", "second"])
      await Promise.all([
        on("meeting", `FROM busybox\n${meets("one", "two", id)}\n`),
        on("meeting", `FROM busybox\n${meets("two", "one", id)}\n`),
      ]);
  });
  it("begins anew once in a build without cache, when its owner or mode is given", async () => {
    const mount = "RUN --mount=type=cache,target=/c,mode=773";
    const dockerfile = [
      "FROM busybox",
      `${mount} test ! -e /c/b && touch /c/a`,
      `${mount} test -f /c/a && touch /c/b`,
      "FROM busybox",
      "COPY --from=0 /etc/group /",
      `${mount} test -f /c/b && test "$(stat -c %a /c)" = 773\n`,
    ].join("\n");
    await on("anew", dockerfile);
    await on("anew", dockerfile, "--no-cache");
    await on("anew", "FROM busybox\nRUN --mount=type=cache,target=/c,mode=773 test -f /c/b\n");
  });
  const seeded = (content: string, flags = ""): string =>
    [
      `FROM busybox AS seed\nRUN mkdir /d /e && echo ${content} > /d/f && echo other > /e/f`,
      `FROM busybox\nRUN --mount=type=cache,id=seeded,from=seed,source=/d,target=/c${flags} touch /c/g\n`,
    ].join("\n");
  it("makes another step of its command with other first files, and with another owner or mode", async () => {
    const again = async (dockerfile: string): Promise<string> => on("keyed", dockerfile);
    const cached = /stage-1 2\/2\] RUN .*\n#\d+ CACHED/;
    await again(seeded("one"));
    assert.match(await again(seeded("one")), cached);
    assert.match(await again(seeded("one").replace("mkdir /d /e", "mkdir -p /d /e")), cached);
    for (const other of [
      seeded("two"),
      seeded("two").replace("source=/d", "source=/e"),
      seeded("two", ",mode=0700"),
      seeded("two", ",mode=0700,uid=3"),
      seeded("two", ",mode=0700,gid=3"),
    ])
      assert.doesNotMatch(await again(other), cached, other);
    const context = `FROM busybox\nRUN --mount=type=cache,from=files,target=/c true\n`;
    const files = join(space.directory, "files");
    for (const content of ["one", "two"]) {
      makeTree(files, { file: content });
      assert.doesNotMatch(
        await on("keyed", context, `--build-context=files=${files}`),
        /RUN .*\n#\d+ CACHED/,
      );
    }
  });
  it("is another one with another seed, here and elsewhere", async () => {
    const mount = "RUN --mount=type=cache,id=seeds,from=seed,target=/c";
    const show = (name: string): string =>
      `echo ${name} sees $(cat /c/f) $(ls /c); touch /c/${name}`;
    const fromStage = (content: string, name: string): string =>
      [
        `FROM busybox AS seed\nRUN mkdir /d && echo ${content} > /d/f`,
        `FROM busybox\n${mount},source=/d ${show(name)}\n`,
      ].join("\n");
    const files = join(space.directory, "seeds-files");
    const fromContext = (content: string, name: string): [string, string] => {
      makeTree(files, { f: content });
      return [`FROM busybox\n${mount} ${show(name)}\n`, `--build-context=seed=${files}`];
    };
    for (const [i, build] of [
      (content: string, name: string): readonly [string, ...string[]] => [fromStage(content, name)],
      fromContext,
    ].entries()) {
      const [here, there, cache] = [`seeds-${i}`, `seeds-${i}-there`, `seeds-${i}-cache`];
      await on(here, ...build("1", "one"));
      assert.match(await on(here, ...build("2", "two")), /two sees 2 f\n/);
      const log = await on(here, ...build("1", "three"), to(cache, ",mounts=true"));
      assert.match(log, /three sees 1 f one\n/);
      assert.match(await on(there, ...build("2", "four"), from(cache)), /four sees 2 f\n/);
      assert.match(
        await on(there, ...build("1", "five"), from(cache)),
        /five sees 1 f one three\n/,
      );
    }
  });
  it("is refused with a value that is neither true nor false", async () => {
    await space.fail(1, [to("x", ",mounts=some"), "-f", "-", "context"], {
      input: "FROM scratch\n",
    });
  });
});
