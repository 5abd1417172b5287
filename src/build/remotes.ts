// SPDX-License-Identifier: Apache-2.0
// What one build may show to other machines: its secrets and agents by id, each read or started at most once, and the way
// through proxies.

import type { CleanupStack } from "../base/index.js";
import { keyAgent, type RemoteAccess } from "../context/index.js";
import type { BuildRequest } from "./request.js";

/** `cleanup` stops the agents that were started for keys. */
export function remoteAccess(
  { secrets = [], agents = [], env = process.env }: BuildRequest,
  cleanup: CleanupStack,
  signal: AbortSignal,
): RemoteAccess {
  return {
    secret: once(async (id: string) => secrets.findLast((secret) => secret.id === id)?.read()),
    agentSocket: once(async (id: string) => {
      const agent = agents.findLast((candidate) => candidate.id === id);
      if (agent === undefined) return undefined;
      return cleanup.use(await keyAgent(agent, signal)).socket;
    }),
    route: async (url, abort) => {
      // Loaded when it is needed: most builds download nothing.
      const { proxyRoute } = await import("../registry/index.js");
      return proxyRoute(url, env, abort);
    },
  };
}

/** The same answer to the same question, asked once. */
function once<T>(ask: (id: string) => Promise<T>): (id: string) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (id) => {
    const answer = answers.get(id) ?? ask(id);
    answers.set(id, answer);
    return answer;
  };
}
