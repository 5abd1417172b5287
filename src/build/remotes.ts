// SPDX-License-Identifier: Apache-2.0
// What one build may show to other machines: its secrets and agents by id, each read or started at most once, and the way
// through proxies.

import { redactUrl, type CleanupStack } from "../base/index.js";
import { keyAgent, type RemoteAccess, type SourceRules } from "../context/index.js";
import type { SourcePolicy } from "../policy/index.js";
import type { BuildRequest } from "./request.js";

/** `cleanup` stops the agents that were started for keys. */
export function remoteAccess(
  { secrets = [], agents = [], env = process.env }: BuildRequest,
  policy: SourcePolicy | undefined,
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
    ...(policy === undefined ? {} : { rules: sourceRules(policy) }),
  };
}

/** A policy, as those ask it who open URLs and repositories. */
export function sourceRules(policy: SourcePolicy): SourceRules {
  return {
    http: (url) => policy.http(url),
    redirect: (url) => {
      policy.redirect(url);
    },
    git: (source) => {
      const moved = policy.git(source);
      return moved === source ? source : { ...moved, display: redactUrl(moved.remote) };
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
