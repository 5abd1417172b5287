// SPDX-License-Identifier: Apache-2.0
// A file in HCL's JSON syntax. Which properties are blocks, the schema says; strings are templates.

import { TsbuildError } from "../base/index.js";
import { parseJson, type JsonNode, type JsonProperty } from "./json-text.js";
import { parseExpressionText, parseTemplateText } from "./parse-text.js";
import type { Node } from "./syntax-tree.js";
import type { HclAttribute, HclBlock, HclBody, HclSchema, HclSource } from "./types.js";

/** Throws HCL_SYNTAX, with the place. */
export function parseHclJson(source: HclSource, schema: HclSchema): HclBody {
  return body(source, parseJson(source), schema);
}

function body(source: HclSource, node: JsonNode, schema: HclSchema): HclBody {
  const attributes: HclAttribute[] = [];
  const blocks: HclBlock[] = [];
  const named = new Map<string, HclAttribute>();
  for (const { name, range, value } of properties(source, node, "arguments and blocks")) {
    // A comment.
    if (name === "//") continue;
    const block = Object.hasOwn(schema, name) ? schema[name] : undefined;
    if (block !== undefined) {
      for (const each of blocksOf(source, { name, range, value }, block)) blocks.push(each);
      continue;
    }
    const earlier = named.get(name);
    if (earlier !== undefined)
      throw wrong(source, range, `${name} is set twice, before on line ${earlier.range.startLine}`);
    const attribute = { name, range, value: expression(source, value) };
    named.set(name, attribute);
    attributes.push(attribute);
  }
  return { source, attributes, blocks };
}

function blocksOf(
  source: HclSource,
  { name: type, range, value }: JsonProperty,
  { labels: count, blocks: inner = {} }: HclSchema[string],
): HclBlock[] {
  let open: {
    readonly labels: readonly string[];
    readonly value: JsonNode;
    readonly range: JsonNode["range"];
  }[] = [{ labels: [], value, range }];
  for (let i = 0; i < count; i++)
    open = open.flatMap(({ labels, value: level }) =>
      properties(source, level, `the labels of ${type}`).map((property) => ({
        labels: [...labels, property.name],
        value: property.value,
        range: property.range,
      })),
    );
  return open.flatMap(({ labels, value: level, range: at }) =>
    contents(source, level, type).map((content) => ({
      type,
      labels,
      body: body(source, content, inner),
      range: at,
    })),
  );
}

/** The bodies that stand for blocks: one, or a list of them, or none. */
function contents(source: HclSource, node: JsonNode, type: string): readonly JsonNode[] {
  if (node.kind === "value" && node.value === null) return [];
  if (node.kind === "array") return node.items;
  if (node.kind === "object") return [node];
  throw wrong(source, node.range, `${type} is a block: an object or an array of objects`);
}

function properties(source: HclSource, node: JsonNode, what: string): readonly JsonProperty[] {
  if (node.kind === "value" && node.value === null) return [];
  const objects = node.kind === "array" ? node.items : [node];
  return objects.flatMap((object) => {
    if (object.kind === "object") return object.properties;
    throw wrong(source, object.range, `expected an object with ${what}`);
  });
}

function expression(source: HclSource, node: JsonNode): Node {
  const place = { source, range: node.range };
  switch (node.kind) {
    case "value":
      return { kind: "literal", value: node.value, ...place };
    case "string":
      return text(source, node.value, node.range);
    case "array":
      return { kind: "tuple", items: node.items.map((item) => expression(source, item)), ...place };
    case "object": {
      const items = node.properties.map(({ name, range, value }) => ({
        key: text(source, name, range),
        value: expression(source, value),
      }));
      return { kind: "object", items, ...place };
    }
  }
}

/** Parsed once it is asked for. The escapes of JSON hide where in the file a part of it stands: all of it is the place. */
function text(source: HclSource, value: string, range: JsonNode["range"]): Node {
  const once = (parse: typeof parseTemplateText): (() => Node) => {
    let node: Node | undefined;
    return () => (node ??= parse(source, value, () => range));
  };
  return {
    kind: "json-string",
    text: value,
    template: once(parseTemplateText),
    expression: once(parseExpressionText),
    source,
    range,
  };
}

function wrong(source: HclSource, range: JsonNode["range"], message: string): TsbuildError {
  return new TsbuildError("HCL_SYNTAX", message, { location: { ...source, range } });
}
