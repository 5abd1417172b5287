// SPDX-License-Identifier: Apache-2.0
// Signals that much work at once listens to.

import { setMaxListeners } from "node:events";

/**
 * A signal that any of these aborts, for as many listeners as there is work at once. Node takes more than ten for a leak and
 * says so to the user, but thirty stages that run side by side are none.
 */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const either = AbortSignal.any([...signals]);
  setMaxListeners(0, either);
  return either;
}
