// SPDX-License-Identifier: Apache-2.0
// A client of registries for commands that are no builds.

import { warningsTo, type EventSink } from "../base/index.js";
import { createRegistryClient, type RegistryClient } from "../registry/index.js";

export interface RegistryRequest {
  /** Plain HTTP, or TLS without verifying. */
  readonly insecure?: boolean;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly events: EventSink;
  readonly signal: AbortSignal;
}

/** `hosts`: those that `insecure` is about; `*` is all. */
export function registryClient(
  { insecure, env, events }: RegistryRequest,
  hosts: readonly string[],
): Promise<RegistryClient> {
  return createRegistryClient({
    env: env ?? process.env,
    insecureHosts: insecure === true ? hosts : [],
    onWarning: warningsTo(events),
  });
}
