// SPDX-License-Identifier: Apache-2.0
// Cases about the configuration: every instruction with odd arguments, over stages, triggers and bases that have one already.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";
import { usual, variable, word } from "./words.js";

const healthFlags = [
  "--interval=5s",
  "--interval=1m30s",
  "--timeout=1.5s",
  "--start-period=0s",
  "--start-period=2h",
  "--start-interval=1s",
  "--retries=0",
  "--retries=3",
  "--interval=0",
  "--interval=1ms",
  "--retries=-1",
  "--interval=5",
  "--retries=x",
  "--timeout=1h2m3.5s",
  "--interval=$N",
  "--retries=+3",
  "--interval=",
] as const;
const signals = [
  "SIGTERM",
  "term",
  "TERM",
  "9",
  "SIGRTMIN+3",
  "RTMIN",
  "SIGRTMAX-1",
  "0",
  "65",
  "64",
  "KILL",
  "sigint",
  "$N",
  "-1",
  "SIGFOO",
  '"SIGINT"',
  "SIGTERM SIGINT",
  "09",
] as const;
const ports = [
  "80",
  "80/tcp",
  "80/TCP",
  "80/udp",
  "81/sctp",
  "8000-8002",
  "8000-8002/udp",
  "1:2",
  "127.0.0.1:80:81",
  "80/",
  "0",
  "65535",
  "65536",
  "$N",
  "${N}0/tcp",
  "${N}-9",
  "9-8",
  "80-80",
  "080",
  "+80",
  "1-2:3-4",
  "[::1]:5:6",
  '"80"',
  "80/tcp/udp",
  "a",
] as const;
const users = [
  "root",
  "0",
  "1:2",
  "daemon:daemon",
  "nosuch",
  "nosuch:nogroup",
  ":",
  "1000:",
  ":5",
  "$A",
  "'u'",
  '"a b"',
  "a b",
  "root:",
  "-1",
  "4294967296",
] as const;
const directories = [
  "/w",
  "w",
  "../x",
  "/a/../b",
  ".",
  "..",
  "/",
  "./y/",
  "/w//z",
  "$P",
  "/$N/x",
  "'/q r'",
  '"/d"',
  "/a b",
  "~",
  "C:\\x",
  "/ü",
  "$none",
  "/x\\ y",
  "/x/.",
  "$E/k",
] as const;
const commands = [
  "a b",
  '["a","b"]',
  "[]",
  '[""]',
  "['x']",
  "$A ${A}",
  '[ "$A" ]',
  "",
  "\"q\" 'r'",
  "a \\\n  b",
  "a # b",
  '["a"',
  "exec  a",
  "é",
] as const;
const volumes = [
  "/v",
  "/v /w",
  '["/v", "/x y"]',
  "[]",
  "v",
  "$P",
  "/v/",
  "/a//b",
  '[""]',
  '"/q"',
  "/v /v",
  "'/a b'",
  ".",
  '["$P"]',
  "/$N-${none:-d}",
] as const;
const shells = [
  '["/bin/sh","-c"]',
  '["/bin/sh","-exc"]',
  '["$A"]',
  "[]",
  '["a",""]',
  "/bin/sh -c",
  '["powershell", "-command"]',
] as const;
const labels = [
  "a=b",
  "a=b c=d",
  "a b",
  "a  b c",
  '"a b"=c',
  "a=",
  "a",
  "=b",
  "a=b c",
  "'k'=v",
  "a='x y'",
  '"k"',
  "k =v",
  "k= v",
  "k = v",
  "a.b-c/d=e",
  "a=b=c",
  "$A=1",
  "a=$A b=${P}",
  'a="x\\\ny"',
  "a=1 a=2",
  "k\tv",
  "k='$A'",
  'k="',
  "k=\\",
  'a="b"c',
  "a='b''c'",
  "x=y\\ z",
  "x=<<E",
  "日=本",
  '"$A" x',
  "a=b\\",
  "a=${A",
] as const;
const onbuilds = [
  "RUN echo trig > /trig",
  "ENV T=1",
  "ENV T=$A",
  "COPY a /ob/",
  "LABEL t=$V",
  "WORKDIR /ob/w",
  "CMD x",
  'ENTRYPOINT ["y"]',
  "ARG V=trig",
  "USER 1",
  "EXPOSE 99",
  "ONBUILD RUN x",
  "FROM x",
  "MAINTAINER m",
  "HEALTHCHECK NONE",
  "copy a  /lower/",
  "COPY --from=first / /f/",
  "VOLUME /vv",
  'SHELL ["/bin/ash", "-c"]',
  "STOPSIGNAL 3",
  "add a /l",
  "nosuch",
  "RUN <<E\necho h > /h\nE",
  "COPY <<E /hh\n$A\nE",
] as const;
const maintainers = ["me", "a  b", '"q"', "$A", "a <b@c>", '["x"]'] as const;

