// SPDX-License-Identifier: Apache-2.0
// The ports of EXPOSE, after expansion: `80`, `80/udp`, `8000-8010/tcp`, and the tolerated `[ip:]host:container` form.

import { TsbuildError } from "../../base/index.js";
import type { SourceLocation } from "../../base/index.js";

/** What one word of EXPOSE says: a port, or a range of them. There may be 65,536, so they are listed only by portKeys. */
export interface Ports {
  readonly first: number;
  readonly last: number;
  /** In lower case. */
  readonly protocol: string;
  readonly word: string;
  /** For lint ExposeProtoCasing: the protocol was not in lower case. */
  readonly protocolCasing: boolean;
  /** For lint ExposeInvalidFormat: an IP address or host port was given. */
  readonly hostPart: boolean;
}

/** Ports that one EXPOSE may list, ranges expanded: all there are, three times over. */
const maxPorts = 3 * 65536;

interface Range {
  readonly first: number;
  readonly last: number;
}

function portNumber(text: string): number | undefined {
  if (!/^\+?\d{1,10}$/.test(text)) return undefined;
  const port = Number(text);
  return port <= 65535 ? port : undefined;
}

function portRange(text: string): Range | undefined {
  const dash = text.indexOf("-");
  const first = portNumber(dash === -1 ? text : text.slice(0, dash));
  const last = dash === -1 ? first : portNumber(text.slice(dash + 1));
  if (first === undefined || last === undefined || last < first) return undefined;
  return { first, last };
}

function isAddress(text: string): boolean {
  if (/^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(text)) return true;
  return text.includes(":") && /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);
}

function parseWord(text: string, fail: (message: string) => never): Ports {
  const parts = text.split(":");
  const container = parts[parts.length - 1] ?? "";
  const host = parts[parts.length - 2] ?? "";
  const ip = parts.slice(0, -2).join(":");
  const slash = container.indexOf("/");
  const port = slash === -1 ? container : container.slice(0, slash);
  const protocol = slash === -1 ? "" : container.slice(slash + 1);
  if (port === "") fail(`invalid port: ${JSON.stringify(text)}: no port specified`);
  if (!["", "tcp", "udp", "sctp"].includes(protocol.toLowerCase()))
    fail(`invalid port: ${JSON.stringify(text)}: invalid proto: ${protocol}`);
  if (ip !== "" && !isAddress(ip.replace(/^\[(.*)\]$/, "$1"))) fail(`invalid IP address: ${ip}`);
  const range = portRange(port) ?? fail(`invalid containerPort: ${port}`);
  if (host !== "") {
    const hostRange = portRange(host) ?? fail(`invalid hostPort: ${host}`);
    const same = hostRange.last - hostRange.first === range.last - range.first;
    if (!same && range.first !== range.last)
      fail(`invalid ranges specified for container and host Ports: ${port} and ${host}`);
  }
  return {
    ...range,
    protocol: protocol === "" ? "tcp" : protocol.toLowerCase(),
    word: text,
    protocolCasing: protocol !== protocol.toLowerCase(),
    hostPart: ip !== "" || host !== "",
  };
}

/** Reads the expanded words of EXPOSE, in order. Errors: DOCKERFILE_VALUE at `location`. */
export function parsePorts(words: readonly string[], location: SourceLocation): readonly Ports[] {
  let count = 0;
  return words.map((word) => {
    const fail = (message: string): never => {
      throw new TsbuildError("DOCKERFILE_VALUE", message, { location, details: { port: word } });
    };
    const ports = parseWord(word, fail);
    count += ports.last - ports.first + 1;
    if (count > maxPorts) fail(`more than ${maxPorts} ports`);
    return ports;
  });
}

/** Every port, `80/tcp`, as a key of ExposedPorts. */
export function portKeys({ first, last, protocol }: Ports): string[] {
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${protocol}`);
}
