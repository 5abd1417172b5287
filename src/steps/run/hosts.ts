// SPDX-License-Identifier: Apache-2.0
// The text of /etc/hosts inside a RUN.

/** Loopback names, the step's own name, and `--add-host` entries in order. */
export function hostsFile(
  hostname: string,
  extra: readonly (readonly [name: string, address: string])[],
): string {
  const lines = [
    `127.0.0.1\tlocalhost ${hostname}`,
    "::1\tlocalhost ip6-localhost ip6-loopback",
    ...extra.map(([name, address]) => `${address}\t${name}`),
  ];
  return lines.join("\n") + "\n";
}
