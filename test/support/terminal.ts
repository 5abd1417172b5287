// SPDX-License-Identifier: Apache-2.0
// Running tsbuild on a terminal, which script(1) makes: keys go in as bytes, and what is on the screen comes out.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { program, type Workspace } from "./runner.js";

/** A program at work on a terminal of its own. */
export interface OnTerminal {
  /** Waits until the screen shows this after what was found before; at most 20 seconds. */
  shows(pattern: RegExp): Promise<void>;
  type(keys: string): void;
  /** Makes the terminal so large. */
  resize(rows: number, columns: number): void;
  /** Takes the terminal away, as closing its window does. */
  hangUp(): void;
  /** Of the tsbuild process. */
  readonly pid: () => number;
  /** Waits for tsbuild to end; gives its exit code, and whether the terminal is as it was before. */
  end(): Promise<{ readonly code: number; readonly restored: boolean }>;
}

/** Says what the terminal is and how it is set, becomes tsbuild, and says it again afterwards. */
const wrapper = `
stty rows 24 cols 80
tty > "$1/tty"
stty -a > "$1/before"
sh -c 'echo $$ > "$0/pid"; exec "$@"' "$@"
code=$?
stty -a > "$1/after"
# Who puts the terminal back for a tsbuild that was killed takes a moment.
while [ $code = 137 ] && ! cmp -s "$1/before" "$1/after"; do sleep 0.1; stty -a > "$1/after"; done
echo $code > "$1/code"
`;

let count = 0;

/** Starts `tsbuild ARGS` on a new terminal. */
export function onTerminal(space: Workspace, args: readonly string[]): OnTerminal {
  const directory = join(space.directory, `terminal-${count++}`);
  const made = spawnSync("mkdir", [directory]);
  assert.equal(made.status, 0);
  const script = join(directory, "wrapper");
  writeFileSync(script, wrapper);
  const quoted = ["sh", script, directory, process.execPath, program, ...args]
    .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
  const child = spawn("script", ["-qefc", quoted, "/dev/null"], {
    cwd: space.directory,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      SHELL: "/bin/sh",
      TSBUILD_ROOT: space.store,
      TMPDIR: join(space.directory, "tmp"),
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let screen = "";
  let seen = 0;
  child.stdout.on("data", (bytes: Buffer) => {
    screen += bytes.toString("utf8");
  });
  const ended = new Promise<void>((done) =>
    child.once("close", () => {
      done();
    }),
  );
  const noted = (name: string): string => readFileSync(join(directory, name), "utf8");
  return {
    async shows(pattern) {
      const deadline = Date.now() + 20_000;
      for (;;) {
        const match = pattern.exec(screen.slice(seen));
        if (match !== null) {
          seen += match.index + match[0].length;
          return;
        }
        assert.ok(
          Date.now() < deadline && child.exitCode === null,
          `no ${String(pattern)} in:\n${screen}`,
        );
        await sleep(20);
      }
    },
    type(keys) {
      child.stdin.write(keys);
    },
    resize(rows, columns) {
      const { status } = spawnSync("stty", [
        "-F",
        noted("tty").trim(),
        "rows",
        String(rows),
        "cols",
        String(columns),
      ]);
      assert.equal(status, 0);
    },
    hangUp() {
      child.kill("SIGKILL");
    },
    pid: () => Number(noted("pid")),
    async end() {
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await ended;
      clearTimeout(timer);
      const settings = (name: string): string => noted(name).replace(/rows \d+; columns \d+;/, "");
      return { code: Number(noted("code")), restored: settings("before") === settings("after") };
    },
  };
}
