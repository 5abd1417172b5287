// SPDX-License-Identifier: Apache-2.0
// The policy of one build, as those ask it who fetch images, downloads and repositories.

import { TsbuildError, defined } from "../base/index.js";
import { parseReference, withDefaultTag, type Digest, type Reference } from "../oci/index.js";
import { circle, evaluate } from "./evaluate.js";
import {
  gitScheme,
  gitSource,
  httpSource,
  imageScheme,
  imageSource,
  movedGit,
  type GitPlace,
} from "./names.js";
import type { Policy } from "./parse.js";

/** All methods throw POLICY_DENIED, POLICY_CONVERT and POLICY_SLOW. What nothing changes is given back as the same object. */
export class SourcePolicy {
  readonly #policy: Policy;

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /**
   * The image that stands in the place of another. With `resolved`, the digest that its tag was found to stand for, rules
   * about digests count as well; `final` says that there is no need to ask so.
   */
  image(
    reference: Reference,
    resolved?: Digest,
  ): { readonly reference: Reference; readonly final: boolean } {
    let current = reference;
    const { final } = evaluate(this.#policy, imageSource(reference, resolved), ({ identifier }) => {
      const name = after(imageScheme, identifier, "an image");
      current = withDefaultTag(parseReference(name));
      return imageSource(current);
    });
    return { reference: current, final };
  }

  /** The error for images that the policy turns into each other for ever. */
  circle(reference: Reference): TsbuildError {
    return circle(this.#policy, imageSource(reference).identifier);
  }

  /** The download that stands in the place of another. `checksum` is `algorithm:digest`. */
  http(url: string, checksum?: string): { readonly url: string; readonly checksum?: string } {
    let current = { url, ...defined({ checksum }) };
    evaluate(this.#policy, httpSource(url, checksum), ({ identifier, attrs }) => {
      if (!/^https?:/i.test(identifier) || !URL.canParse(identifier))
        throw wrongKind(identifier, "an HTTP URL");
      const moved = identifier !== httpSource(current.url).identifier;
      const sum = attrs["http.checksum"];
      current = {
        // A user and password are for the server that they were given for.
        url: moved ? identifier : current.url,
        ...defined({ checksum: sum }),
      };
      return httpSource(current.url, sum);
    });
    return current;
  }

  /** Whether a redirect may be followed. A rule that would convert its target says that the target is not wanted. */
  redirect(url: string): void {
    const to = this.http(url).url;
    if (to === url) return;
    const { identifier } = httpSource(url);
    throw new TsbuildError(
      "POLICY_DENIED",
      `source denied by policy: a redirect leads to "${identifier}", which source policy ${this.#policy.file} converts`,
      { details: { source: identifier, policy: this.#policy.file } },
    );
  }

  /** The repository that stands in the place of another. */
  git<T extends GitPlace>(place: T): T {
    let current = place;
    evaluate(this.#policy, gitSource(place), (to) => {
      after(gitScheme, to.identifier, "a repository");
      current = movedGit(current, to);
      return gitSource(current);
    });
    return current;
  }
}

function after(scheme: string, identifier: string, what: string): string {
  if (!identifier.startsWith(scheme)) throw wrongKind(identifier, `${what} (${scheme}...)`);
  return identifier.slice(scheme.length);
}

/** A source cannot become one of another kind. */
function wrongKind(identifier: string, what: string): TsbuildError {
  return new TsbuildError(
    "POLICY_CONVERT",
    `the source policy converts to "${identifier}" what has to remain ${what}`,
    { details: { source: identifier } },
  );
}
