// SPDX-License-Identifier: Apache-2.0
// RUN mounts after expansion: defaults, aliases, refusals.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDockerfile, resolveMount, scopeOf } from "#src/dockerfile/index.js";
import type { Mount } from "#src/dockerfile/index.js";

const scope = scopeOf(
  new Map([
    ["T", "cache"],
    ["P", "/p"],
    ["BAD", "nope"],
    ["R", "true"],
  ]),
);

function resolve(value: string): ReturnType<typeof resolveMount> {
  const dockerfile = parseDockerfile(`FROM x\nRUN --mount=${value} true\n`, { file: "Dockerfile" });
  const run = dockerfile.stages[0]?.instructions[0];
  assert.ok(run?.kind === "run" && run.mounts[0] !== undefined);
  return resolveMount(run.mounts[0], scope, { source: dockerfile.source });
}

const bind = { kind: "bind", source: "/", readOnly: true } as const;
const cache = {
  kind: "cache",
  source: "/",
  sharing: "shared",
  readOnly: false,
  mode: 0o755,
  uid: 0,
  gid: 0,
  ownerGiven: false,
} as const;
const secret = { kind: "secret", required: false, mode: 0o400, uid: 0, gid: 0 } as const;
const ssh = { kind: "ssh", id: "default", required: false, mode: 0o600, uid: 0, gid: 0 } as const;

const good: readonly (readonly [string, Mount])[] = [
  ["target=/x", { ...bind, target: "/x" }],
  ["type=bind", bind],
  ["dst=/x,src=a", { ...bind, target: "/x", source: "a" }],
  ["destination=/x,from=s", { ...bind, target: "/x", from: "s" }],
  ["target=/x,rw", { ...bind, target: "/x", readOnly: false }],
  ["target=/x,readwrite=false", { ...bind, target: "/x" }],
  ["target=/x,ro=false", { ...bind, target: "/x", readOnly: false }],
  ["target=/x,rw,ro", { ...bind, target: "/x" }],
  ["target=/x,ro,rw", { ...bind, target: "/x", readOnly: false }],
  ["target=rel", { ...bind, target: "rel" }],
  ["target=/x,id=ignored,env=ignored", { ...bind, target: "/x" }],
  ["type=BIND,target=/x", { ...bind, target: "/x" }],
  ["target=/a,target=/b", { ...bind, target: "/b" }],
  ["type=cache,target=/c/", { ...cache, id: "/c", target: "/c/" }],
  ["type=cache,target=/c/../d", { ...cache, id: "/d", target: "/c/../d" }],
  ["type=cache,id=i,target=/c", { ...cache, id: "i", target: "/c" }],
  ["type=cache,target=/c,ro", { ...cache, id: "/c", target: "/c", readOnly: true }],
  [
    "type=cache,target=/c,sharing=PRIVATE",
    { ...cache, id: "/c", target: "/c", sharing: "private" },
  ],
  [
    "type=cache,target=/c,mode=1777,uid=1,gid=2",
    { ...cache, id: "/c", target: "/c", mode: 0o1777, uid: 1, gid: 2, ownerGiven: true },
  ],
  [
    "type=cache,target=/c,from=s,source=/q",
    { ...cache, id: "/c", target: "/c", from: "s", source: "/q" },
  ],
  ["type=$T,target=$P", { ...cache, id: "/p", target: "/p" }],
  ["type=cache,target=${U:-/d}", { ...cache, id: "/d", target: "/d" }],
  ["type=tmpfs,target=/t", { kind: "tmpfs", target: "/t" }],
  ["type=tmpfs,target=/t,size=128m", { kind: "tmpfs", target: "/t", size: 134217728 }],
  ["type=tmpfs,target=/t,size=0", { kind: "tmpfs", target: "/t" }],
  ["size=1k,target=/t,type=tmpfs", { kind: "tmpfs", target: "/t", size: 1024 }],
  ["type=secret,id=a/b", { ...secret, id: "a/b", target: "/run/secrets/b" }],
  ["type=secret,target=/etc/tok", { ...secret, id: "tok", target: "/etc/tok" }],
  ["type=secret,source=s", { ...secret, id: "s", target: "/run/secrets/s" }],
  ["type=secret,id=a,env=A", { ...secret, id: "a", env: "A" }],
  ["type=secret,id=a,env=", { ...secret, id: "a", env: "a" }],
  ["type=secret,id=a,env=A,target=/t", { ...secret, id: "a", env: "A", target: "/t" }],
  ["required,type=secret,id=a", { ...secret, id: "a", target: "/run/secrets/a", required: true }],
  [
    "type=secret,id=a,required=$R",
    { ...secret, id: "a", target: "/run/secrets/a", required: true },
  ],
  [
    "type=secret,id=a,mode=0444,uid=5",
    { ...secret, id: "a", target: "/run/secrets/a", mode: 0o444, uid: 5 },
  ],
  ["type=ssh", ssh],
  [
    "type=ssh,id=k,target=/s,required,mode=666,gid=7",
    { ...ssh, id: "k", target: "/s", required: true, mode: 0o666, gid: 7 },
  ],
];

describe("resolveMount", () => {
  for (const [value, expected] of good)
    it(`${value} gives ${expected.kind} with its defaults`, () => {
      assert.deepEqual(resolve(value).mount, expected);
    });

  for (const value of [
    "type=$BAD,target=/x",
    "type=cache,sharing=$BAD,target=/x",
    "type=cache,mode=$BAD,target=/x",
    "target=/x,ro=$BAD",
    "target=/$U",
    "type=${T}x,target=/x",
    "type=secret,id=$U",
    "nokey=$P",
  ])
    it(`${value} is refused once its variables are known`, () => {
      assert.throws(() => resolve(value), { code: "DOCKERFILE_MOUNT" });
    });

  it("tells which variables were used and which were not set", () => {
    const { used, unset } = resolve("type=$T,target=$P/$U");
    assert.deepEqual(used, ["T", "P"]);
    assert.deepEqual(unset, ["U"]);
  });
});