function instruction(random: Random): string {
  const w = (): string => word(random, { ...usual, odd: 20 });
  switch (
    random.weighted({
      health: 3,
      stop: 2,
      expose: 3,
      user: 2,
      workdir: 3,
      cmd: 3,
      entrypoint: 3,
      volume: 2,
      shell: 1,
      label: 4,
      env: 4,
      onbuild: 2,
      maintainer: 1,
      arg: 3,
      run: 1,
      empty: random.chance(30) ? 1 : 0,
    })
  ) {
    case "health":
      return health(random);
    case "stop":
      return `STOPSIGNAL ${random.pick(signals)}`;
    case "expose":
      return `EXPOSE ${random.pick(ports)}${random.chance(40) ? ` ${random.pick(ports)}` : ""}`;
    case "user":
      return `USER ${random.pick(users)}`;
    case "workdir":
      return `WORKDIR ${random.chance(80) ? random.pick(directories) : `/${w()}`}`;
    case "cmd":
      return `CMD ${random.pick(commands)}`;
    case "entrypoint":
      return `ENTRYPOINT ${random.pick(commands)}`;
    case "volume":
      return `VOLUME ${random.pick(volumes)}`;
    case "shell":
      return `SHELL ${random.pick(shells)}`;
    case "label":
      return `LABEL ${random.pick(labels)}`;
    case "env":
      return `ENV ${random.chance(60) ? random.pick(labels) : `PATH=/x:$PATH H${w()}=${w()}`}`;
    case "onbuild":
      return `ONBUILD ${random.pick(onbuilds)}`;
    case "maintainer":
      return `MAINTAINER ${random.pick(maintainers)}`;
    case "arg":
      return `ARG ${random.pick(["V", "V=stage", "V=", "GLOBAL", "GLOBAL=x", "A=arg", "N", "TARGETOS TARGETARCH", "BUILDPLATFORM", "HTTP_PROXY", "http_proxy=p", "TARGETPLATFORM=x", "X=$V-$GLOBAL", "V=\"a b\" W='c'", "TARGETSTAGE", "BUILDKIT_SANDBOX_HOSTNAME=h", "V=${V:-deep}", "SOURCE_DATE_EPOCH", "PATH", "HOME=/h"])}`;
    case "run":
      return `RUN env | grep -v -e ^HOSTNAME= -e ^SHLVL= | sort > /env; echo $0 "$V" ${variable(random).replaceAll("`", "")} > /run-out 2>&1; true`;
    case "empty":
      return random.pick([
        "CMD",
        "ENTRYPOINT",
        "LABEL",
        "ENV",
        "USER",
        "EXPOSE",
        "HEALTHCHECK",
        "WORKDIR",
        "VOLUME",
        "STOPSIGNAL",
        "SHELL",
        "ONBUILD",
        "MAINTAINER",
        "ARG",
      ]);
  }
}

function health(random: Random): string {
  const flags = Array.from({ length: random.below(3) }, () => `${random.pick(healthFlags)} `).join(
    "",
  );
  return `HEALTHCHECK ${flags}${random.pick(["NONE", "none", "CMD a b", 'CMD ["a", "$A"]', "CMD", "CMD []", "cmd x", "CMD $A", "RUN x", "CMD-SHELL x", "CMD  a  b"])}`;
}

const bases = [
  "scratch",
  "busybox",
  "busybox",
  "made-config",
  "made-entrypoint",
  "made-onbuild-arg",
  "made-no-path",
] as const;

export function configuration(random: Random): PeerCase {
  const stages = 1 + random.below(3);
  const pieces: string[] = [];
  if (random.chance(30))
    pieces.push(`ARG GLOBAL=${random.pick(["g", "$TARGETOS", '"a b"', "${V:-v}"])}\n`);
  const used = new Set<string>();
  for (let stage = 0; stage < stages; stage++) {
    const base = stage > 0 && random.chance(70) ? `s${random.below(stage)}` : random.pick(bases);
    if (base.startsWith("made-")) used.add(base);
    pieces.push(
      `FROM ${base} AS ${stage === 0 && random.chance(20) ? "first\n" + `FROM ${base} AS s0` : `s${stage}`}\n`,
    );
    if (random.chance(50)) pieces.push("ENV A=foobarbaz E= P=/a/b/c N=7\n");
    const count = 1 + random.below(5);
    for (let i = 0; i < count; i++) pieces.push(`${instruction(random)}\n`);
  }
  return {
    family: "configuration",
    pieces,
    context: { a: "a\n" },
    args: flags(random, stages),
    images: [...used],
  };
}

function flags(random: Random, stages: number): string[] {
  const all = [
    "--build-arg=V=given",
    "--build-arg=GLOBAL=given",
    "--build-arg=HTTP_PROXY=hp",
    "--build-arg=no_proxy=np",
    "--build-arg=A=cli",
    "--label=cli=1",
    "--label=a=cli",
    "--build-arg=SOURCE_DATE_EPOCH=1000000000",
    "--build-arg=TARGETOS=odd",
    "--build-arg=undeclared=1",
    "--build-arg=V=",
    "--build-arg=BUILDKIT_SANDBOX_HOSTNAME=box",
    `--target=s${random.below(stages)}`,
    `--target=S${random.below(stages)}`,
  ];
  return Array.from({ length: random.pick([0, 0, 1, 1, 2]) }, () => random.pick(all)).filter(
    (flag, i, list) =>
      list.findIndex(
        (other) =>
          other.split("=")[0] === flag.split("=")[0] &&
          (flag.startsWith("--target") || other === flag),
      ) === i,
  );
}
