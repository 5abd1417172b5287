// SPDX-License-Identifier: Apache-2.0
// Cases about RUN: what it may change, what is mounted, how its text becomes a command.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";
import { randomContext } from "./trees.js";

const changes = [
  "rm -rf /d/s",
  "rm -rf /d && mkdir /d && echo new > /d/new",
  "rm -rf /d/s && ln -s /e /d/s",
  "rm -rf /d/s && echo file > /d/s",
  "mv /d/s /d/moved",
  "mv /d /moved",
  "mv /d/a /d/s/a",
  "ln /d/a /d/hl && ln /d/a /hl2",
  "ln -s d/a /sl",
  "ln -sf /e /l",
  "chmod 700 /d",
  "chmod 640 /d/a",
  "chown 3:4 /d/s",
  "chown -R 5:6 /d",
  "touch -d '2001-02-03 04:05:06' /d/a",
  "touch /d/a",
  "echo more >> /d/a",
  "cp -a /d /copy",
  "mkfifo /fifo && chmod 600 /fifo",
  "mkdir -p /n/m/o && chmod 1777 /n/m && chmod g+s /n",
  "rm /bin/wget; true",
  "rm -rf /etc && mkdir /etc && echo x > /etc/x",
  "rmdir /tmp; mkdir -m 755 /tmp",
  "echo x > /tmp/x; echo y > /var/y; true",
  "cat /d/a > /o && cat /d/a > /o",
  "rm -rf /d/s/* /d/.h; true",
  "mkdir /d/.wh; touch /d/.whx",
  "echo x > '/sp ace' && echo y > /ü && printf z > '/nl\nx'",
  "mknod /null c 1 3",
  "touch /a; rm /a",
  "rm -f /d/a; echo again > /d/a; ln /d/a /d/aa",
  "cp /d/a /d/a2 && mv /d/a2 /d/a",
  "dd if=/dev/zero of=/sparse bs=1 count=1 seek=100000 2>/dev/null",
  "id > /id; pwd > /pwd; umask > /umask",
  "echo hosts > /etc/hosts; echo r > /etc/resolv.conf; true",
  "chmod 711 /",
  "chmod 4755 /d/a; chown 1 /d/a",
  "echo $0 $# $- > /zero",
  "ls /proc/self/fd > /fds",
  "touch /dev/x /dev/shm/y; true",
  "rm -rf /d; mv /e /d",
  "cd /d && for i in 1 2 3; do mkdir $i; echo $i > $i/f; done; rm -rf 2",
  "ulimit -n > /dev/null; env -i /bin/env > /env",
  'read x; echo "$x." > /stdin',
] as const;

const mounts = [
  "--mount=type=bind,target=/m",
  "--mount=target=/m,source=d",
  "--mount=type=bind,source=d,target=/m,rw",
  "--mount=source=a,target=/m/file",
  "--mount=from=other,target=/m",
  "--mount=from=other,source=/d,target=/m,readwrite=true",
  "--mount=type=cache,target=/m",
  "--mount=type=cache,target=/m,mode=0700,uid=3,gid=4",
  "--mount=type=cache,target=m,from=other,source=/d",
  "--mount=type=cache,id=$X,target=/m,sharing=locked,ro",
  "--mount=type=tmpfs,target=/m",
  "--mount=type=tmpfs,target=/d,size=1m",
  "--mount=type=secret,id=sec",
  "--mount=type=secret,id=sec,target=/d/secret,mode=0444,uid=5",
  "--mount=type=secret,id=sec,env=SEC",
  "--mount=type=secret,id=none",
  "--mount=type=secret,id=none,required",
  "--mount=type=secret,target=/deep/er/sec",
  "--mount=type=bind,source=$X,target=/m/$X",
  "--mount=target=.",
  "--mount=target=/l/m,source=d",
  "--mount=target=/dang/m,source=d",
  "--mount=source=ld,target=/m",
  "--mount=source=g/dangling,target=/m",
  "--mount=source=/d/../a,target=/m",
  '--mount="target=/m,source=d"',
  "--mount=TYPE=bind,Target=/m",
  "--mount=dst=/m,src=d,ro=false",
  "--mount=type=cache,dst=/d/s",
  "--mount=type=bind,from=made-tree,target=/m",
  "--mount=type=bind,from=busybox,source=/bin,target=/m",
  "--mount=type=$T,target=/m",
  "--mount=type=tmpfs,target=/dev/shm",
  "--mount=type=cache,target=/root/.cache --mount=type=tmpfs,target=/root/.cache/x",
  "--mount=target=/etc/m,source=d",
  "--network=none",
] as const;

const looks = [
  "find /m | sort > /seen 2>&1; true",
  "ls -lan /m | cut -c1-10 > /seen; true",
  "echo w > /m/w && cat /m/w > /got; true",
  "cat /m/* > /got 2>/dev/null; stat -c '%n %a %u %g' /m /m/* >> /got; true",
  "cat /run/secrets/sec > /got; echo $SEC >> /got; ls -ld /run/secrets >> /dev/null; true",
  "rm -rf /m/* 2> /dev/null; ls /m > /left; true",
  "test -e /m && echo there > /there; true",
] as const;

