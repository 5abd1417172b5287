// SPDX-License-Identifier: Apache-2.0
// The names of files: which are looked for, and what a name says about the text.

/** Looked for in this order, in the working directory. All that are there are read, and later ones count more. */
export const defaultFileNames = [
  "compose.yaml",
  "compose.yml",
  "docker-compose.yml",
  "docker-compose.yaml",
  "docker-bake.json",
  "docker-bake.hcl",
  "docker-bake.override.json",
  "docker-bake.override.hcl",
] as const;

/** `unknown`: Compose is tried first, then HCL, then JSON. */
export type FileKind = "compose" | "hcl" | "json" | "unknown";

export function kindOfFile(name: string): FileKind {
  const lower = name.toLowerCase();
  if (lower.endsWith(".yml") || lower.endsWith(".yaml")) return "compose";
  if (lower.endsWith(".json")) return "json";
  if (lower.endsWith(".hcl")) return "hcl";
  return "unknown";
}
