// SPDX-License-Identifier: Apache-2.0
// A profile of system calls resolved for one step on one machine: which rules count, and how they are told to the helper.

import type { Field } from "./encode.js";
import type { FilterAnswer, FilterRule, FilterScope, SeccompProfile } from "./seccomp-profile.js";

/** What rules may depend on. */
export interface FilterSurroundings {
  /** Granted to the step, as CAP_X. */
  readonly capabilities: readonly string[];
  /** As Node names it. */
  readonly architecture: string;
  /** `6.1.0-13-amd64`. */
  readonly kernel: string;
}

/** Node's names of architectures, as profiles have them. */
const architectures: Readonly<Record<string, { readonly go: string; readonly scmp: string }>> = {
  x64: { go: "amd64", scmp: "SCMP_ARCH_X86_64" },
  arm64: { go: "arm64", scmp: "SCMP_ARCH_AARCH64" },
  riscv64: { go: "riscv64", scmp: "SCMP_ARCH_RISCV64" },
};

function atLeast(kernel: string, wanted: string): boolean {
  const [major = 0, minor = 0] = kernel.split(/[.-]/).map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split(".").map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function included(scope: FilterScope, here: FilterSurroundings, go: string): boolean {
  const { capabilities = [], architectures: arches, minKernel } = scope;
  return (
    capabilities.every((name) => here.capabilities.includes(name)) &&
    (arches === undefined || arches.includes(go)) &&
    (minKernel === undefined || atLeast(here.kernel, minKernel))
  );
}

function excluded(scope: FilterScope, here: FilterSurroundings, go: string): boolean {
  const { capabilities = [], architectures: arches = [], minKernel } = scope;
  return (
    capabilities.some((name) => here.capabilities.includes(name)) ||
    arches.includes(go) ||
    (minKernel !== undefined && atLeast(here.kernel, minKernel))
  );
}

function answerFields(name: string, { action, data }: FilterAnswer): Field[] {
  return [[name, action], ...(data === undefined ? [] : [[`${name}-data`, data] satisfies Field])];
}

function ruleFields({ answer, names, conditions }: FilterRule): Field[] {
  return [
    ...answerFields("filter-rule", answer),
    ["filter-rule-calls", names.join(" ")],
    ...conditions.map(({ argument, comparison, value, mask }): Field => [
      "filter-rule-if",
      `${argument} ${comparison} ${value} ${mask}`,
    ]),
  ];
}

/** The fields of a request that runs under this profile. */
export function seccompFields(profile: SeccompProfile, here: FilterSurroundings): Field[] {
  const { go = here.architecture, scmp = "" } = architectures[here.architecture] ?? {};
  const counts = ({ includes, excludes }: FilterRule): boolean =>
    included(includes, here, go) && !excluded(excludes, here, go);
  // In a list every name stands for itself; in a map, those count that come with this machine's.
  const named = profile.architectures.flatMap(({ name, also }) =>
    also.length === 0 || name === scmp ? [name, ...also] : [],
  );
  return [
    ["filter", "profile"],
    ...answerFields("filter-default", profile.fallback),
    ["filter-compat", named.includes("SCMP_ARCH_X86")],
    ["filter-log", profile.flags.includes("SECCOMP_FILTER_FLAG_LOG")],
    ["filter-spec-allow", profile.flags.includes("SECCOMP_FILTER_FLAG_SPEC_ALLOW")],
    ...profile.rules.filter(counts).flatMap(ruleFields),
  ];
}
