// SPDX-License-Identifier: Apache-2.0
// `tsbuild login` and `logout`.

import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import { printable } from "../../base/index.js";
import { login, logout } from "../../build/login.js";
import { withInterruption } from "../interruption.js";
import { usageError } from "../options/values.js";

export interface LoginFlags {
  readonly username?: string;
  readonly password?: string;
  readonly passwordStdin?: boolean;
  readonly insecure?: boolean;
  readonly authfile?: string;
}

/** `tsbuild login [SERVER]`. */
export async function loginCommand(server: string | undefined, flags: LoginFlags): Promise<void> {
  if (flags.passwordStdin === true && flags.username === undefined)
    throw usageError("--password-stdin", "true", "it needs --username");
  if (flags.passwordStdin === true && flags.password !== undefined)
    throw usageError("--password", "***", "--password-stdin reads another");
  if (flags.password !== undefined)
    process.stderr.write(
      "WARNING: others can see a password on the command line; use --password-stdin\n",
    );
  await withInterruption(async (signal) => {
    const username = flags.username ?? (await ask("Username: ", true, signal)).trim();
    const password =
      flags.passwordStdin === true
        ? (await text(process.stdin)).replace(/\r?\n$/, "")
        : (flags.password ?? (await ask("Password: ", false, signal)));
    if (username === "" || password === "")
      throw usageError("login", "", "a user name and a password are needed");
    if (username.includes(":"))
      throw usageError("--username", username, "a user name has no colon");
    const kept = await login({
      ...{ server: server ?? "", username, password, signal },
      insecure: flags.insecure ?? false,
      env: environmentOf(flags),
    });
    const where =
      kept.helper === undefined
        ? `unencrypted in ${printable(kept.file)}`
        : `by docker-credential-${kept.helper}`;
    process.stdout.write(
      `logged in to ${printable(kept.registry)}; the password is kept ${where}\n`,
    );
  });
}

/** `tsbuild logout [SERVER]`. */
export async function logoutCommand(
  server: string | undefined,
  flags: Pick<LoginFlags, "authfile">,
): Promise<void> {
  const { registry, known } = await logout(server ?? "", environmentOf(flags));
  process.stdout.write(
    known ? `logged out of ${printable(registry)}\n` : `not logged in to ${printable(registry)}\n`,
  );
}

/** A file that was named need not be there yet: a login makes it. */
function environmentOf({ authfile }: Pick<LoginFlags, "authfile">): NodeJS.ProcessEnv {
  return authfile === undefined ? process.env : { ...process.env, REGISTRY_AUTH_FILE: authfile };
}

/** One line from the terminal, or from standard input. */
async function ask(question: string, echo: boolean, signal: AbortSignal): Promise<string> {
  process.stderr.write(question);
  const { isTTY } = process.stdin;
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const lines = createInterface({
    input: process.stdin,
    output: echo || !isTTY ? process.stderr : nowhere,
    terminal: isTTY,
  });
  try {
    const ended = new Promise<string>((resolve) => {
      lines.once("close", () => {
        resolve("");
      });
    });
    return await Promise.race([lines.question("", { signal }), ended]);
  } finally {
    lines.close();
    if (!echo || !isTTY) process.stderr.write("\n");
  }
}
