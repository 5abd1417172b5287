// SPDX-License-Identifier: Apache-2.0
// Platforms: parsing, normal form, and which of an index's manifests a machine can run. Names are those of Go (amd64, arm64).

import { TsbuildError, defined, printable } from "../base/index.js";
import { annotationNames, attestationType } from "./annotations.js";
import type { Descriptor, ImageIndex, Platform } from "./types.js";

/** Other names of an architecture, and the variant that the name implies. */
const aliases: Readonly<Record<string, readonly [architecture: string, variant?: string]>> = {
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  x64: ["amd64"],
  i386: ["386"],
  i486: ["386"],
  i586: ["386"],
  i686: ["386"],
  ia32: ["386"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
  mipsel: ["mipsle"],
  mips64el: ["mips64le"],
  powerpc64le: ["ppc64le"],
};
const architectures = new Set([
  ...["386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle"],
  ...["ppc64", "ppc64le", "riscv64", "s390x", "wasm"],
]);
const systems = new Set([
  ...["aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux"],
  ...["netbsd", "openbsd", "plan9", "solaris", "wasip1", "windows", "zos"],
]);
const word = /^[A-Za-z0-9_.-]{1,64}$/;

/** Aliases resolved, lower case, and the variant that says nothing (arm64/v8, amd64/v1) dropped. */
export function normalizePlatform(platform: Platform): Platform {
  const named = platform.architecture.toLowerCase();
  const alias = Object.hasOwn(aliases, named) ? aliases[named] : undefined;
  const architecture = alias?.[0] ?? named;
  let variant = platform.variant?.toLowerCase() ?? alias?.[1] ?? "";
  if (/^[5-9]$/.test(variant)) variant = `v${variant}`;
  if (architecture === "arm" && variant === "") variant = "v7";
  if (architecture === "arm64" && variant === "v8") variant = "";
  if (architecture === "amd64" && variant === "v1") variant = "";
  const os = platform.os.toLowerCase();
  return {
    os: os === "macos" ? "darwin" : os,
    architecture,
    ...(variant === "" ? {} : { variant }),
    ...defined({ "os.version": platform["os.version"], "os.features": platform["os.features"] }),
  };
}

/** The platform of this machine, as container images name it. */
export function hostPlatform(): Platform {
  const machine: string = process.arch;
  if (machine === "arm") {
    const variables: Readonly<Record<string, unknown>> = { ...process.config.variables };
    const version = variables["arm_version"];
    return normalizePlatform({
      os: "linux",
      architecture: "arm",
      ...(typeof version === "string" ? { variant: `v${version}` } : {}),
    });
  }
  return normalizePlatform({
    os: "linux",
    architecture: machine === "ppc64" ? "ppc64le" : machine,
  });
}

/**
 * Parses `os/architecture[/variant]`, `architecture`, `os`, `os(version)/architecture`, or `local` (this machine).
 * What is left out is this machine's. The result is normalized. Throws OCI_PLATFORM.
 */
export function parsePlatform(text: string): Platform {
  const refuse = (why: string): TsbuildError =>
    new TsbuildError(
      "OCI_PLATFORM",
      `invalid platform "${printable(text.slice(0, 100))}": ${why}`,
      {
        hint: "write os/architecture[/variant], for example linux/amd64 or linux/arm/v7",
      },
    );
  if (text === "local") return hostPlatform();
  const parts = text.split("/");
  if (parts.length > 3) throw refuse("it has more than three parts");
  const [first = "", second, third] = parts;
  const versioned = /^([^()]*)\(([A-Za-z0-9_.-]*)\)$/.exec(first);
  const os = versioned?.[1] ?? first;
  for (const part of [os, ...parts.slice(1)])
    if (!word.test(part)) throw refuse(part === "" ? "a part is empty" : "a part is not a word");
  const version = versioned?.[2] ? { "os.version": versioned[2] } : {};

  const host = hostPlatform();
  if (second === undefined) {
    const lower = os.toLowerCase();
    if (systems.has(lower) || lower === "macos")
      return normalizePlatform({ ...host, os: lower, ...version });
    if (architectures.has(lower) || Object.hasOwn(aliases, lower))
      return normalizePlatform({ os: host.os, architecture: lower });
    throw refuse("unknown operating system or architecture");
  }
  return normalizePlatform({
    os,
    architecture: second,
    ...defined({ variant: third }),
    ...version,
  });
}

/** `os/architecture[/variant]`. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant } = normalizePlatform(platform);
  return `${os}/${architecture}${variant === undefined ? "" : `/${variant}`}`;
}

/** The same, with the version of the operating system where the platform names one: `windows(10.0.17763)/amd64`. */
export function formatFullPlatform(platform: Platform): string {
  const version = platform["os.version"];
  const name = formatPlatform(platform);
  if (version === undefined) return name;
  const slash = name.indexOf("/");
  return `${name.slice(0, slash)}(${version})${name.slice(slash)}`;
}

/** True when both are the same after normalization; an `os.version` counts only where both give one. */
export function samePlatform(a: Platform, b: Platform): boolean {
  const [x, y] = [a["os.version"], b["os.version"]];
  return formatPlatform(a) === formatPlatform(b) && (x === undefined || y === undefined || x === y);
}

/** What a machine of the wanted platform runs, best first: older variants, and the 32-bit forms that containerd accepts. */
function runnable(wanted: Platform): Platform[] {
  const { os, architecture, variant } = normalizePlatform(wanted);
  const of = (arch: string, variants: readonly string[]): Platform[] =>
    variants.map((v) =>
      normalizePlatform({ os, architecture: arch, ...(v === "" ? {} : { variant: v }) }),
    );
  const down = (from: number, to: number): string[] =>
    Array.from({ length: Math.max(0, from - to + 1) }, (_, i) => `v${from - i}`);
  const level = Number(/^v(\d{1,2})$/.exec(variant ?? "")?.[1] ?? Number.NaN);
  if (architecture === "amd64")
    return [...of("amd64", down(Number.isNaN(level) ? 1 : level, 1)), ...of("386", [""])];
  if (architecture === "arm") return of("arm", down(Number.isNaN(level) ? 7 : level, 5));
  if (architecture === "arm64")
    return [...of("arm64", variant === undefined ? [""] : [variant, ""]), ...of("arm", down(8, 5))];
  return of(architecture, variant === undefined ? [""] : [variant, ""]);
}

/** True for the entries of an index that are no images: attestations, which carry `unknown/unknown`. */
export function isAttestation(descriptor: Descriptor): boolean {
  return (
    descriptor.annotations?.[annotationNames.referenceType] === attestationType ||
    descriptor.platform?.os === "unknown"
  );
}

/**
 * The entry of an index that fits a platform best, with containerd's fallbacks (arm/v7 runs arm/v6, amd64 runs 386).
 * Among equals the first wins. An entry without a platform is taken only when nothing else fits: its config then has
 * to be looked at. Undefined: nothing fits.
 */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  const images = index.manifests.filter((entry) => !isAttestation(entry));
  for (const candidate of runnable(wanted)) {
    const found = images.find(
      (entry) =>
        entry.platform !== undefined &&
        samePlatform(entry.platform, {
          ...candidate,
          ...defined({ "os.version": wanted["os.version"] }),
        }),
    );
    if (found !== undefined) return found;
  }
  return images.find((entry) => entry.platform === undefined);
}

/** The platforms that an index offers, for messages: formatted, in order, each once. */
export function platformsOf(index: ImageIndex): string[] {
  const images = index.manifests.filter((entry) => !isAttestation(entry));
  return [...new Set(images.flatMap((e) => (e.platform ? [formatPlatform(e.platform)] : [])))];
}
