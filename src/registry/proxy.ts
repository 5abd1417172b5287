// SPDX-License-Identifier: Apache-2.0
// HTTP proxies, as the environment names them (HTTP_PROXY, HTTPS_PROXY, NO_PROXY, in either case). https goes through a
// CONNECT tunnel, so that the proxy sees neither credentials nor content; http is asked for by its full URL.

import * as http from "node:http";
import * as https from "node:https";
import { isIP, type Socket } from "node:net";
import { connect as connectTls, rootCertificates } from "node:tls";
import { TsbuildError, defined, redactUrl } from "../base/index.js";
import { isLoopback, type TlsMaterial } from "./endpoint.js";
import { timedOut } from "./errors.js";
import type { Environment } from "./registries-file.js";

/** Milliseconds. */
const usualPatience = 60_000;

function variable(env: Environment, name: string): string | undefined {
  const value = env[name.toLowerCase()] ?? env[name];
  return value === undefined || value === "" ? undefined : value;
}

/** Whether NO_PROXY lists a host: `*`, `name`, `.suffix`, `name:port`. Loopback never goes through a proxy. */
function isExempt(url: URL, env: Environment): boolean {
  if (isLoopback(url.host)) return true;
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  const rules = (variable(env, "NO_PROXY") ?? "").split(/[\s,]+/).filter((rule) => rule !== "");
  return rules.some((rule) => {
    if (rule === "*") return true;
    const [, name = "", rulePort] = /^(.*?)(?::(\d+))?$/.exec(rule.toLowerCase()) ?? [];
    const bare = name.replace(/^\*?\./, "");
    const matches = url.hostname === bare || url.hostname.endsWith(`.${bare}`);
    return matches && (rulePort === undefined || rulePort === port);
  });
}

/** The proxy for a URL, if there is one. Throws REGISTRY_CONFIG when the variable is no URL. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const text = variable(env, name);
  if (text === undefined || isExempt(url, env)) return undefined;
  try {
    const proxy = new URL(text.includes("://") ? text : `http://${text}`);
    if (proxy.protocol === "http:" || proxy.protocol === "https:") return proxy;
  } catch {
    // Refused below, with the other things that are no proxy.
  }
  throw new TsbuildError(
    "REGISTRY_CONFIG",
    `${name} (${redactUrl(text)}) is not the URL of an HTTP proxy`,
  );
}

/** What to change in a request to `url` so that it goes through its proxy; undefined: it has none. Throws REGISTRY_CONFIG. */
export async function proxyRoute(
  url: URL,
  env: Environment,
  signal: AbortSignal,
): Promise<{ options: https.RequestOptions; headers: Record<string, string> } | undefined> {
  const proxy = proxyFor(url, env);
  return proxy === undefined
    ? undefined
    : throughProxy(url, proxy, { verify: true }, signal, usualPatience);
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === "") return {};
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` };
}

/** A connection to the target's port through the proxy. `patience`: milliseconds that the proxy may be silent. */
function openTunnel(
  url: URL,
  proxy: URL,
  signal: AbortSignal | undefined,
  patience: number,
): Promise<Socket> {
  const target = `${url.hostname}:${url.port === "" ? "443" : url.port}`;
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === "https:" ? https : http).request(proxy, {
      method: "CONNECT",
      path: target,
      agent: false,
      headers: { host: target, ...authorization(proxy) },
      ...defined({ signal }),
    });
    request.setTimeout(patience, () => {
      request.destroy(timedOut(patience));
    });
    request.once("connect", (answer, socket) => {
      // From here on the one who uses the tunnel waits.
      socket.setTimeout(0);
      if (answer.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new Error(`the proxy ${proxy.host} answered ${answer.statusCode ?? 0}`));
    });
    request.once("error", reject);
    request.end();
  });
}

/** What to change in a request to `url` so that it goes through the proxy. */
export async function throughProxy(
  url: URL,
  proxy: URL,
  tls: TlsMaterial,
  signal: AbortSignal | undefined,
  patience: number,
): Promise<{ options: https.RequestOptions; headers: Record<string, string> }> {
  if (url.protocol === "http:") {
    const options = {
      agent: false,
      protocol: proxy.protocol,
      hostname: proxy.hostname,
      port: proxy.port,
      path: url.href,
    };
    return { options, headers: { host: url.host, ...authorization(proxy) } };
  }
  const socket = await openTunnel(url, proxy, signal, patience);
  const secured = connectTls({
    socket,
    servername: isIP(url.hostname) === 0 ? url.hostname : "",
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: [...rootCertificates, ...tls.ca] }),
    ...defined({ cert: tls.cert, key: tls.key }),
  });
  // Node asks createConnection only where there is no agent at all.
  return { options: { agent: undefined, createConnection: () => secured }, headers: {} };
}
