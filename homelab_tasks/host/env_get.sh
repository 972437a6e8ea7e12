#!/bin/bash
# Give an env file out, to be edited by who may log in here. Arguments: the checkout, the file from its root. Prints
# `absent`, `other` (a link, a folder, too much) or `file`, then the content.
file=$1/$2
if [ -L "$file" ] || { [ -e "$file" ] && [ ! -f "$file" ]; }; then printf 'other\n'; exit 0; fi
if [ ! -e "$file" ]; then printf 'absent\n'; exit 0; fi
[ "$(stat -c %s -- "$file")" -le 262144 ] || { printf 'other\n'; exit 0; }
exec 3<"$file" || exit
printf 'file\n'; cat <&3