function run(random: Random): string {
  const text = random.pick(changes);
  switch (random.weighted({ plain: 10, mount: 9, heredoc: 3, exec: 2, both: 2, odd: 2 })) {
    case "plain":
      return `RUN ${text.replaceAll("\n", "\\n")}`;
    case "mount":
      return `RUN ${random.pick(mounts)} ${random.pick(looks)}`;
    case "both":
      return `RUN ${random.pick(mounts)} ${random.pick(mounts)} ${random.pick(looks)}`;
    case "heredoc":
      return heredoc(random, text);
    case "exec":
      return `RUN ${JSON.stringify(["sh", "-c", text, "name", "$X"])}`;
    case "odd":
      return `RUN ${random.pick(["true # c", "  true  ", "echo a \\\n  # c\n  && echo b > /ab", "echo 'a\\\nb' > /q", "echo $X '$X' \"\\$X\" \\$X > /x", "[\"echo\", 'x']", "exit 0", "(sleep 9 &) ; true", "echo ${X:-d} ${T#x} > /y", "printf '%s\\n' a\\ b \"c  d\" > /z", "\ttrue", 'echo "<<E" > /he', "cat <<E > /c1; cat <<-'F' > /c2\none $X\nE\n\ttwo $X\n\tF", "true || false; echo $? > /st", "cat <<< here > /hs || true", "echo `echo bt` $(echo $((1<<2))) > /bt", ": > /empty", "echo a\\\\b > /bs", "echo a >/r\\\n1"])}`;
  }
}

function heredoc(random: Random, text: string): string {
  const name = random.pick(["EOF", "E", "'EOF'", '"EOF"', "-EOF", "-'E'", "E1"]);
  const end = name.replace(/^-/, "").replace(/['"]/g, "");
  const indent = name.startsWith("-") ? "\t" : "";
  const shebang = random.pick([
    "",
    "",
    "",
    "#!/bin/sh\n",
    "#!/bin/sh -e\n",
    "#!/bin/ash\n",
    "# c\n",
    "\n",
    "  #!/bin/sh\n",
    "#! /bin/sh\n",
  ]);
  const before = random.pick(["", "", "", "sh ", "sh -e ", "cat > /cat "]);
  const after = random.pick(["", "", "", " ", " > /out", " # c"]);
  return `RUN ${before}<<${name}${after}\n${indent}${shebang}${indent}${text.replaceAll("\n", "")}\n${indent}echo "$X" \\\n${indent}done\n${indent}${end}`;
}

function step(random: Random): string {
  switch (random.weighted({ run: 12, workdir: 2, user: 2, shell: 1, volume: 1, env: 2, copy: 2 })) {
    case "run":
      return run(random);
    case "workdir":
      return `WORKDIR ${random.pick(["/w", "/l", "/l/deep", "d", "/dang/x", "/etc/../n", "../y"])}`;
    case "user":
      return `USER ${random.pick(["daemon", "1000", "1000:50", "root:mail", "0:0", "4000000", "65534"])}`;
    case "shell":
      return `SHELL ${random.pick(['["/bin/sh", "-ec"]', '["/bin/busybox", "ash", "-c"]', '["/bin/sh", "-xc"]', '["/bin/echo"]', '["sh"]'])}`;
    case "volume":
      return `VOLUME ${random.pick(["/d", "/vol", "/d/s", '["/v v"]'])}`;
    case "env":
      return random.pick([
        "ENV X=x T=tmpfs",
        "ARG X=argx",
        "ARG T=cache",
        "ENV HOME=/h",
        "ENV PATH=/bin",
        "ENV HOSTNAME=h",
        "ARG TARGETARCH",
        "ENV X='a b'",
        "ARG http_proxy=q",
        "ARG X",
        "ENV TERM=t",
        "ENV PATH=",
      ]);
    case "copy":
      return random.pick([
        "COPY d /d",
        "COPY --chown=daemon a /o",
        "COPY . /ctx/",
        "COPY --from=other / /oth/",
        "COPY --link d/s /d/s",
        "COPY e/a /d/e",
      ]);
  }
}

export function runs(random: Random): PeerCase {
  const other = random.pick(["scratch", "scratch", "busybox", "made-tree", "made-opaque"]);
  const base = random.pick([
    "busybox",
    "busybox",
    "busybox",
    "busybox",
    "made-users",
    "made-bare",
    "made-opaque",
  ]);
  const pieces = [
    `FROM ${other} AS other\n`,
    "COPY --chown=3 d /d\n",
    `FROM ${base} AS last\n`,
    "COPY d /d\n",
    "COPY e /e\n",
    "RUN ln -s /d /l && ln -s /nowhere /dang\n",
  ];
  const count = 1 + random.below(5);
  for (let i = 0; i < count; i++) pieces.push(`${step(random)}\n`);
  if (random.chance(30))
    pieces.push("FROM last\n", `${step(random)}\n`, "COPY --from=last /d /again\n");
  const extra = random.pick([
    [],
    [],
    [],
    ["--build-arg=X=cli"],
    ["--build-arg=http_proxy=p"],
    ["--add-host=h.example:1.2.3.4"],
    ["--build-arg=SOURCE_DATE_EPOCH=1000000000"],
  ]);
  const context = { e: { dir: true } as const, "e/a": "e/a\n", ...randomContext(random) };
  return {
    family: "run",
    pieces,
    context,
    args: ["--secret=id=sec,src=secret.txt", ...extra],
    images: ["made-tree", "made-opaque", "made-users", "made-bare"],
  };
}
