#!/bin/sh
# Records a meeting at once, under a name made of the date.
exec "$(dirname "$(readlink -f "$0")")/record.sh"
