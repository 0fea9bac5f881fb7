#!/bin/sh
# Puts both launchers into the menu and onto the desktop of whoever runs it. An entry of a menu needs the full path of what it
# starts, so it is written for where this folder is now: run it again after moving the folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
# Inside the quotes of Exec, the specification wants these escaped (twice: once more because it is a string of the file).
escaped=$(printf '%s' "$here" | sed -e 's/\\/\\\\\\\\/g' -e 's/["`$]/\\\\&/g' -e 's/%/%%/g')
menu=${XDG_DATA_HOME:-$HOME/.local/share}/applications
desktop=$(xdg-user-dir DESKTOP 2>/dev/null || printf '%s' "$HOME/Desktop")
for name in start-meeting start-meeting-now; do
  mkdir -p "$menu"
  target=$menu/eloquence-$name.desktop
  FOLDER=$escaped awk '{ at = index($0, "@FOLDER@"); if (at) $0 = substr($0, 1, at - 1) ENVIRON["FOLDER"] substr($0, at + 8); print }' \
    "$here/$name.desktop" >"$target"
  chmod 755 "$target"
  echo "$target"
  if [ -d "$desktop" ] && [ "$desktop" != "$HOME" ]; then
    cp -p "$target" "$desktop/"
    echo "$desktop/eloquence-$name.desktop"
  fi
done
