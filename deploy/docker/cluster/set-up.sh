#!/bin/sh
# Writes into ./state what compose.yaml starts its servers with, once: keys, and configurations that name each other.
#
#   ./set-up.sh [DOMAIN]      clients find the servers as relay.DOMAIN:8443, keys-a.DOMAIN:8451, … ; "sealpost.test" unless said
#
# The images must be there (`docker compose build`). SEALPOST_PROGRAMS=DIR takes the programs in DIR instead of them.
set -eu
cd "$(dirname "$0")"
umask 077
domain="${1:-sealpost.test}"
if [ -e state ]; then
    echo "./state is there already; nothing was changed" >&2
    exit 4
fi
user="$(id -u):$(id -g)"
if [ "$user" = 0:0 ]; then user=65532:65532; fi

# run PROGRAM SERVER ARGUMENTS…: in the server's directory.
run() {
    program="$1" server="$2"
    shift 2
    if [ -n "${SEALPOST_PROGRAMS:-}" ]; then
        (cd "state/$server" && "$SEALPOST_PROGRAMS/$program" "$@")
    else
        docker run --rm --read-only --cap-drop ALL --user "$user" --volume "$PWD/state/$server:/data" "$program" "$@" --dir /data
    fi
}

# initialize PROGRAM SERVER PORT ARGUMENTS…: prints the server's reference.
initialize() {
    program="$1" server="$2" port="$3"
    shift 3
    mkdir -p "state/$server"
    if [ "$user" != "$(id -u):$(id -g)" ]; then chown "$user" "state/$server"; fi
    name="${server%-[ab]}"
    case "$server" in keys-*) name="$server" ;; relay-*) name=relay ;; esac
    run "$program" "$server" init --listen "0.0.0.0:$port" --host "$name.$domain:$port" --admin 127.0.0.1:8444 "$@" | head -n 1
}

# set_in FILE KEY VALUE: sets the one line that has KEY, the last if there are several.
set_in() {
    line="$(grep -n "^$2 = " "$1" | tail -n 1 | cut -d : -f 1)"
    sed -i "${line}s|.*|$2 = $3|" "$1"
}

relay="$(initialize sealpost-relay relay-a 8443)"
attester="$(initialize sealpost-attester attester 8454 --directory "$relay")"
keys_a="$(initialize sealpost-relay keys-a 8451 --role key-service --attester "$attester")"
keys_b="$(initialize sealpost-relay keys-b 8452 --role key-service --attester "$attester")"
proxy="$(initialize sealpost-relay proxy 8453 --role ohttp-proxy)"

config=state/relay-a/sealpost-relay.toml
set_in "$config" backend '"redis"'
set_in "$config" urls '["redis://redis-1:6379", "redis://redis-2:6379", "redis://redis-3:6379"]'
set_in "$config" durability '"replicas"'
set_in state/proxy/sealpost-relay.toml gateways "[\"$relay\", \"$keys_a\", \"$keys_b\"]"
set_in "$config" key_services "[\"$keys_a\", \"$keys_b\"]"
# The first `enabled` and the first `attester` are those of [directory].
sed -i "0,/^enabled = false/s//enabled = true/; 0,/^attester = \"\"/s||attester = \"$attester\"|" "$config"
# One relay for its clients: the same keys and the same configuration.
cp -a state/relay-a state/relay-b
if [ "$(id -u)" = 0 ]; then chown -R "$user" state; fi
printf 'SEALPOST_USER=%s\nSEALPOST_DOMAIN=%s\n' "$user" "$domain" > .env

printf '\nrelay     %s\nproxy     %s\n\nNext: docker compose up -d\n' "$relay" "$proxy"
