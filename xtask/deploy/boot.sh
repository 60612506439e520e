#!/bin/sh
# Boots this machine's Debian once more, in a container that leaves nothing behind, and has trial.sh follow the runbook in it.
#
#   boot.sh SOURCE PROGRAM      the source, and a relay that was built; as root, in a mount namespace of its own (`unshare --mount`)
set -eu
source="$1" program="$2"
here="$(mktemp -d)"
mount -t tmpfs tmpfs "$here"
mkdir "$here/upper" "$here/work" "$here/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$here/upper,workdir=$here/work" "$here/root"
root="$here/root"
mkdir -p "$root/root/source/target/release"
cp -r "$source/deploy" "$source/xtask/deploy/trial.sh" "$root/root/source/"
cp "$program" "$root/root/source/target/release/sealpost-relay"
head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$root/etc/machine-id"
cat > "$root/etc/systemd/system/trial.service" <<UNIT
[Service]
Type=oneshot
ExecStart=/bin/bash /root/source/trial.sh
ExecStopPost=/bin/systemctl poweroff --force
TimeoutStartSec=120
UNIT
cat > "$root/etc/systemd/system/trial.target" <<UNIT
[Unit]
Requires=sysinit.target
After=sysinit.target
Wants=trial.service dbus.service
UNIT
# The container's own filter of system calls does not know Landlock.
timeout 180 systemd-nspawn --quiet --directory="$root" --boot --private-network --register=no --keep-unit \
    --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
    -- systemd.unit=trial.target > "$here/console" 2>&1 || true
cat "$root/root/source/trial.log" 2>/dev/null || cat "$here/console"
grep -q '^the runbook holds$' "$root/root/source/trial.log"
