// SPDX-License-Identifier: Apache-2.0
// Repositories on 127.0.0.1, as files that any web server could give (git's "dumb" protocol).

import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const who = ["-c", "user.name=a", "-c", "user.email=a@example"];

export class GitSite implements AsyncDisposable {
  readonly #server: Server;
  readonly #directory: string;
  /** The Authorization headers of all requests. */
  readonly shown: (string | undefined)[] = [];
  /** Undefined: anybody may read. */
  authorization: string | undefined;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#server = createServer((request, response) => {
      const { authorization } = request.headers;
      this.shown.push(authorization);
      if (this.authorization !== undefined && authorization !== this.authorization) {
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        return;
      }
      try {
        const { pathname } = new URL(request.url ?? "/", "http://x");
        response.end(readFileSync(join(directory, pathname)));
      } catch {
        response.writeHead(404).end();
      }
    });
  }

  /** `directory`: for what is published; there is nothing in it yet. */
  static async start(directory: string): Promise<GitSite> {
    mkdirSync(directory);
    const site = new GitSite(directory);
    await new Promise<void>((resolve) => {
      site.#server.listen(0, "127.0.0.1", resolve);
    });
    return site;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A repository with one commit on `main`. Gives its URL. */
  async publish(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    const work = join(this.#directory, `${name}.work`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(work, path)), { recursive: true });
      writeFileSync(join(work, path), text);
    }
    const git = async (cwd: string, ...args: readonly string[]): Promise<void> => {
      await promisify(execFile)("git", [...who, ...args], { cwd });
    };
    await git(work, "init", "-q", "-b", "main");
    await git(work, "add", "-A");
    await git(work, "commit", "-q", "-m", "1");
    await git(this.#directory, "clone", "-q", "--bare", work, `${name}.git`);
    await git(join(this.#directory, `${name}.git`), "update-server-info");
    return `${this.url}/${name}.git`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
