// SPDX-License-Identifier: Apache-2.0
// `--security-opt`, as Docker and Buildah spell it, to how a step is confined. What cannot be done here is an error: an
// option that is accepted and has no effect would be worse than none.

import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { defined, didYouMean, errnoOf, messageOf, TsbuildError, type Json } from "../base/index.js";
import { parseSeccompProfile, type SeccompProfile } from "./seccomp-profile.js";
import { defaultSystemPaths, unmask, type SystemPaths } from "./system-paths.js";

/** How a step is confined beyond namespaces and capabilities. */
export interface Confinement {
  readonly noNewPrivileges: boolean;
  readonly seccomp: "builtin" | "unconfined" | SeccompProfile;
  /** A loaded AppArmor profile; absent: that of whoever runs tsbuild. */
  readonly apparmor?: string;
  readonly systemPaths: SystemPaths;
  /** Mount options of /proc. */
  readonly procOptions: readonly string[];
}

export const defaultConfinement: Confinement = {
  noNewPrivileges: false,
  seccomp: "builtin",
  systemPaths: defaultSystemPaths,
  procOptions: [],
};

/** Where options are looked at. */
export interface SecurityPlace {
  /** Relative paths of profiles are relative to this directory. */
  readonly cwd: string;
  readonly hasAppArmor?: boolean;
  readonly hasSelinux?: boolean;
}

const LARGEST_PROFILE = 4 << 20;

function refuse(option: string, problem: string, hint?: string): never {
  throw new TsbuildError("SANDBOX_SECURITY_OPTION", `--security-opt ${option}: ${problem}`, {
    details: { option },
    ...defined({ hint }),
  });
}

type Apply = (
  value: string,
  before: Confinement,
  option: string,
  place: SecurityPlace,
) => Confinement;

function isTrue(value: string, option: string): boolean {
  if (value === "" || value === "true") return true;
  return value === "false" ? false : refuse(option, "expected true or false");
}

function readProfile(path: string, option: string, { cwd }: SecurityPlace): SeccompProfile {
  let content: string;
  try {
    const bytes = readFileSync(resolve(cwd, path));
    if (bytes.length > LARGEST_PROFILE) refuse(option, "the profile is larger than 4 MiB");
    content = bytes.toString("utf8");
  } catch (cause) {
    if (cause instanceof TsbuildError) throw cause;
    throw new TsbuildError(
      "SANDBOX_SECCOMP_PROFILE",
      `the system call profile ${path} cannot be read: ${errnoOf(cause) ?? messageOf(cause)}`,
      { cause, details: { file: path } },
    );
  }
  return parseSeccompProfile(path, content);
}

function absolutePaths(value: string, option: string): string[] {
  const paths = value.split(":").filter((path) => path !== "");
  for (const path of paths)
    if (!path.startsWith("/")) refuse(option, `${path} is no absolute path`);
  return paths.length === 0 ? refuse(option, "expected paths, joined by :") : paths;
}

function procOptions(value: string, option: string, before: Confinement): Confinement {
  let { systemPaths } = before;
  const options: string[] = [];
  for (const item of value.split(",")) {
    // The first three always hold.
    if (["nosuid", "nodev", "noexec", "rw"].includes(item)) continue;
    if (item === "ro") {
      const readOnly = ["/proc", ...systemPaths.readOnly.filter((path) => path !== "/proc")];
      systemPaths = { ...systemPaths, readOnly };
    } else if (
      /^(?:hidepid=(?:[0124]|off|noaccess|invisible|ptraceable)|gid=\d{1,9}|subset=pid)$/.test(item)
    )
      options.push(item);
    else
      refuse(
        option,
        `${item === "" ? "an empty word" : item} is no option of /proc`,
        "hidepid=, gid=, subset=pid and ro are known",
      );
  }
  return { ...before, systemPaths, procOptions: [...before.procOptions, ...options] };
}

