// SPDX-License-Identifier: Apache-2.0
// Namespaces that outlive one helper: the user namespace of a rootless build, and connected network namespaces, each lent to
// one step at a time. They are kept by descriptors of this process (and a `hold` where a network's program has to run), so
// they are gone when it ends, however it ends.

import { closeSync, openSync } from "node:fs";
import { messageOf, TsbuildError } from "../base/index.js";
import { eventNumber } from "./events.js";
import { startHelper, type Helper, type HelperConfig } from "./spawn.js";

/** A connected network namespace, ours until it is released. */
export interface NetworkLease {
  /** To be handed to a `run`. */
  readonly fd: number;
  /** `reuse` false: the step could change the network's set-up, so nobody else gets it. */
  release(reuse: boolean): void;
}

interface HeldNetwork {
  readonly fd: number;
  readonly helper: Helper;
  ended: boolean;
}

interface Ready {
  readonly helper: Helper;
  readonly pid: number;
}

/** A `hold`, once it says that it is ready. Rejects with what went wrong otherwise. */
async function startHold(
  config: HelperConfig,
  program: string | undefined,
  signal: AbortSignal,
): Promise<Ready> {
  return new Promise((resolve, reject) => {
    const helper = startHelper(config, {
      verb: "hold",
      fields: program === undefined ? [] : [["network-program", program]],
      signal: new AbortController().signal,
      onEvent: (event) => {
        if (event.event !== "ready") return;
        helper.letGo();
        resolve({ helper, pid: eventNumber(event, "pid") });
      },
    });
    const onAbort = (): void => {
      helper.stop();
    };
    signal.addEventListener("abort", onAbort);
    helper.done
      .then(() => {
        throw new TsbuildError("SANDBOX_NETWORK", "a held namespace ended early");
      })
      .catch((error: unknown) => {
        reject(
          signal.aborted
            ? abortReason(signal)
            : error instanceof Error
              ? error
              : new Error(messageOf(error)),
        );
      })
      .finally(() => {
        signal.removeEventListener("abort", onAbort);
      });
  });
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(messageOf(signal.reason));
}

/** What one sandbox keeps. */
export class HeldNamespaces {
  readonly #config: HelperConfig;
  readonly #idle = new Map<string, HeldNetwork[]>();
  #userNamespace: number | undefined;
  #making: Promise<number> | undefined;

  /** `config` without namespaces of its own: a hold cannot join what it is to make. */
  constructor(config: HelperConfig) {
    this.#config = config;
  }

  /** The user namespace to join, once there is one; the first call has it made. None as root. */
  userNamespace(): number | undefined {
    // Until then, and when it fails, every helper makes its own; it then says why it cannot.
    this.#userNamespaceMade().catch(() => undefined);
    return this.#userNamespace;
  }

  async #userNamespaceMade(): Promise<number | undefined> {
    if (this.#config.idMapFields.length === 0) return undefined;
    this.#making ??= this.#makeUserNamespace();
    return this.#making;
  }

  async #makeUserNamespace(): Promise<number> {
    const { helper, pid } = await startHold(this.#config, undefined, new AbortController().signal);
    try {
      this.#userNamespace = openSync(`/proc/${pid}/ns/user`, "r");
      return this.#userNamespace;
    } finally {
      helper.stop();
    }
  }

  /**
   * A connected network.
   * @throws SANDBOX_NETWORK when the program cannot connect one here.
   */
  async lease(program: string, signal: AbortSignal): Promise<NetworkLease> {
    signal.throwIfAborted();
    const network = this.#takeIdle(program) ?? (await this.#connect(program, signal));
    return {
      fd: network.fd,
      release: (reuse) => {
        if (reuse && !network.ended) this.#idleOf(program).push(network);
        else discard(network);
      },
    };
  }

  #idleOf(program: string): HeldNetwork[] {
    const idle = this.#idle.get(program) ?? [];
    this.#idle.set(program, idle);
    return idle;
  }

  #takeIdle(program: string): HeldNetwork | undefined {
    for (;;) {
      const network = this.#idleOf(program).pop();
      if (network?.ended !== true) return network;
      closeSync(network.fd);
    }
  }

  async #connect(program: string, signal: AbortSignal): Promise<HeldNetwork> {
    // A network belongs to a user namespace: the steps that use it must be in the same one.
    const fd = await this.#userNamespaceMade();
    const config = { ...this.#config, ...(fd === undefined ? {} : { userNamespace: () => fd }) };
    const { helper, pid } = await startHold(config, program, signal);
    try {
      const network = { fd: openSync(`/proc/${pid}/ns/net`, "r"), helper, ended: false };
      const ended = (): void => {
        network.ended = true;
      };
      helper.done.then(ended, ended);
      return network;
    } catch (cause) {
      helper.stop();
      throw new TsbuildError(
        "SANDBOX_NETWORK",
        `cannot open a step's network: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}

function discard(network: HeldNetwork): void {
  closeSync(network.fd);
  network.helper.stop();
}
