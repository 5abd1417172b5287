// SPDX-License-Identifier: Apache-2.0
// Typed values: modes, durations, sizes, ports, signals, paths.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseDuration } from "#src/base/index.js";
import {
  applyMode,
  cleanPath,
  parseMode,
  parsePorts,
  portKeys,
  parseSignal,
  parseSize,
  parseStopSignal,
} from "#src/dockerfile/index.js";

const location = { file: "Dockerfile", range: { startLine: 3, endLine: 3 } };
const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

describe("--chmod", () => {
  // Spec, mode before (d for a directory), mode after. The rows agree with GNU chmod under umask 0, but for `o+t` and `a=rx`
  // with a sticky bit, where BSD's rule holds as in BuildKit.
  const table: readonly (readonly [string, string, string])[] = [
    ["644", "0755", "0644"],
    ["0", "0755", "0000"],
    ["7777", "0000", "7777"],
    ["00755", "0000", "0755"],
    ["u+x", "0644", "0744"],
    ["+x", "0644", "0755"],
    ["a+x", "0644", "0755"],
    ["ugo+x", "0644", "0755"],
    ["-x", "0755", "0644"],
    ["go-rwx", "0755", "0700"],
    ["u=rwx,go=rx", "0000", "0755"],
    ["u=rwX,go=rX", "0600", "0644"],
    ["u=rwX,go=rX", "0700", "0755"],
    ["u=rwX,go=rX", "d0600", "0755"],
    ["+X", "0644", "0644"],
    ["+X", "0744", "0755"],
    ["+X", "d0644", "0755"],
    ["-X", "0755", "0644"],
    ["a=", "0755", "0000"],
    ["=", "0755", "0000"],
    ["g=u", "0740", "0770"],
    ["o=g", "0750", "0755"],
    ["u=g", "0750", "0550"],
    ["go=u-w", "0755", "0755"],
    ["go=u", "0644", "0666"],
    ["a=u", "0640", "0666"],
    ["u=u", "0640", "0640"],
    ["g+u", "0700", "0770"],
    ["o-g", "0777", "0770"],
    ["g+rw-x", "0710", "0760"],
    ["u+s", "0755", "4755"],
    ["g+s", "0755", "2755"],
    ["ug+s", "0755", "6755"],
    ["+s", "0755", "6755"],
    ["o+s", "0755", "0755"],
    ["-s", "6755", "0755"],
    ["+t", "0777", "1777"],
    ["o+t", "0777", "0777"],
    ["-t", "1777", "0777"],
    ["u=rwx", "4755", "0755"],
    ["g=rx", "2755", "0755"],
    ["a=rx", "1755", "1555"],
    ["u+r,g+w,o+x", "0000", "0421"],
    ["u=rw,u+x", "0000", "0700"],
    ["a+rwx", "0000", "0777"],
    ["u-w", "0755", "0555"],
  ];
  for (const [spec, before, after] of table)
    it(`${spec} makes ${before} into ${after}`, () => {
      const directory = before.startsWith("d");
      const mode = Number.parseInt(before.replace("d", ""), 8);
      assert.equal(octal(applyMode(parseMode(spec, location), mode, directory)), after);
      assert.equal(octal(applyMode(spec, mode, directory)), after);
    });

  for (const spec of [
    "",
    "64a",
    "8",
    "10000",
    "-1",
    "x",
    "u",
    "u+",
    "u+q",
    "z+x",
    "u=rwx,",
    ",u+x",
    "u+x go+r",
    "0x1ff",
    "99999999999999999999999999",
  ])
    if (spec === "u+")
      it("u+ changes nothing", () => {
        assert.equal(octal(applyMode(parseMode(spec, location), 0o644, false)), "0644");
      });
    else
      it(`${JSON.stringify(spec)} is refused`, () => {
        assert.throws(() => parseMode(spec, location), { code: "DOCKERFILE_VALUE", location });
      });
});

describe("durations", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["0", 0],
    ["+0", 0],
    ["-0", 0],
    ["1s", 1e9],
    ["30s", 30e9],
    ["1m30s", 90e9],
    ["1h", 3600e9],
    ["1.5s", 1.5e9],
    [".5s", 5e8],
    ["1.s", 1e9],
    ["1ms", 1e6],
    ["1us", 1e3],
    ["1µs", 1e3],
    ["1μs", 1e3],
    ["1ns", 1],
    ["1.1s", 1_100_000_000],
    ["0.0000000005s", 0],
    ["1h1m1s1ms1us1ns", 3_661_001_001_001],
    ["-1s", -1e9],
    ["+1s", 1e9],
    ["2562047h", 2562047 * 3600e9],
    ["2562048h", undefined],
    ["", undefined],
    ["-", undefined],
    ["1", undefined],
    ["s", undefined],
    [".s", undefined],
    ["1d", undefined],
    ["1 s", undefined],
    ["1s ", undefined],
    ["1S", undefined],
    ["1.2.3s", undefined],
    ["1e3s", undefined],
  ];
  for (const [text, expected] of table)
    it(`${JSON.stringify(text)} is ${String(expected)}`, () => {
      assert.equal(parseDuration(text), expected);
    });
});

