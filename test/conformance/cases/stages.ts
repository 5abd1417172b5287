// SPDX-License-Identifier: Apache-2.0
// FROM, stages, targets, base images, ONBUILD.

import type { CaseGroup } from "../case.js";

export const stages: CaseGroup = {
  name: "stages",
  cases: [
    { name: "scratch with metadata only", dockerfile: 'FROM scratch\nENV A=1\nCMD ["x"]\n' },
    { name: "scratch alone", dockerfile: "FROM scratch\n" },
    { name: "a base image alone", dockerfile: "FROM busybox\n" },
    {
      name: "a base's configuration is inherited",
      dockerfile: "FROM made-config\n",
      images: ["made-config"],
    },
    {
      name: "a base's configuration is changed",
      dockerfile:
        'FROM made-config\nENV A=new C=3\nLABEL both=new own=1\nEXPOSE 81/udp\nVOLUME /more\nUSER root\nWORKDIR sub\nSTOPSIGNAL 9\nSHELL ["/bin/sh","-ec"]\nHEALTHCHECK NONE\n',
      images: ["made-config"],
      differs: [
        {
          peer: "buildah",
          what: ["config/Env"],
          reason: "Buildah moves a variable that is set again to the end",
        },
      ],
    },
    {
      name: "a base's working directory, user and shell are used",
      dockerfile:
        'FROM made-config\nRUN id -un > /tmp/id; pwd > /tmp/pwd; echo $A "$B" > /tmp/env\n',
      images: ["made-config"],
    },
    {
      name: "layers of a base with deletions",
      dockerfile: "FROM made-opaque\nRUN find /o /p /q | sort > /list\n",
      images: ["made-opaque"],
    },
    {
      name: "a stage from a stage",
      dockerfile:
        "FROM busybox AS a\nRUN echo a > /a\nENV A=1\nFROM a AS b\nRUN echo b$A > /b\nFROM b\nRUN cat /a /b > /c\n",
    },
    {
      name: "a stage's name in any case",
      dockerfile: "FROM busybox AS Base\nRUN echo a > /a\nFROM BASE\nRUN cat /a\n",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah minds case" },
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit looks a FROM up as it is written; COPY --from and --target ignore case there too",
        },
      ],
    },
    {
      name: "a later stage of the same name wins",
      dockerfile:
        "FROM busybox AS a\nRUN echo 1 > /x\nFROM busybox AS a\nRUN echo 2 > /x\nFROM a\n",
      differs: [{ peer: "buildah", what: ["entries/x"], reason: "the first one wins in Buildah" }],
    },
    {
      name: "a stage that nothing needs is not built",
      dockerfile: "FROM busybox AS bad\nRUN false\nFROM scratch\nENV A=1\n",
      without: { buildah: "Buildah builds it unless it is told otherwise" },
    },
    {
      name: "a stage that nothing needs, without a base",
      dockerfile: "ARG BASE\nFROM $BASE AS bad\nFROM scratch\nENV A=1\n",
      fails: "PLAN_BLANK_IMAGE",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah looks at the stages that it builds" },
      ],
    },
    {
      name: "a target in the middle",
      dockerfile: "FROM busybox AS a\nRUN echo a > /a\nFROM busybox AS b\nRUN false\n",
      args: ["--target=a"],
    },
    {
      name: "a target in another case",
      dockerfile: "FROM busybox AS Aa\nRUN echo a > /a\nFROM scratch\n",
      args: ["--target=aA"],
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah minds case" }],
    },
    {
      name: "a target by number",
      dockerfile: "FROM busybox\nRUN echo a > /a\nFROM scratch\nENV A=1\n",
      args: ["--target=0"],
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason:
            "BuildKit knows targets by name only; the classic builder and Buildah take numbers",
        },
      ],
    },
    {
      name: "a target that does not exist",
      dockerfile: "FROM busybox AS build\n",
      args: ["--target=bulid"],
      fails: "PLAN_UNKNOWN_TARGET",
    },
    {
      name: "metadata does not come with COPY --from",
      dockerfile:
        "FROM busybox AS a\nENV A=1\nLABEL l=1\nRUN echo a > /a\nFROM scratch\nCOPY --from=a /a /a\n",
    },
    {
      name: "stages that depend in both ways",
      dockerfile:
        "FROM busybox AS a\nRUN echo 1 > /1\nFROM busybox AS b\nCOPY --from=a /1 /1\nRUN echo 2 > /2\nFROM a\nCOPY --from=b /1 /2 /from-b/\n",
    },
    {
      name: "many small layers",
      dockerfile: `FROM scratch\n${Array.from({ length: 40 }, (_, i) => `COPY f /${i}`).join("\n")}\n`,
      context: { f: "f" },
    },
    {
      name: "FROM with a variable and a default",
      dockerfile: "ARG T\nFROM ${T:-busybox}\nENV A=1\n",
      without: {
        buildah: "a name with variables is not looked for among the named contexts there",
      },
    },
    { name: "FROM of a blank name", dockerfile: "ARG T\nFROM $T\n", fails: "PLAN_BLANK_IMAGE" },
    { name: "FROM with two words", dockerfile: "FROM busybox x\n", fails: "DOCKERFILE_ARGUMENTS" },
    { name: "FROM without a name", dockerfile: "FROM\n", fails: "DOCKERFILE_ARGUMENTS" },
    {
      name: "a stage name that cannot be one",
      dockerfile: "FROM busybox AS 1x\n",
      fails: "DOCKERFILE_STAGE_NAME",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes any name" }],
    },
    {
      name: "a platform that is not written is that of the build",
      dockerfile: "FROM --platform= busybox\nLABEL a=b\n",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah refuses a flag whose value is blank" },
      ],
    },
    {
      name: "a platform that is empty",
      dockerfile: "FROM --platform=$NOTHING busybox\n",
      fails: "PLAN_BAD_PLATFORM",
    },
    {
      name: "a named context in the place of a stage",
      dockerfile: "FROM busybox AS dep\nRUN false\nFROM scratch\nCOPY --from=dep /only /only\n",
      beside: { "dep/only": "from the context\n" },
      args: ["--build-context=dep=dep"],
    },
    {
      name: "a named context as base",
      dockerfile: "FROM files\nENV A=1\n",
      beside: { "files/a/b": "b\n", "files/.dockerignore": "" },
      args: ["--build-context=files=files"],
      without: { buildah: "a directory cannot be a base there" },
      differs: [
        {
          peer: "buildkit",
          what: ["history/*"],
          reason: "BuildKit lists the layer of the context after everything else",
        },
      ],
    },
    {
      name: "an instruction before FROM",
      dockerfile: "RUN true\nFROM busybox\n",
      fails: "DOCKERFILE_NO_STAGE",
    },
    {
      name: "labels of the command line come last",
      dockerfile: "FROM scratch\nLABEL a=file b=file\n",
      args: ["--label=a=cli", "--label=c=cli"],
    },
    {
      name: "MAINTAINER sets the author",
      dockerfile: "FROM scratch\nMAINTAINER me <m@example.org>\n",
    },
    {
      name: "the author of a base is inherited",
      dockerfile: "FROM made-config\nRUN true\n",
      images: ["made-config"],
    },
    {
      name: "an entrypoint resets the base's command",
      dockerfile: 'FROM made-entrypoint\nENTRYPOINT ["/new"]\n',
      images: ["made-entrypoint"],
    },
    {
      name: "an entrypoint leaves a command of the same stage",
      dockerfile: 'FROM made-entrypoint\nCMD ["own"]\nENTRYPOINT ["/new"]\n',
      images: ["made-entrypoint"],
    },
    {
      name: "an entrypoint resets the command of a stage below",
      dockerfile: 'FROM busybox AS a\nCMD ["a"]\nFROM a\nENTRYPOINT ["/new"]\n',
    },
    {
      name: "a command leaves the entrypoint",
      dockerfile: 'FROM made-entrypoint\nCMD ["own"]\n',
      images: ["made-entrypoint"],
    },
    {
      name: "triggers of a base run first",
      dockerfile: "FROM made-onbuild\nARG STAGE_ARG=late\nRUN cat /on/f > /own\n",
      images: ["made-onbuild"],
      context: { f: "f\n" },
    },
    {
      name: "triggers declare and use arguments",
      dockerfile: "FROM made-onbuild-arg\nRUN pwd > /pwd; echo $V >> /pwd\n",
      images: ["made-onbuild-arg"],
      args: ["--build-arg=V=cli"],
    },
    {
      name: "triggers of a stage of the same file",
      dockerfile:
        "FROM busybox AS a\nONBUILD RUN echo on > /on\nONBUILD ENV ON=1\nFROM a\nRUN echo $ON > /own\n",
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah writes OCI configurations, which have no triggers",
        },
      ],
    },
    {
      name: "triggers do not reach grandchildren",
      dockerfile:
        "FROM busybox AS a\nONBUILD RUN echo on >> /on\nFROM a AS b\nFROM b\nRUN cat /on > /own\n",
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah writes OCI configurations, which have no triggers",
        },
      ],
    },
    {
      name: "triggers of the last stage are kept in the image",
      dockerfile: 'FROM busybox\nONBUILD COPY a /b\nONBUILD  run  echo  "x  y"\nonbuild ENV A=1\n',
    },
    {
      name: "triggers with dependencies on a stage",
      dockerfile: "FROM busybox AS other\nRUN echo m > /made\nFROM made-onbuild-from\n",
      images: ["made-onbuild-from"],
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah does not know stages that only triggers name",
        },
      ],
    },
    {
      name: "a trigger that fails",
      dockerfile: "FROM made-onbuild-bad\n",
      images: ["made-onbuild-bad"],
      fails: "STEPS_SOURCE_NOT_FOUND",
    },
    {
      name: "a trigger with a here-document",
      dockerfile: "FROM busybox AS a\nONBUILD RUN <<EOF\necho on > /on\nEOF\nFROM a\n",
      differs: [
        {
          peer: "buildah",
          what: ["*"],
          reason: "Buildah writes OCI configurations, which have no triggers",
        },
      ],
    },
    {
      name: "ONBUILD ONBUILD",
      dockerfile: "FROM busybox\nONBUILD ONBUILD RUN true\n",
      fails: "DOCKERFILE_ONBUILD",
    },
    {
      name: "ONBUILD FROM",
      dockerfile: "FROM busybox\nONBUILD FROM x\n",
      fails: "DOCKERFILE_ONBUILD",
    },
    {
      name: "ONBUILD MAINTAINER",
      dockerfile: "FROM busybox\nONBUILD MAINTAINER x\n",
      fails: "DOCKERFILE_ONBUILD",
    },
    {
      name: "an image's name with registry and tag as named context",
      dockerfile: "FROM made-alone\nCOPY --from=made-alone /only /copy\n",
      images: ["made-alone"],
    },
  ],
};
