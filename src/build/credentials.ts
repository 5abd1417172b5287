// SPDX-License-Identifier: Apache-2.0
// Secrets and agents of one build, by id, each read at most once.

import { TsbuildError } from "../base/index.js";
import type { Credentials } from "../steps/index.js";
import type { AgentSource, SecretSource } from "./request.js";

export function buildCredentials(
  secrets: readonly SecretSource[],
  agents: readonly AgentSource[],
): Credentials {
  const read = new Map<string, Promise<Uint8Array>>();
  return {
    secret: (id) => {
      const source = secrets.findLast((secret) => secret.id === id);
      if (source === undefined) return Promise.resolve(undefined);
      const pending = read.get(id) ?? source.read();
      read.set(id, pending);
      return pending;
    },
    agentSocket: (id) => {
      const agent = agents.findLast((candidate) => candidate.id === id);
      if (agent === undefined) return Promise.resolve(undefined);
      const [path, ...more] = agent.paths;
      if (path === undefined || more.length > 0)
        return Promise.reject(
          new TsbuildError("BUILD_UNSUPPORTED", `--ssh ${id}: several keys are not supported yet`, {
            hint: "Start an agent, add the keys with ssh-add, and pass its socket.",
          }),
        );
      return Promise.resolve(path);
    },
  };
}
