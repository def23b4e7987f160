#
# Run it in an empty folder:
#
#     cd "$(mktemp -d)" && SWAMP_BIN=/path/to/swamp sh /path/to/this-script.sh
#
# Exit codes: 0 reproduced, 1 not reproduced, 2 could not be set up, 3 compare by eye.
# WITHIN=120 is how many seconds it waits for each thing. All output is in ./swamp-by-hand/output.
set -u
say() { printf '%s\n' "$*"; }
step() { printf '+ %s\n' "$*"; }
cannot() {
    say "COULD NOT BE SET UP: $1"
    if [ -n "${2:-}" ]; then tail -n 20 "$2"; fi
    exit 2
}
[ -n "${SWAMP_BIN:-}" ] && [ -x "${SWAMP_BIN:-}" ] || cannot "SWAMP_BIN must name a swamp binary"
[ -z "$(ls -A .)" ] || cannot "the folder $(pwd) is not empty: go to a new one with cd \"\$(mktemp -d)\""
case $SWAMP_BIN in /*) ;; *) cannot "SWAMP_BIN must be an absolute path" ;; esac
# A swamp that looks for its name in a command line finds it, even if SWAMP_BIN is a script of another name.
mkdir swamp-by-hand && cd swamp-by-hand || exit 2
ROOT=$(pwd -P)
WITHIN=${WITHIN:-120}
LIMIT=
if command -v timeout >/dev/null; then LIMIT="timeout $WITHIN"; fi
# What the caller has set for swamp must not change what happens.
for name in $(env | sed -n 's/^\(SWAMP_[A-Z_]*\)=.*/\1/p'); do
    [ "$name" = SWAMP_BIN ] || unset "$name"
done
mkdir output
STARTED=
LEFT=
FOUND_ALL=yes
CODE=0
running() { ps -A -o pid= -o args= | sed 's/^ *//' | awk -v c="$1" '{p = $1; sub(/^[0-9]+ +/, ""); if ($0 == c) print p}'; }
BEFORE=" $(ps -A -o pid= | tr -s ' \n' '  ') "

# Ends a process and everything that descends from it.
end_tree() {
    for child in $(ps -A -o pid= -o ppid= | awk -v p="$1" '$2 == p {print $1}'); do end_tree "$child"; done
    kill -KILL "$1" 2>/dev/null
}
end_all() { for each in $STARTED $LEFT; do end_tree "$each"; done; }
trap end_all EXIT
trap 'exit 130' INT TERM HUP

random_text() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
MADE_UP=$(random_text)$(random_text)
pause() { step "wait for $1 s, as the scenario did"; sleep "$1"; }
prepare() {
    at=$1; shift 2
    step "\$ swamp $*"
    "$at" $LIMIT "$SWAMP_BIN" "$@" >output/preparation.log 2>&1 </dev/null || cannot "swamp $* failed" output/preparation.log
}
# await WHAT COUNT PATTERN FILE: waits until so many lines match.
await() {
    step "wait for $1"
    left=$WITHIN
    until [ "$(grep -cE -e "$3" "$4" 2>/dev/null || :)" -ge "$2" ] 2>/dev/null; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || cannot "$1 was not seen within $WITHIN s" "$4"
        sleep 1
    done
}
# wait_end NAME PID: waits until a process has ended, and leaves its exit code in CODE.
wait_end() {
    step "wait for the end of $1"
    left=$WITHIN
    while kill -0 "$2" 2>/dev/null; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || cannot "$1 did not end within $WITHIN s" "output/$1.log"
        sleep 1
    done
    wait "$2"
    CODE=$?
}
url_of() {
    left=$WITHIN
    until grep -q 'listening on "*wss*://' "$1" 2>/dev/null; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 1
    done
    sed -n 's/.*listening on "*\(wss*:\/\/[^": ]*:[0-9][0-9]*\).*/\1/p' "$1" | tail -n 1
    sleep 2
}
# run_after ID: the id of the newest run of a workflow, once it is another one.
run_after() {
    left=$WITHIN
    while :; do
        newest=$(at_operator $LIMIT "$SWAMP_BIN" workflow history search --json 2>/dev/null </dev/null |
            grep -oE '"runId": ?"[^"]*"' | head -n 1 | cut -d '"' -f 4)
        if [ -n "$newest" ] && [ "$newest" != "$1" ]; then break; fi
        left=$((left - 1))
        [ "$left" -gt 0 ] || return 1
        sleep 1
    done
    printf %s "$newest"
}
token_in() { grep -oE "$1\.[0-9a-f]{64}" "$2" | head -n 1; }

# leaked SECRET: the files that hold a line of it, outside of the vault.
leaked() { grep -rlF -e "$1" "$ROOT" | grep -v '/\.swamp/secrets/' | grep .; }
# left_running COMMAND: the processes of a command line that were not there before.
left_running() {
    found=
    for each in $(running "$1"); do
        case $BEFORE in *" $each "*) ;; *) found="$found $each" ;; esac
    done
    LEFT="$LEFT $found"
    [ -n "$found" ] && ps -o pid= -o args= -p "$(echo $found | tr ' ' ',')"
}
normalised() {
    sed -E -e 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/ID/g' -e 's/[0-9a-f]{32,}/HEX/g' \
        -e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g' -e 's/"(pid|durationMs|duration|size)": ?[0-9.]+/"\1": N/g' \
        -e 's/"hostname": ?"[^"]*"/"hostname": NAME/g' "$1"
}
same_answer() {
    normalised "output/$1.recorded" >output/expected.txt
    normalised "output/$1.out" >output/seen.txt
    diff output/expected.txt output/seen.txt
}
# has_times COUNT TEXT FILE: whether a text stands in a file so often.
has_times() { [ "$(grep -oF -e "$2" "$3" | wc -l)" -eq "$1" ]; }
# look TEXT: runs the condition that it reads, and notes whether it holds.
look() {
    if eval "$(cat)" >output/look.txt 2>&1; then answer=yes; else answer=no; FOUND_ALL=no; fi
    say "  $1: $answer"
    head -n 20 output/look.txt | sed 's/^/    /'
}
finish() {
    if [ "$FOUND_ALL" = yes ]; then say "REPRODUCED"; exit 0; fi
    say "NOT REPRODUCED"
    exit 1
}
