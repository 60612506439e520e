#!/bin/sh
# The images: their last stages, which are what runs, built by buildah. No registry is asked: programs that are there take the
# place of what the first stage builds.
#
#   images.sh ROOT PROGRAMS SCRATCH
#
# A relay that needs no library is set up, served and stopped in its image besides, as an account without any right.
set -eu

root=$1 programs=$2 scratch=$3/images
stage=$scratch/stage
mkdir -p "$stage/out" "$stage/etc/ssl/certs"
install -d -m 700 "$stage/empty"
install "$programs/sealpost-relay" "$programs/sealpost-attester" "$stage/out"
: > "$stage/etc/ssl/certs/ca-certificates.crt"

export CONTAINERS_STORAGE_CONF="$scratch/storage.conf" BUILDAH_ISOLATION=chroot
cat > "$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "vfs"
runroot = "$scratch/run"
graphroot = "$scratch/storage"
END
clean() {
    buildah rm --all > /dev/null 2>&1 || true
    buildah rmi --all --force > /dev/null 2>&1 || true
}
trap clean EXIT

fail() {
    echo "images: $*" >&2
    exit 1
}

for role in relay attester; do
    buildah build --quiet --format docker --pull-never --build-context "build=$stage" \
        --file "$root/deploy/docker/Dockerfile" --target "$role" --tag "sealpost-$role" "$stage" > /dev/null
    seen=$(buildah inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Entrypoint}}' "sealpost-$role")
    [ "$seen" = "65532:65532 [/sealpost-$role]" ] || fail "sealpost-$role runs $seen"
done

if ldd "$stage/out/sealpost-relay" 2>&1 | grep -q '=>'; then
    echo "images: built; not run, since cargo xtask static was not run" >&2
    exit 0
fi
# Limits that nobody has to raise.
buildah from --ulimit nproc=4096:4096 --ulimit nofile=1024:1024 --name relay sealpost-relay > /dev/null
in_image() { buildah run --cap-drop ALL relay -- /sealpost-relay "$@"; }
in_image init --dir /data --listen 127.0.0.1:18443 --admin 127.0.0.1:18444 > /dev/null
in_image serve 2> "$scratch/log" &
tries=0
until in_image status --json > "$scratch/status" 2> /dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || fail "the relay does not answer: $(cat "$scratch/log")"
    sleep 1
done
grep -q '"ready":true' "$scratch/status" || fail "$(cat "$scratch/status")"
pid=$(pgrep --full --exact '/sealpost-relay serve')
grep -q '^Uid:.65532.65532.65532' "/proc/$pid/status" || fail "it runs as another account"
grep -q '^CapEff:.0000000000000000$' "/proc/$pid/status" || fail "it has capabilities"
kill "$pid"
wait
grep -q stopped "$scratch/log" || fail "it did not stop: $(cat "$scratch/log")"
