#!/bin/sh
# Records a meeting after asking its name.
exec "$(dirname "$(readlink -f "$0")")/record.sh" --ask-name
