# Follows deploy/README.md within a booted system: the blocks of its steps 2, 3 and 5 are run as they stand there.
cd /root/source
exec > trial.log 2>&1
set -eu

# block STEP: what is to be typed in one of the numbered steps.
block() {
    awk -v step="**$1. " 'index($0, "**") == 1 { on = index($0, step) == 1 } on' deploy/README.md |
        awk '/^```sh/ { typed = 1; next } /^```/ { typed = 0 } typed'
}

answers() { test "$(curl --silent http://127.0.0.1:8444/ready)" = ready; }

waits() { for _ in $(seq 50); do "$@" && return 0; sleep 0.1; done; echo "in vain: $*"; systemctl status --no-pager sealpost-relay; exit 1; }

shown() { openssl s_client -connect 127.0.0.1:8443 < /dev/null 2> /dev/null | openssl x509 -noout -fingerprint; }

ip link set lo up
for step in 2 3; do
    test -n "$(block $step)"
    bash -eux -c "$(block $step)"
done
test "$(stat -c '%a %U' /var/lib/sealpost-relay/operator.key)" = "600 sealpost-relay"
# `curl` comes at once in the runbook, and people are slower.
bash -eux -c "$(block 5 | sed 's/^curl/sleep 1; curl/')"
waits answers
systemd-analyze security --no-pager --threshold=15 sealpost-relay > /dev/null
journalctl -u sealpost-relay -o cat | grep "confined to the server's own files"

# Reload: another pair, and the same process.
cd /var/lib/sealpost-relay
before="$(shown)" process="$(systemctl show -P MainPID sealpost-relay)"
rm tls.key tls.pem
runuser -u sealpost-relay -- sealpost-relay init --dir new --listen 127.0.0.1:1 > /dev/null
mv new/tls.key new/tls.pem .
rm -r new
systemctl reload sealpost-relay
other() { test "$(shown)" != "$before"; }
waits other
test "$(systemctl show -P MainPID sealpost-relay)" = "$process"

# The operator's key, sealed to the machine.
credentials=/root/source/deploy/sealpost-relay.service.d/credentials.conf
systemd-creds encrypt --with-key=host --name=operator.key operator.key /etc/sealpost-relay.operator.key.sealed
install -D -m 644 "$credentials" /etc/systemd/system/sealpost-relay.service.d/credentials.conf
sed -i 's|^operator_key = .*|operator_key = "/run/credentials/sealpost-relay.service/operator.key"|' sealpost-relay.toml
mv operator.key /root/
systemctl daemon-reload
systemctl restart sealpost-relay
waits answers

systemctl stop sealpost-relay
test "$(systemctl show -P Result sealpost-relay)" = success
journalctl -u sealpost-relay -o cat | tail -n 1

# Move, as to another machine: the relay that comes out of the archive serves in the place of the one that went into it.
mv /root/operator.key .
rm -r /etc/systemd/system/sealpost-relay.service.d
sed -i 's|^operator_key = .*|operator_key = "operator.key"|' sealpost-relay.toml
systemctl daemon-reload
passphrase=/var/lib/sealpost-relay/passphrase
(umask 077 && echo "six words that nobody would guess" > "$passphrase")
chown sealpost-relay "$passphrase"
relay() { runuser -u sealpost-relay -- sealpost-relay "$@" --passphrase-file "$passphrase"; }
relay export /tmp/relay.archive
rm -r data ohttp *.key *.pem sealpost-relay.toml
relay import /tmp/relay.archive
systemctl start sealpost-relay
waits answers

# And in two parts, the first of them while it answers.
relay export /tmp/relay.first --first
answers
relay export /tmp/relay.rest --after /tmp/relay.first 2> /tmp/told &
exported=$!
told() { grep -q "stop the server now" /tmp/told; }
waits told
systemctl stop sealpost-relay
wait $exported
rm -r data ohttp *.key *.pem sealpost-relay.toml
relay import /tmp/relay.first
test ! -e sealpost-relay.toml
relay import /tmp/relay.rest
systemctl start sealpost-relay
waits answers
echo "the runbook holds"
