// SPDX-License-Identifier: Apache-2.0
// Instructions that only change the image's configuration.

import type { CaseGroup, ConformanceCase } from "../case.js";

const on = (name: string, lines: string, rest: Partial<ConformanceCase> = {}): ConformanceCase => ({
  name,
  dockerfile: `FROM scratch\n${lines}\n`,
  ...rest,
});

export const config: CaseGroup = {
  name: "config",
  cases: [
    on("CMD as shell and exec form", 'CMD ["a", "b c"]\nCMD echo "a  b" $X'),
    on("CMD of an empty list", "CMD []"),
    on("CMD that is almost JSON", "CMD ['ls', '-l']"),
    on("CMD of JSON with something after it", 'CMD ["a"] b', {
      differs: [
        { peer: "buildah", what: ["config/Cmd"], reason: "Buildah leaves out what follows" },
      ],
    }),
    on("CMD of JSON with a number is an error", "CMD [1]", { fails: "DOCKERFILE_JSON" }),
    on("CMD after a space", 'CMD   [ "a" ,"b" ]'),
    on("CMD without anything", "CMD", {
      differs: [
        {
          peer: "buildah",
          what: ["config/Cmd"],
          reason: "Buildah has no word for the empty command",
        },
      ],
    }),
    on("ENTRYPOINT as shell form", "ENTRYPOINT exec top -b"),
    on("ENTRYPOINT of an empty list", 'ENTRYPOINT ["a"]\nENTRYPOINT []'),
    on("ENTRYPOINT and CMD", 'ENTRYPOINT ["e"]\nCMD ["c"]'),
    on("CMD before ENTRYPOINT", 'CMD ["c"]\nENTRYPOINT ["e"]'),
    on(
      "SHELL shapes later shell forms",
      'CMD one\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nENTRYPOINT two',
      {
        differs: [
          {
            peer: "buildah",
            what: ["config/Entrypoint"],
            reason: "Buildah ignores SHELL in OCI configurations",
          },
        ],
      },
    ),
    on("SHELL must be JSON", "SHELL /bin/sh -c", { fails: "DOCKERFILE_JSON" }),
    on("EXPOSE in its forms", "EXPOSE 80 443/tcp 53/UDP 9000-9002 70-71/sctp", {
      differs: [
        {
          peer: "buildah",
          what: ["config/ExposedPorts"],
          reason: "Buildah keeps what was written",
        },
      ],
    }),
    on("EXPOSE of a variable with several", 'ENV P="99  100"\nEXPOSE 80 $P 443'),
    on("EXPOSE merges", "EXPOSE 80\nEXPOSE 80/tcp 81"),
    on("EXPOSE with an address keeps the port", "EXPOSE 127.0.0.1:8080:80", {
      differs: [
        {
          peer: "buildah",
          what: ["config/ExposedPorts"],
          reason: "Buildah keeps what was written",
        },
      ],
    }),
    on("EXPOSE of a bad port", "EXPOSE 70000", {
      fails: "DOCKERFILE_VALUE",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah does not check what follows EXPOSE" },
      ],
    }),
    on("EXPOSE of a port twice", "EXPOSE 80 81-82 80/tcp 82", {
      differs: [
        {
          peer: "buildah",
          what: ["config/ExposedPorts"],
          reason: "Buildah keeps what was written",
        },
      ],
    }),
    on("EXPOSE of a word", "EXPOSE http", {
      fails: "DOCKERFILE_VALUE",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah does not check what follows EXPOSE" },
      ],
    }),
    on("EXPOSE of a bad protocol", "EXPOSE 80/xyz", {
      fails: "DOCKERFILE_VALUE",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah does not check what follows EXPOSE" },
      ],
    }),
    on("EXPOSE of a backward range", "EXPOSE 90-80", {
      fails: "DOCKERFILE_VALUE",
      differs: [
        { peer: "buildah", what: ["*"], reason: "Buildah does not check what follows EXPOSE" },
      ],
    }),
    on("EXPOSE without anything", "EXPOSE", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("VOLUME as words and as JSON", 'VOLUME /a b\nVOLUME ["/c d", "/e"]\nVOLUME /a'),
    on("VOLUME of nothing is an error", 'VOLUME [""]', { fails: "DOCKERFILE_ARGUMENTS" }),
    {
      name: "what is written to a volume later stays",
      dockerfile: "FROM busybox\nVOLUME /v\nRUN mkdir -p /v && echo x > /v/x\n",
    },
    on("USER is stored as written", "USER a:b"),
    on("USER without anything", "USER", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("USER with two words is taken whole", "USER a b"),
    on("USER of a variable without a value is the default one", "USER a\nUSER $none"),
    on("WORKDIR is cleaned", "WORKDIR /a//b/../c/", {
      differs: [
        { peer: "buildah", what: ["config/WorkingDir"], reason: "Buildah cleans only the end" },
        {
          peer: "buildkit",
          what: ["config/WorkingDir", "history/00"],
          reason: "later versions of BuildKit clean it too",
        },
      ],
    }),
    on("WORKDIR is relative to the one before", "WORKDIR /a\nWORKDIR b\nWORKDIR ../c\nWORKDIR ."),
    on("WORKDIR of the root", "WORKDIR /"),
    on("WORKDIR with a variable", "ENV D=/d\nWORKDIR $D/e"),
    on("WORKDIR with a space", 'WORKDIR "/a b"\nWORKDIR /c d'),
    {
      name: "WORKDIR belongs to the user",
      dockerfile: "FROM busybox\nUSER daemon\nWORKDIR /x/y\n",
    },
    {
      name: "WORKDIR of a user whom the image does not know",
      dockerfile: "FROM busybox\nRUN mkdir /x\nUSER nosuch:root\nWORKDIR /x\nWORKDIR y\n",
    },
    {
      name: "WORKDIR of a user without a passwd file",
      dockerfile: "FROM scratch\nUSER app\nWORKDIR /x\n",
      differs: [
        {
          peer: "buildkit",
          what: ["*"],
          reason: "BuildKit takes root only where there is a passwd file that lacks the user",
        },
      ],
    },
    {
      name: "WORKDIR that exists is left alone",
      dockerfile: "FROM busybox\nRUN mkdir -m 700 /x\nUSER daemon\nWORKDIR /x\n",
    },
    {
      name: "WORKDIR below one that exists",
      dockerfile: "FROM made-tree\nWORKDIR /d/n/m\n",
      images: ["made-tree"],
    },
    {
      name: "WORKDIR through a link",
      dockerfile: "FROM made-tree\nWORKDIR /link-dir/n\n",
      images: ["made-tree"],
    },
    {
      name: "WORKDIR onto a file is an error",
      dockerfile: "FROM made-tree\nWORKDIR /suid/n\n",
      images: ["made-tree"],
      fails: "STEPS_WORKDIR",
    },
    { name: "WORKDIR twice the same", dockerfile: "FROM scratch\nWORKDIR /a\nWORKDIR /a\n" },
    on("WORKDIR without anything", "WORKDIR", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("LABEL in its forms", 'LABEL a=1 "b c"="d e" f=\'g\'\nLABEL old form here\nLABEL a=2'),
    on("LABEL over lines", 'LABEL a="1 \\\n  2" \\\n  b=3'),
    on("LABEL with a dot and a dash", "LABEL org.example.a-b=c=d"),
    on("LABEL without a value", "LABEL a", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("STOPSIGNAL by name and number", "STOPSIGNAL SIGQUIT"),
    on("STOPSIGNAL by number", "STOPSIGNAL 15"),
    on("STOPSIGNAL without its prefix", "STOPSIGNAL KILL"),
    on("STOPSIGNAL of real time", "STOPSIGNAL RTMIN+3"),
    on("STOPSIGNAL that is none", "STOPSIGNAL SIGNOPE", { fails: "DOCKERFILE_VALUE" }),
    on(
      "HEALTHCHECK with all options",
      "HEALTHCHECK --interval=5s --timeout=1m30s --start-period=2h --start-interval=500ms --retries=3 CMD curl -f http://x/ || exit 1",
    ),
    on("HEALTHCHECK as exec form", 'HEALTHCHECK CMD ["a", "b"]'),
    on("HEALTHCHECK NONE", "HEALTHCHECK CMD x\nHEALTHCHECK NONE"),
    on("HEALTHCHECK in lower case", "healthcheck cmd x"),
    on("HEALTHCHECK of zero", "HEALTHCHECK --interval=0 --retries=0 CMD x", {
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah wants positive numbers" }],
    }),
    on("HEALTHCHECK with a short interval", "HEALTHCHECK --interval=1us CMD x", {
      fails: "DOCKERFILE_VALUE",
      differs: [{ peer: "buildah", what: ["*"], reason: "Buildah takes it" }],
    }),
    on("HEALTHCHECK with negative retries", "HEALTHCHECK --retries=-1 CMD x", {
      fails: "DOCKERFILE_VALUE",
    }),
    on("HEALTHCHECK NONE with words", "HEALTHCHECK NONE x", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("HEALTHCHECK of another type", "HEALTHCHECK FOO x", { fails: "DOCKERFILE_ARGUMENTS" }),
    on("HEALTHCHECK with nothing", "HEALTHCHECK", { fails: "DOCKERFILE_ARGUMENTS" }),
  ],
};
