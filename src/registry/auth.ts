// SPDX-License-Identifier: Apache-2.0
// Answers challenges: Basic, or a Bearer token from the token service that the challenge names. Tokens are kept per
// registry and scope for as long as they are good.

import { TsbuildError, defined, isRecord } from "../base/index.js";
import type { Challenge } from "./challenge.js";
import type { Credentials } from "./credentials.js";
import { isLoopback } from "./endpoint.js";

/** A question to a token service. */
export interface TokenRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly form?: string;
}

/** How the token service is asked: one exchange, its answer parsed from JSON. */
export type TokenFetch = (request: TokenRequest) => Promise<unknown>;

export interface AuthQuestion {
  /** `https://host:port` of the registry that asks. */
  readonly origin: string;
  readonly scopes: readonly string[];
  readonly credentials: () => Promise<Credentials | undefined>;
  readonly fetchToken: TokenFetch;
}

interface Answer {
  readonly header: string;
  /** Milliseconds of performance.now(). */
  readonly until: number;
}

const clientId = "tsbuild";
/** Seconds that a token lasts when the service does not say, and that are left over at its end. */
const defaultLife = 60;
const margin = 5;

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

function protocolError(why: string, origin: string): TsbuildError {
  return new TsbuildError("REGISTRY_PROTOCOL", `${origin}: ${why}`, { details: { url: origin } });
}

/** A registry elsewhere has no business with what listens on this machine. */
function areLoopback(origin: string, realmHost: string): boolean {
  return isLoopback(new URL(origin).host) && isLoopback(realmHost);
}

/** The URL of the token service. It must not be less private than the registry itself. */
function realmOf(challenge: Challenge, origin: string): URL {
  let realm: URL;
  try {
    realm = new URL(challenge.parameters["realm"] ?? "");
  } catch {
    throw protocolError("its challenge names no token service", origin);
  }
  const secure =
    realm.protocol === "https:" ||
    (realm.protocol === "http:" && (origin.startsWith("http:") || areLoopback(origin, realm.host)));
  if (!secure)
    throw new TsbuildError("REGISTRY_REDIRECT", `${origin} asks for credentials over plain HTTP`, {
      details: { url: origin, realm: realm.origin },
    });
  return realm;
}

function readToken(value: unknown, origin: string): Answer {
  const fields = isRecord(value) ? value : {};
  const token = [fields["token"], fields["access_token"]].find(
    (t): t is string => typeof t === "string" && t !== "",
  );
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token))
    throw protocolError("its token service sent no token", origin);
  const life = fields["expires_in"];
  const seconds = typeof life === "number" && life > 0 ? Math.min(life, 3600) : defaultLife;
  return {
    header: `Bearer ${token}`,
    until: performance.now() + Math.max(1, seconds - margin) * 1000,
  };
}

async function askTokenService(challenge: Challenge, question: AuthQuestion): Promise<Answer> {
  const { origin } = question;
  const realm = realmOf(challenge, origin);
  const service = challenge.parameters["service"];
  const asked = (challenge.parameters["scope"] ?? "").split(" ").filter((scope) => scope !== "");
  const scopes = [...new Set([...question.scopes, ...asked])];
  const credentials = await question.credentials();
  if (credentials?.kind === "bearer")
    return { header: `Bearer ${credentials.token}`, until: Number.POSITIVE_INFINITY };

  if (credentials?.kind === "identity") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      refresh_token: credentials.token,
      client_id: clientId,
      scope: scopes.join(" "),
      ...defined({ service }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const request = { method: "POST", url: realm, headers, form: form.toString() } as const;
    return readToken(await question.fetchToken(request), origin);
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const headers: Record<string, string> = {};
  if (credentials !== undefined) {
    url.searchParams.set("account", credentials.username);
    headers["authorization"] = basic(credentials.username, credentials.password);
  }
  return readToken(await question.fetchToken({ method: "GET", url, headers }), origin);
}

/** Remembers, per registry and scope, what to send as Authorization. */
export class Authenticator {
  readonly #answers = new Map<string, Answer>();
  readonly #pending = new Map<string, Promise<Answer | undefined>>();

  static #key(origin: string, scopes: readonly string[]): string {
    return [origin, ...scopes].join(" ");
  }

  /** The header known to work, if one is. */
  known(origin: string, scopes: readonly string[]): string | undefined {
    const answer = this.#answers.get(Authenticator.#key(origin, scopes));
    return answer !== undefined && answer.until > performance.now() ? answer.header : undefined;
  }

  /**
   * Answers a 401. Undefined: there is nothing (new) to answer it with. `rejected` is the header that was just refused.
   * Questions for the same thing at the same time are asked once.
   */
  async answer(
    challenges: readonly Challenge[],
    question: AuthQuestion,
    rejected: string | undefined,
  ): Promise<string | undefined> {
    const key = Authenticator.#key(question.origin, question.scopes);
    const known = this.known(question.origin, question.scopes);
    if (known !== undefined && known !== rejected) return known;
    let pending = this.#pending.get(key);
    if (pending === undefined) {
      pending = this.#find(challenges, question).finally(() => this.#pending.delete(key));
      this.#pending.set(key, pending);
    }
    const answer = await pending;
    if (answer === undefined || answer.header === rejected) return undefined;
    this.#answers.set(key, answer);
    return answer.header;
  }

  async #find(
    challenges: readonly Challenge[],
    question: AuthQuestion,
  ): Promise<Answer | undefined> {
    const bearer = challenges.find((challenge) => challenge.scheme === "bearer");
    if (bearer !== undefined) return askTokenService(bearer, question);
    if (!challenges.some((challenge) => challenge.scheme === "basic")) return undefined;
    const credentials = await question.credentials();
    if (credentials?.kind !== "password") return undefined;
    return {
      header: basic(credentials.username, credentials.password),
      until: Number.POSITIVE_INFINITY,
    };
  }
}
