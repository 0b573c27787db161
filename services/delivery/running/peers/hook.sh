#!/bin/sh
# What the CLIs run at their hooks: hook.sh SPOOL EVENT PYTHON, with the event as JSON on stdin. Leaves it in the
# spool, whole, by a rename. Before a tool is used it may refuse instead. Never fails, whatever runs or does not.
umask 077
case $2 in
PreToolUse)
    told=$(cat)
    case $told in # most calls end here, without a Python
    *git*commit* | *git*push* | *git*reset* | *git*checkout* | *git*switch* | *git*restore* | \
        *git*stash* | *git*rebase* | *git*merge* | *"git am"* | *cccc*rfd* | *cccc*clean* | *cccc*down* | *cccc*stop* | *cccc*token* | \
        *cccc*bridge* | *.cccc/*state* | *.cccc/*settings*)
        printf '%s' "$told" | "$3" -I -S "${0%/*}/refusal.py"
        ;;
    esac
    ;;
Stop) # a line that waits is given to the CLI, which goes on with it
    told=$(cat)
    if mv "$1/.nudge" "$1/.nudge.$$"; then
        cat "$1/.nudge.$$" && mv "$1/.nudge.$$" "$1/Nudged.$$"
    else
        printf '%s' "$told" >"$1/.Stop.$$" && mv "$1/.Stop.$$" "$1/Stop.$$"
    fi
    ;;
*)
    part=$1/.$2.$$
    cat >"$part" && mv "$part" "$1/$2.$$"
    ;;
esac 2>/dev/null
exit 0