describe("sizes", () => {
  const table: readonly (readonly [string, number | undefined])[] = [
    ["0", 0],
    ["1024", 1024],
    ["1k", 1024],
    ["1K", 1024],
    ["1kb", 1024],
    ["1KiB", 1024],
    ["128m", 128 * 1024 ** 2],
    ["1.5g", 1.5 * 1024 ** 3],
    ["1 GiB", 1024 ** 3],
    ["2t", 2 * 1024 ** 4],
    ["10b", 10],
    ["", undefined],
    ["m", undefined],
    ["-1", undefined],
    ["1x", undefined],
    ["1ib", undefined],
    ["1  m", undefined],
    ["9999999p", undefined],
  ];
  for (const [text, expected] of table)
    it(`${JSON.stringify(text)} is ${String(expected)}`, () => {
      assert.equal(parseSize(text), expected);
    });
});

describe("EXPOSE", () => {
  const keys = (...words: string[]): readonly string[] =>
    parsePorts(words, location).flatMap(portKeys);
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["80", ["80/tcp"]],
    ["80/tcp", ["80/tcp"]],
    ["53/UDP", ["53/udp"]],
    ["9/sctp", ["9/sctp"]],
    ["80/", ["80/tcp"]],
    ["0", ["0/tcp"]],
    ["65535", ["65535/tcp"]],
    ["8000-8002/udp", ["8000/udp", "8001/udp", "8002/udp"]],
    ["80-80", ["80/tcp"]],
    ["5000:5001", ["5001/tcp"]],
    ["127.0.0.1:80:81", ["81/tcp"]],
    ["127.0.0.1::81", ["81/tcp"]],
    ["[::1]:8080:8081", ["8081/tcp"]],
    ["::1:8080:8081", ["8081/tcp"]],
    ["1000-1001:80-81", ["80/tcp", "81/tcp"]],
    ["1000-1009:80", ["80/tcp"]],
  ];
  for (const [word, expected] of table)
    it(`${word} exposes ${expected.join(" ")}`, () => {
      assert.deepEqual(keys(word), expected);
    });
  for (const word of [
    "",
    "x",
    "80/xyz",
    "65536",
    "-1",
    "80-",
    "81-80",
    "/tcp",
    "80/tcp/udp",
    "999.0.0.1:1:2",
    "a:1:2",
    "x:80",
    "1000-1001:80-85",
    "1-65537",
  ])
    it(`${JSON.stringify(word)} is refused`, () => {
      assert.throws(() => keys(word), { code: "DOCKERFILE_VALUE", location });
    });
  it("marks protocols in upper case and host parts, for the checks", () => {
    const [upper, host] = parsePorts(["1/TCP", "2:3"], location);
    assert.deepEqual([upper?.protocolCasing, upper?.hostPart], [true, false]);
    assert.deepEqual([host?.protocolCasing, host?.hostPart], [false, true]);
  });
  it("keeps a range together, and lists it on request", () => {
    const ports = parsePorts(["1-65535", "0-65535/udp"], location);
    assert.equal(ports.length, 2);
    assert.equal(new Set(ports.flatMap(portKeys)).size, 65535 + 65536);
  });
  it("refuses a flood of ranges", () => {
    const words = Array.from({ length: 1000 }, () => "0-65535");
    assert.throws(() => keys(...words), { code: "DOCKERFILE_VALUE" });
  });
});

describe("STOPSIGNAL", () => {
  const table: readonly (readonly [string, number])[] = [
    ["9", 9],
    ["15", 15],
    ["SIGTERM", 15],
    ["TERM", 15],
    ["sigterm", 15],
    ["SIGKILL", 9],
    ["HUP", 1],
    ["USR1", 10],
    ["WINCH", 28],
    ["IOT", 6],
    ["RTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
    ["SIGRTMAX", 64],
  ];
  for (const [text, expected] of table)
    it(`${text} is ${expected}`, () => {
      assert.equal(parseStopSignal(text, location), expected);
    });
  for (const text of ["", "0", "SIG", "SIGFOO", "RTMIN+99", "RTMIN-1", "9x"])
    it(`${JSON.stringify(text)} is refused`, () => {
      assert.equal(parseSignal(text), undefined);
      assert.throws(() => parseStopSignal(text, location), { code: "DOCKERFILE_VALUE", location });
    });
});

describe("cleanPath", () => {
  for (const [path, expected] of [
    ["", "."],
    ["/", "/"],
    ["a//b/./c/", "a/b/c"],
    ["/../../x", "/x"],
    ["../x", "../x"],
    ["a/../..", ".."],
    ["/a/..", "/"],
    ["./", "."],
  ] as const)
    it(`${JSON.stringify(path)} is ${expected}`, () => {
      assert.equal(cleanPath(path), expected);
    });
});
