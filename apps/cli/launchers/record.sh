#!/bin/sh
# Records a meeting; what it is given goes to `eloquence meeting start`. Works from any folder, through links too.
here=$(dirname "$(readlink -f "$0")")
# A double click starts with a short PATH: where Node is usually installed, and the copy of "npm start", last.
PATH=$PATH:/opt/homebrew/bin:/usr/local/bin:$here/../../../.eloquence/node/node_modules/node/bin
export PATH
if command -v node >/dev/null; then
  node "$here/../bin/eloquence.mjs" meeting start "$@"
  code=$?
else
  echo "Node.js manque : installez-le (https://nodejs.org), puis relancez." >&2
  echo "Node.js is missing: install it (https://nodejs.org), then start again." >&2
  code=1
fi
if [ -t 0 ]; then
  printf '\nEntrée pour fermer / Enter to close '
  read -r _ || :
fi
exit "$code"
