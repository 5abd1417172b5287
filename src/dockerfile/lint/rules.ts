// SPDX-License-Identifier: Apache-2.0
// The table of build checks: one row each, with its page in docs/checks/. Messages keep the shape that people search for.

/** One check. */
export interface CheckRule {
  /** What it is about, in one line. */
  readonly summary: string;
  /** Runs only when asked for by name or with `experimental=all`. */
  readonly experimental: boolean;
}

/** Name to what the rule is about. */
const summaries = {
  StageNameCasing: "Stage names should be in lower case",
  FromAsCasing: "AS should be written in the case of its FROM",
  NoEmptyContinuation: "A continued instruction should hold no blank line",
  ConsistentInstructionCasing: "All instructions should be in upper case, or all in lower",
  DuplicateStageName: "A stage name should be used once",
  ReservedStageName: "A stage should not be called scratch or context",
  JSONArgsRecommended: "CMD and ENTRYPOINT should be JSON arrays, so that signals arrive",
  MaintainerDeprecated: "MAINTAINER is deprecated: use a label",
  UndefinedArgInFrom: "FROM should use only declared arguments",
  WorkdirRelativePath: "The first WORKDIR should be absolute",
  UndefinedVar: "Variables should be defined before they are used",
  MultipleInstructionsDisallowed: "Only the last CMD, ENTRYPOINT or HEALTHCHECK of a stage counts",
  LegacyKeyValueFormat: "ENV and LABEL should be written with an equals sign",
  InvalidBaseImagePlatform: "A base image should be of the platform that is built for",
  RedundantTargetPlatform: "FROM --platform=$TARGETPLATFORM says what is the default",
  SecretsUsedInArgOrEnv: "Secrets do not belong in ARG or ENV",
  InvalidDefaultArgInFrom: "The defaults of global arguments should give a valid base image",
  FromPlatformFlagConstDisallowed: "FROM --platform should not be a constant",
  CopyIgnoredFile: "COPY and ADD should not name what .dockerignore leaves out",
  InvalidDefinitionDescription: "A comment above FROM or ARG should describe it by name",
  ExposeProtoCasing: "The protocol in EXPOSE should be in lower case",
  ExposeInvalidFormat: "EXPOSE takes container ports, no addresses or host ports",
} as const;

export type CheckRuleName = keyof typeof summaries;

const experimental: readonly string[] = ["InvalidDefinitionDescription"];

/** All rules by name. */
export const checkRules: Readonly<Record<CheckRuleName, CheckRule>> = Object.fromEntries(
  Object.entries(summaries).map(([name, summary]) => [
    name,
    { summary, experimental: experimental.includes(name) },
  ]),
) as Record<CheckRuleName, CheckRule>;

/** Where the pages are: in the sources and in the installed package. */
const docsBase = "docs/checks";

/** `StageNameCasing` to `stage-name-casing`, the name of its page. */
export function checkSlug(name: CheckRuleName): string {
  return name
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1-$2")
    .toLowerCase();
}

/** The page of a rule. */
export function checkUrl(name: CheckRuleName): string {
  return `${docsBase}/${checkSlug(name)}.md`;
}
