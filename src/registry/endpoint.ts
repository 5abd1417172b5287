// SPDX-License-Identifier: Apache-2.0
// From an image's domain to the places where it is asked for: scheme, host, path prefix and TLS material of each.

import { readFile } from "node:fs/promises";
import { TsbuildError, defined, messageOf, printable } from "../base/index.js";
import type { Reference } from "../oci/index.js";
import { plainSettings, type HostSettings } from "./registries-file.js";

/** TLS options of one host. */
export interface TlsMaterial {
  readonly verify: boolean;
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
}

/** One place to send requests for a repository to. */
export interface Endpoint {
  /** `https://host:port/v2/` and, for a mirror with a path, its prefix. Ends with a slash. */
  readonly base: string;
  /** As URLs write it: in lower case, and without the port that the scheme implies. */
  readonly origin: string;
  /** Repository below the base. */
  readonly repository: string;
  /** Under which the credentials file knows it. */
  readonly credentialsHost: string;
  readonly tls: TlsMaterial;
  readonly isMirror: boolean;
  /** Set where the user allowed insecure access: the same over plain HTTP, for when there is no TLS at all. */
  readonly plain?: Endpoint;
}

/** True for 127.0.0.0/8, ::1 and localhost, where plain HTTP is usual and nobody can listen in. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return (
    name === "localhost" ||
    name.endsWith(".localhost") ||
    name === "[::1]" ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}

/** Docker Hub's registry has another name than its images say. */
function networkHost(domain: string): string {
  return domain === "docker.io" ? "registry-1.docker.io" : domain;
}

export class Endpoints {
  readonly #hosts: ReadonlyMap<string, HostSettings>;
  readonly #insecure: ReadonlySet<string>;
  readonly #tls = new Map<string, Promise<TlsMaterial>>();

  constructor(hosts: ReadonlyMap<string, HostSettings>, insecureHosts: readonly string[]) {
    this.#hosts = hosts;
    this.#insecure = new Set(insecureHosts);
  }

  #settings(host: string): HostSettings {
    const found = this.#hosts.get(host) ?? plainSettings;
    return this.#insecure.has(host) || this.#insecure.has("*")
      ? { ...found, insecure: true }
      : found;
  }

  /** Where to pull from: the mirrors, then the registry itself. */
  async forPull(reference: Reference): Promise<Endpoint[]> {
    const mirrors = this.#settings(reference.domain).mirrors;
    return Promise.all([
      ...mirrors.map((mirror) => this.#mirror(mirror, reference.path)),
      this.own(reference),
    ]);
  }

  /** The registry itself. */
  async own(reference: Reference): Promise<Endpoint> {
    const { domain } = reference;
    return this.#endpoint(networkHost(domain), domain, "", reference.path, false);
  }

  async #mirror(text: string, repository: string): Promise<Endpoint> {
    const match = /^(?:(https?):\/\/)?([^/?#@\s]+)(\/[^?#\s]*)?$/.exec(text);
    if (match === null)
      throw new TsbuildError(
        "REGISTRY_CONFIG",
        `the mirror ${JSON.stringify(text)} is not host[:port][/path]`,
        {
          hint: "docs/registries.md describes mirrors",
        },
      );
    const [, scheme, host = "", path = ""] = match;
    // `https://host/v2/prefix` and `host/prefix` mean the same.
    const prefix = path.replace(/^\/v2(?=\/|$)/, "").replace(/^\/+|\/+$/g, "");
    return this.#endpoint(host, host, prefix, repository, true, scheme);
  }

  async #endpoint(
    host: string,
    settingsHost: string,
    prefix: string,
    repository: string,
    isMirror: boolean,
    scheme?: string,
  ): Promise<Endpoint> {
    const settings = this.#settings(settingsHost);
    const secured = settings.ca.length > 0 || settings.clientCert !== undefined;
    const http =
      scheme === undefined ? (settings.http ?? (isLoopback(host) && !secured)) : scheme === "http";
    const tls = await this.#material(settingsHost, settings);
    const over = (protocol: "http" | "https"): Endpoint => {
      const origin = originOf(protocol, host);
      return {
        base: `${origin}/v2/`,
        origin,
        repository: prefix === "" ? repository : `${prefix}/${repository}`,
        credentialsHost: settingsHost.toLowerCase(),
        tls,
        isMirror,
      };
    };
    if (http) return over("http");
    const undecided = scheme === undefined && settings.http === undefined;
    return {
      ...over("https"),
      ...(settings.insecure && undecided ? { plain: over("http") } : {}),
    };
  }

  /**
   * For a host that a registry points to: its token service, or where its blobs are. Only the authorities that the file names for it
   * count; a client's key, or a certificate that is not verified, is for requests of our own.
   */
  async elsewhere(host: string): Promise<TlsMaterial> {
    const { ca } = await this.#material(host, this.#settings(host));
    return { verify: true, ...defined({ ca }) };
  }

  #material(host: string, settings: HostSettings): Promise<TlsMaterial> {
    const loaded = this.#tls.get(host) ?? loadTls(settings);
    this.#tls.set(host, loaded);
    return loaded;
  }
}

/** Image names allow hosts that no URL does: a port beyond 65535, an address with a part beyond 255. */
function originOf(protocol: "http" | "https", host: string): string {
  try {
    return new URL(`${protocol}://${host}`).origin;
  } catch (error) {
    throw new TsbuildError(
      "REGISTRY_UNREACHABLE",
      `no connection to ${printable(host)}: it is no host that a URL can name`,
      { hint: "check the host and the port in the image's name", cause: error },
    );
  }
}

async function loadTls(settings: HostSettings): Promise<TlsMaterial> {
  const read = async (path: string): Promise<string> => {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      throw new TsbuildError("REGISTRY_CONFIG", `cannot read ${path}: ${messageOf(error)}`, {
        details: { path },
        cause: error,
      });
    }
  };
  const { clientCert, clientKey } = settings;
  return {
    verify: !settings.insecure,
    ...(settings.ca.length === 0 ? {} : { ca: await Promise.all(settings.ca.map(read)) }),
    ...(clientCert === undefined ? {} : { cert: await read(clientCert) }),
    ...(clientKey === undefined ? {} : { key: await read(clientKey) }),
  };
}
