// SPDX-License-Identifier: Apache-2.0
// What a RUN learns of the host's network: resolv.conf, proxies, and the address behind `host-gateway`.

import { readFileSync } from "node:fs";
import { homedir, networkInterfaces } from "node:os";
import { join } from "node:path";
import { errnoOf, isRecord } from "../base/index.js";
import { isProxyName } from "../plan/index.js";

const systemdStub = "127.0.0.53";
const systemdFile = "/run/systemd/resolve/resolv.conf";
const publicServers = ["8.8.8.8", "8.8.4.4"];

/** `--dns*` flags: each replaces its lines of the host's file. */
export interface DnsSettings {
  /** Addresses; or `none`, for the image's own file. */
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** The text of resolv.conf for steps, unless it is the image's. `hostNetwork`: loopback servers are reachable and stay. */
export function resolvConf(
  dns: DnsSettings,
  hostNetwork: boolean,
): { readonly resolvConf?: string } {
  if (dns.servers.includes("none")) return {};
  let lines = readLines("/etc/resolv.conf");
  const servers = lines.filter((line) => line.startsWith("nameserver"));
  if (servers.length === 1 && servers[0]?.split(/\s+/)[1] === systemdStub && !hostNetwork) {
    const real = readLines(systemdFile);
    if (real.length > 0) lines = real;
  }
  return { resolvConf: rewriteResolvConf(lines, dns, hostNetwork) };
}

/** The same for given lines. */
export function rewriteResolvConf(
  lines: readonly string[],
  dns: DnsSettings,
  hostNetwork: boolean,
): string {
  const keyword = (line: string): string => line.split(/\s+/)[0] ?? "";
  const loopback = (line: string): boolean => /^nameserver\s+(?:127\.|::1(?:\s|$))/.test(line);
  const of = (name: string): string[] => lines.filter((line) => keyword(line) === name);
  const found = of("nameserver").filter((line) => hostNetwork || !loopback(line));
  const servers =
    dns.servers.length > 0
      ? dns.servers.map((server) => `nameserver ${server}`)
      : found.length > 0
        ? found
        : publicServers.map((server) => `nameserver ${server}`);
  const search =
    dns.search.length > 0 ? [`search ${dns.search.join(" ")}`] : [...of("search"), ...of("domain")];
  const options = dns.options.length > 0 ? [`options ${dns.options.join(" ")}`] : of("options");
  return [...search, ...servers, ...options].join("\n") + "\n";
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !/^[#;]/.test(line));
  } catch (error) {
    // A machine without the file has no servers to take over.
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}

/**
 * Proxy variables for RUN: build arguments, else the environment, else what Docker's configuration file says. Programs
 * look for one case or the other, so that what is given in one case is set in both. `env` undefined: build arguments only.
 */
export function proxyEnvironment(
  buildArgs: ReadonlyMap<string, string>,
  env: Readonly<Record<string, string | undefined>> | undefined,
): string[] {
  const host = env === undefined ? [] : [new Map(Object.entries(env)), dockerProxies(env)];
  const layers = [buildArgs, ...host];
  const names = layers.flatMap((layer) => [...layer.keys()]).filter(isProxyName);
  const cases = names.flatMap((name) => [name.toLowerCase(), name.toUpperCase()]);
  return [...new Set(cases)].sort().flatMap((name) => {
    const other = name === name.toLowerCase() ? name.toUpperCase() : name.toLowerCase();
    const values = layers.map((layer) => layer.get(name) ?? layer.get(other));
    const value = values.find((candidate) => candidate !== undefined) ?? "";
    return value === "" ? [] : [`${name}=${value}`];
  });
}

/** Keys of `proxies.default` in Docker's configuration file, and the variable that each sets. */
const dockerProxyKeys: Readonly<Record<string, string>> = {
  httpProxy: "http_proxy",
  httpsProxy: "https_proxy",
  ftpProxy: "ftp_proxy",
  noProxy: "no_proxy",
  allProxy: "all_proxy",
};

function dockerProxies(env: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const directory = env["DOCKER_CONFIG"] || join(env["HOME"] || homedir(), ".docker");
  let config: unknown;
  try {
    config = JSON.parse(readFileSync(join(directory, "config.json"), "utf8"));
  } catch {
    // None, or unreadable: a build that needs its credentials says so where it does.
    return new Map();
  }
  const proxies =
    isRecord(config) && isRecord(config["proxies"]) ? config["proxies"]["default"] : undefined;
  return new Map(
    Object.entries(dockerProxyKeys).flatMap(([key, name]): [string, string][] => {
      const value = isRecord(proxies) ? proxies[key] : undefined;
      return typeof value === "string" ? [[name, value]] : [];
    }),
  );
}

/** The host's own address, as seen from a step; on a machine without a network the loopback one. */
function hostGateway(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const own = addresses.find(({ family, internal }) => family === "IPv4" && !internal);
  return own?.address ?? "127.0.0.1";
}

/** Names of hosts with their addresses: `host-gateway` is the host itself. */
export function resolveHosts(
  hosts: readonly (readonly [name: string, address: string])[],
): (readonly [name: string, address: string])[] {
  return hosts.map(([name, address]) => [
    name,
    address === "host-gateway" ? hostGateway() : address,
  ]);
}
