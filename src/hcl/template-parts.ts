// SPDX-License-Identifier: Apache-2.0
// From the flat parts of a template to a tree: what stands between a directive and its end belongs to it.

import type { Node, TemplateShape } from "./syntax-tree.js";
import type { TokenStream } from "./token-stream.js";
import type { Token } from "./tokens.js";

export type Part = { readonly token: Token } & (
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "value"; readonly value: Node }
  | { readonly kind: "if"; readonly condition: Node }
  | {
      readonly kind: "for";
      readonly keyName: string | undefined;
      readonly valueName: string;
      readonly collection: Node;
    }
  | { readonly kind: "else" | "endif" | "endfor" }
);

/** The node of a whole template. */
export function joined(stream: TokenStream, start: number, parts: readonly Part[]): Node {
  const [first] = parts;
  // Nothing but one interpolation is its value, whatever its type.
  if (parts.length === 1 && first?.kind === "value")
    return stream.node(start, { kind: "wrap", of: first.value });
  return stream.node(start, new Tree(stream, parts).template(undefined).shape);
}

interface Ended {
  readonly shape: TemplateShape;
  readonly by: "else" | "endif" | "endfor" | undefined;
}

class Tree {
  private readonly stream: TokenStream;
  private readonly parts: readonly Part[];
  private at = 0;

  constructor(stream: TokenStream, parts: readonly Part[]) {
    this.stream = stream;
    this.parts = parts;
  }

  /** Up to the end of `opener`, which is taken; without one, to the end of all. */
  template(opener: Part | undefined): Ended {
    const nodes: Node[] = [];
    for (;;) {
      const part = this.parts[this.at++];
      if (part === undefined) {
        if (opener !== undefined)
          this.stream.fail(`%{ ${opener.kind} } has no %{ end${opener.kind} }`, opener.token);
        return { shape: { kind: "template", parts: nodes }, by: undefined };
      }
      switch (part.kind) {
        case "text":
          nodes.push(this.node(part, { kind: "literal", value: part.value }));
          break;
        case "value":
          nodes.push(part.value);
          break;
        case "if":
          nodes.push(this.stream.deeper(() => this.conditional(part)));
          break;
        case "for":
          nodes.push(this.stream.deeper(() => this.loop(part)));
          break;
        case "else":
        case "endif":
        case "endfor": {
          const fits =
            part.kind === "endfor"
              ? opener?.kind === "for"
              : opener !== undefined && opener.kind !== "for";
          if (!fits) this.stream.fail(`unexpected %{ ${part.kind} }`, part.token);
          return { shape: { kind: "template", parts: nodes }, by: part.kind };
        }
      }
    }
  }

  private conditional(opener: Part & { kind: "if" }): Node {
    const yes = this.template(opener);
    const no = yes.by === "else" ? this.template(opener) : undefined;
    if (no?.by === "else") this.stream.fail("a second %{ else } for one %{ if }", opener.token);
    return this.node(opener, {
      kind: "conditional",
      condition: opener.condition,
      yes: this.node(opener, yes.shape),
      no: this.node(opener, no?.shape ?? { kind: "template", parts: [] }),
    });
  }

  private loop(opener: Part & { kind: "for" }): Node {
    const { keyName, valueName, collection } = opener;
    const value = this.node(opener, this.template(opener).shape);
    const of = this.node(opener, {
      kind: "for",
      keyName,
      valueName,
      collection,
      key: undefined,
      value,
      condition: undefined,
      grouped: false,
    });
    return this.node(opener, { kind: "join", of });
  }

  private node({ token }: Part, shape: Parameters<TokenStream["node"]>[1]): Node {
    return {
      ...shape,
      source: this.stream.source,
      range: this.stream.range(token.start, token.end),
    };
  }
}
