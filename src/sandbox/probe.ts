// SPDX-License-Identifier: Apache-2.0
// What this machine offers, for `tsbuild info`: what the helper found by trying, and what can be read from here. Each thing
// that is missing comes with how to get it.

import { existsSync, readFileSync } from "node:fs";
import { makeDirectories, messageOf, TsbuildError } from "../base/index.js";
import { cgroupSupport } from "./cgroup.js";
import { eventText } from "./events.js";
import type { IdMaps } from "./id-maps.js";
import type { NetworkChooser } from "./network.js";
import { startHelper, type HelperConfig } from "./spawn.js";
import type { ProbeItem } from "./types.js";

function readSetting(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "";
}

function idMapItem(maps: IdMaps): ProbeItem {
  switch (maps.kind) {
    case "root":
      return { name: "id maps", ok: true, detail: "root: not needed" };
    case "all":
      return { name: "id maps", ok: true, detail: "root of a container: all of its ids" };
    case "many": {
      const count = maps.uids.reduce((sum, range) => sum + range.count, 0);
      return { name: "id maps", ok: true, detail: `${count} user ids through ${maps.newuidmap}` };
    }
    case "one":
      return {
        name: "id maps",
        ok: false,
        detail: `only this user's own id: ${maps.missing}; files of other owners cannot be made`,
        hint: maps.hint,
      };
  }
}

function networkItem(networks: NetworkChooser): ProbeItem {
  const choice = networks.choose();
  if (choice.kind === "program")
    return { name: "network of RUN", ok: true, detail: `isolated, through ${choice.path}` };
  return {
    name: "network of RUN",
    ok: false,
    detail: `the host's: ${choice.reason}`,
    hint: "install the package passt (or slirp4netns), and let this user open /dev/net/tun (mode 0666)",
  };
}

function cgroupItem(): ProbeItem {
  const name = "control groups";
  const support = cgroupSupport();
  if (support === undefined)
    return {
      name,
      ok: false,
      detail: "not mounted: limits such as --memory cannot be set",
      hint: "mount -t cgroup2 none /sys/fs/cgroup",
    };
  const { version, usable, fault } = support;
  const limits = usable.length > 0 ? `limits of ${usable.join(", ")}` : "no limits can be set";
  const detail = `version ${version}: ${limits}`;
  if (fault === undefined) return { name, ok: true, detail };
  return { name, ok: false, detail: `${detail}: ${fault.why}`, hint: fault.hint };
}

function userNamespaceItem(): ProbeItem {
  const name = "user namespaces";
  if (!existsSync("/proc/self/ns/user"))
    return {
      name,
      ok: false,
      detail: "not in this kernel",
      hint: "the kernel needs CONFIG_USER_NS",
    };
  if (readSetting("/proc/sys/user/max_user_namespaces") === "0")
    return {
      name,
      ok: false,
      detail: "the limit is 0",
      hint: "sysctl user.max_user_namespaces=15000",
    };
  if (readSetting("/proc/sys/kernel/unprivileged_userns_clone") === "0")
    return {
      name,
      ok: false,
      detail: "only for root",
      hint: "sysctl kernel.unprivileged_userns_clone=1",
    };
  if (readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1")
    return {
      name,
      ok: false,
      detail: "AppArmor restricts them (Ubuntu 23.10 and newer)",
      hint: "sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile with userns for the helper",
    };
  return { name, ok: true, detail: "available" };
}

/** What overlayfs can do depends on the file system, so that it has to be tried where the store will be. */
function makeStoreRoot(path: string): void {
  try {
    makeDirectories(path, 0o700);
  } catch {
    return; // a build will say why; the helper tries it in memory
  }
}

/** All findings; a helper that cannot be used is one of them, too. */
export async function probe(
  config: HelperConfig,
  maps: IdMaps,
  networks: NetworkChooser,
  signal: AbortSignal,
): Promise<readonly ProbeItem[]> {
  makeStoreRoot(config.storeRoot);
  const found: ProbeItem[] = [];
  try {
    await startHelper(config, {
      verb: "probe",
      fields: [],
      signal,
      onEvent: (event) => {
        const hint = eventText(event, "hint");
        if (event.event === "item")
          found.push({
            name: eventText(event, "name"),
            ok: event["ok"] === true,
            detail: eventText(event, "detail"),
            ...(hint === "" ? {} : { hint }),
          });
      },
    }).done;
  } catch (error) {
    signal.throwIfAborted();
    const hint = error instanceof TsbuildError ? error.hint : undefined;
    found.push({
      // A helper that has said something is there; what it cannot have next are its namespaces.
      name: found.length > 0 ? "namespaces" : "native helper",
      ok: false,
      detail: messageOf(error),
      hint: hint ?? "npm run build:native, or what the message says",
    });
  }
  return [...found, userNamespaceItem(), idMapItem(maps), networkItem(networks), cgroupItem()];
}
