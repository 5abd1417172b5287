#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vm-cgroup2.sh [SUITE]: the tests of limits and of the sandbox on a machine that has systemd, AppArmor and no control groups but those of
# version 2: a virtual one of a Debian release (default: bookworm, whose Linux 6.1 is also the oldest kernel that is tried). For
# machines whose own controllers are version 1's, or whose kernel is new. As root on Debian or Ubuntu; takes about three minutes with
# /dev/kvm and twenty without. Its disk stays in .cache/vm; remove it to have a new one made.

set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
suite=${1:-bookworm}
[ "$(id -u)" = 0 ] || {
  echo "vm-cgroup2.sh: making a machine's disk needs root" >&2
  exit 2
}
missing=()
command -v qemu-system-x86_64 > /dev/null || missing+=(qemu-system-x86 seabios)
command -v debootstrap > /dev/null || missing+=(debootstrap)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing ${missing[*]}"
  apt-get install -y --no-install-recommends "${missing[@]}" > /dev/null
fi
prepare_node_modules
prepare_program
npm run --silent build:test
bash fixtures/images/make.sh busybox > /dev/null

vm=$PWD/.cache/vm/$suite
packages=systemd-sysv,dbus,dbus-user-session,libpam-systemd,apparmor,uidmap,passt,fuse-overlayfs,busybox-static,gcc,libc6-dev,attr,iproute2,git
packages+=,kmod,initramfs-tools,linux-image-amd64,libstdc++6,libzstd1

make_disk() {
  echo "making the machine's disk ($suite)"
  rm -rf "$vm"
  mkdir -p "$vm"
  root=$(mktemp -d /var/tmp/tsbuild-vm.XXXXXX)
  chmod 755 "$root"
  trap 'rm -rf --one-file-system "$root"' EXIT
  debootstrap --variant=minbase "--include=$packages" "$suite" "$root" > "$vm/debootstrap.log"
  install "$(command -v node)" "$root/usr/local/bin/node"
  chroot "$root" useradd --create-home --shell /bin/bash user
  usermod --root "$root" --add-subuids 100000-165535 --add-subgids 100000-165535 user
  mkdir -p "$root/var/lib/systemd/linger"
  touch "$root/var/lib/systemd/linger/user"
  echo "/dev/vda / ext4 defaults 0 1" > "$root/etc/fstab"
  cat > "$root/etc/systemd/system/tests.service" << 'UNIT'
[Unit]
After=multi-user.target
[Service]
ExecStartPre=/bin/sh -c 'modprobe -a 9pnet_virtio 9p && mkdir -p /src && mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=262144,cache=loose src /src'
ExecStart=/bin/bash /src/scripts/vm-cgroup2-guest.sh
ExecStopPost=/bin/systemctl poweroff --no-block
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS1
[Install]
WantedBy=multi-user.target
UNIT
  chroot "$root" systemctl enable --quiet tests.service
  chroot "$root" systemctl mask --quiet apt-daily.timer apt-daily-upgrade.timer
  cp "$root"/boot/vmlinuz-* "$vm/vmlinuz"
  cp "$root"/boot/initrd.img-* "$vm/initrd"
  truncate --size 6G "$vm/disk.new"
  mke2fs -q -t ext4 -d "$root" "$vm/disk.new"
  mv "$vm/disk.new" "$vm/disk"
  rm -rf --one-file-system "$root"
}
[ -f "$vm/disk" ] || make_disk

: > "$vm/tests.log"
# A hypervisor below ours may show /dev/kvm and not be able to use it: then name tcg,thread=multi.
accelerator=${VM_ACCELERATOR:-}
[ -n "$accelerator" ] || { [ -w /dev/kvm ] && accelerator=kvm || accelerator=tcg,thread=multi; }
# What is written to the disk is thrown away; what the tests say comes on the second serial line.
nice -n 19 qemu-system-x86_64 -accel "$accelerator" -cpu max -smp 2 -m 4G -display none -no-reboot -snapshot \
  -kernel "$vm/vmlinuz" -initrd "$vm/initrd" -append "root=/dev/vda rw console=ttyS0 quiet" \
  -drive "file=$vm/disk,format=raw,if=virtio,cache=unsafe" -nic user,model=virtio-net-pci \
  -virtfs "local,path=$PWD,mount_tag=src,security_model=none,readonly=on,multidevs=remap" \
  -serial "file:$vm/console.log" -serial "file:$vm/tests.log" &
machine=$!
trap 'kill "$machine" 2> /dev/null || true' EXIT
tail --pid="$machine" -n +1 -f "$vm/tests.log" | sed -u "s/\r$//"
grep -q '^all passed' "$vm/tests.log" || {
  echo "vm-cgroup2.sh: not everything passed; the machine's own words are in $vm/console.log" >&2
  exit 1
}
