# Sourced by .ci/engine and .ci/registry: one daemon in the background, known by its pid file.

CI_CACHE="${XDG_CACHE_HOME:-$HOME/.cache}/nb2svc-ci"   # survives between runs: base images, layers
CI_STATE="${NB2SVC_CI_STATE:-$CI_CACHE/state}"         # pid files and logs

say() { printf '%s: %s\n' "${0#"$PWD"/}" "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# packages PACKAGE…: Debian packages, only where one is missing, so that a prepared machine needs no network.
packages() {
    local package missing=()
    for package; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q </dev/null >&2
    without_starting_them apt-get install -qy --no-install-recommends "${missing[@]}" </dev/null >&2
}

# Daemons are started by these scripts, never by their packages.
without_starting_them() {
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then
        "$@"
    else
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        "$@" || status=$?
        rm -f "$policy"
        return "$status"
    fi
}

pid_of() { cat "$CI_STATE/$1.pid" 2>/dev/null; }

# A pid file may outlive a reboot: the process must also still be the daemon that wrote it.
alive() {
    local pid
    pid="$(pid_of "$1")" && [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}

# start_daemon NAME COMMAND…: NAME is the command's own name, as /proc/PID/comm shows it.
start_daemon() {
    local name="$1"
    shift
    mkdir -p "$CI_STATE"
    setsid "$@" </dev/null >"$CI_STATE/$name.log" 2>&1 &
    echo $! >"$CI_STATE/$name.pid"
}

# wait_for NAME SECONDS COMMAND…: until COMMAND succeeds; the daemon's last words where it does not.
wait_for() {
    local name="$1" deadline=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        if ! kill -0 "$(pid_of "$name")" 2>/dev/null || ((SECONDS >= deadline)); then
            tail -n 20 "$CI_STATE/$name.log" >&2
            stop_daemon "$name"
            fail "$name did not answer"
        fi
        sleep 0.2
    done
}

# stop_daemon NAME: nothing where this script did not start it.
stop_daemon() {
    local name="$1" pid
    if alive "$name"; then
        pid="$(pid_of "$name")"
        kill -TERM "$pid"
        for _ in $(seq 150); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.2
        done
        ! kill -0 "$pid" 2>/dev/null || kill -KILL "$pid"
    fi
    rm -f "$CI_STATE/$name.pid"
}