/** One row per option: what its value does. */
const options: Readonly<Record<string, Apply>> = {
  "no-new-privileges": (value, before, option) => ({
    ...before,
    noNewPrivileges: isTrue(value, option),
  }),
  seccomp: (value, before, option, place) => ({
    ...before,
    seccomp:
      value === "unconfined" || value === "builtin"
        ? value
        : readProfile(
            value === "" ? refuse(option, "expected a file, builtin or unconfined") : value,
            option,
            place,
          ),
  }),
  apparmor: (value, before, option, place) => {
    const { apparmor: _, ...rest } = before;
    // tsbuild sets no profile of its own, so there is nothing to take off.
    if (value === "unconfined") return rest;
    if (!/^[^\s\p{Cc}]{1,200}$/u.test(value)) refuse(option, "expected the name of a profile");
    if (!(place.hasAppArmor ?? existsSync("/sys/kernel/security/apparmor")))
      refuse(option, "this kernel has no AppArmor", "apparmor=unconfined asks for none");
    return { ...rest, apparmor: value };
  },
  label: (value, before, option, place) => {
    if (!/^(?:disable|nested|(?:user|role|type|level|filetype):.+)$/.test(value))
      refuse(
        option,
        "expected disable, nested, or user:, role:, type:, level: or filetype: with a value",
      );
    // Without SELinux labels mean nothing, here as with the engines.
    if (value !== "disable" && (place.hasSelinux ?? existsSync("/sys/fs/selinux/enforce")))
      refuse(option, "steps cannot be given SELinux labels", "only label=disable is supported");
    return before;
  },
  systempaths: (value, before, option) =>
    value === "unconfined"
      ? { ...before, systemPaths: { masked: [], readOnly: [] } }
      : refuse(option, "expected unconfined"),
  mask: (value, before, option) => {
    const { masked, readOnly } = before.systemPaths;
    const all = new Set([...masked, ...absolutePaths(value, option)]);
    return { ...before, systemPaths: { masked: [...all], readOnly } };
  },
  unmask: (value, before, option) => ({
    ...before,
    systemPaths: unmask(
      before.systemPaths,
      value.toLowerCase() === "all" ? [value] : absolutePaths(value, option),
    ),
  }),
  "proc-opts": (value, before, option) => procOptions(value, option, before),
};

/** Known elsewhere, and why not here. */
const unsupported: Readonly<Record<string, string>> = {
  credentialspec: "only Windows has credential specs",
  "writable-cgroups": "steps never write control groups",
};

/**
 * `NAME`, `NAME=VALUE` or `NAME:VALUE` texts, in order.
 * @throws SANDBOX_SECURITY_OPTION, SANDBOX_SECCOMP_PROFILE
 */
export function parseSecurityOptions(texts: readonly string[], place: SecurityPlace): Confinement {
  return texts.reduce<Confinement>((confinement, text) => {
    const [, name = "", value = ""] = /^([^=:]*)[=:]?(.*)$/s.exec(text) ?? [];
    const reason = unsupported[name];
    if (reason !== undefined) refuse(text, reason);
    const apply = Object.hasOwn(options, name) ? options[name] : undefined;
    if (apply === undefined)
      refuse(text, `there is no such option${didYouMean(name, Object.keys(options))}`);
    return apply(value, confinement, text, place);
  }, defaultConfinement);
}

/**
 * What of a confinement can change what a command does: nothing when it is the default, so that keys say only what was asked
 * for. The same rules give the same parts, in whatever file they stand.
 */
export function confinementParts(confinement: Confinement): { readonly [name: string]: Json } {
  const { noNewPrivileges: _, seccomp, apparmor, systemPaths, procOptions: proc } = confinement;
  return {
    ...(seccomp === "builtin" ? {} : { seccomp: seccomp as unknown as Json }),
    ...defined({ apparmor }),
    ...(systemPaths === defaultSystemPaths
      ? {}
      : { masked: [...systemPaths.masked].sort(), readOnly: [...systemPaths.readOnly].sort() }),
    ...(proc.length === 0 ? {} : { proc: [...proc] }),
  };
}
