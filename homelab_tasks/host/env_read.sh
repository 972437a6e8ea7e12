#!/bin/bash
# Judge env files where they lie, and compare them with others; no value leaves the host. Arguments: the checkout, a
# pattern of values that stand for one still to come, then the files from the checkout's root. Changes nothing.
#
# Standard input: of some of the files the text that they are compared with, headed by `\036-FILE`, or `\036+FILE` for
# one that everybody may read, each line after a `=`. Both are read by the same rules, those of Compose. Prints of each
# file `\036FILE`, then `KIND MODE SHA256`, then a line for each key: `KEY MARKS`. Marks: e empty, i taken from the
# environment, p a placeholder; = as in the other text, ~ another value, + not in the other text, - only there.
# `fault LINE` is a line on which Compose stops. `#LINE` stands for a key that may be part of a value, pasted over
# several lines: one without `=`, or in no usual spelling, that no public text names.
path=$1 pattern=$2; shift 2
here=; cd "$path" 2>/dev/null && here=1
about() {
  local kind=file mode size hash
  if [ -z "$here" ] || { [ ! -e "$1" ] && [ ! -L "$1" ]; }; then printf 'absent'; return; fi
  [ -L "$1" ] && kind=link
  if [ ! -f "$1" ]; then printf 'other'; return; fi
  read -r mode size < <(stat -L -c '%a %s' -- "$1")
  if [ ! -r "$1" ]; then printf 'unreadable %s' "$mode"; return; fi
  if [ "${size:-0}" -gt 262144 ]; then printf 'huge %s' "$mode"; return; fi
  hash=$(sha256sum <"$1"); printf '%s %s %s' "$kind" "$mode" "${hash%% *}"
}
words=()
for f; do words+=("$f" "$(about "$f")"); done
LC_ALL=C PLACEHOLDER=$pattern awk -v q="'" '
function lines(s) { return gsub(/\n/, "", s) }
function literal(s) { gsub(/\$\$/, "\001", s); if (index(s, "$")) return 0; gsub(/\001/, "$", s); plain = s; return 1 }
# What a value means, as far as the text alone says it: L a text, E one with variables, D one with escapes besides.
function meaning(quote, s) {
  if (quote == q) return "L" s
  if (quote == "\"" && index(s, "\\")) return "D" s
  return literal(s) ? "L" plain : "E" s
}
# From the text after an opening quote: the value; `length_read` is where it closes, 0 if it does not.
function closed(s, quote,   i, c, value, escaped) {
  for (i = 1; i <= length(s); i++) {
    c = substr(s, i, 1)
    if (c == quote && !escaped) { length_read = i; return value }
    if (!escaped && c == "\\") { escaped = 1; continue }
    value = value (escaped && c != quote ? "\\" : "") c; escaped = 0
  }
  length_read = 0; return ""
}
# Fill value[key] with meanings and order[n] with keys; the number of the line on which Compose stops, or 0.
function parse(text, value, order, shown, known,   n, line, key, end, first, bare) {
  n = 0; line = 1
  sub(/^\357\273\277/, "", text)
  while (1) {
    while (match(text, /^([ \t\v\f\r\n]+|#[^\n]*)/)) { line += lines(substr(text, 1, RLENGTH)); text = substr(text, RLENGTH + 1) }
    if (text == "") break
    if (match(text, /^export[ \t\f\r\n]+/)) { line += lines(substr(text, 1, RLENGTH)); text = substr(text, RLENGTH + 1) }
    match(text, /^[^=:\n]*/); key = substr(text, 1, RLENGTH); end = substr(text, RLENGTH + 1, 1); text = substr(text, RLENGTH + 2)
    sub(/[ \t\v\f\r]+$/, "", key)
    if (key !~ /^[][A-Za-z0-9_.\t\r\200-\377-]*$/) { order[0] = n; return line }
    if (!(key in value)) order[++n] = key
    shown[key] = key != "" && key in known || ((end == "=" || end == ":") && usual(key)) ? key : "#" line
    if (end != "=" && end != ":") { value[key] = "I"; line++; continue }
    sub(/^[ \t\v\f\r]+/, "", text); first = substr(text, 1, 1)
    if (first == q || first == "\"") {
      bare = closed(substr(text, 2), first)
      if (!length_read) { order[0] = n; return line }
      line += lines(substr(text, 1, length_read)); text = substr(text, length_read + 2)
      value[key] = meaning(first, bare); continue
    }
    match(text, /^[^\n]*/); bare = substr(text, 1, RLENGTH); text = substr(text, RLENGTH + 2); line++
    if (end = index(bare, " #")) bare = substr(bare, 1, end - 1)
    sub(/[ \t\v\f\r]+$/, "", bare); value[key] = meaning("", bare)
  }
  order[0] = n; return 0
}
function usual(key) { return length(key) <= 40 && (key ~ /^[A-Z_][A-Z0-9_]*$/ || key ~ /^[a-z_][a-z0-9_]*$/) }
function marks(meant, other, compared,   said) {
  said = meant == "L" ? "e" : meant == "I" ? "i" : tolower(substr(meant, 2)) ~ ENVIRON["PLACEHOLDER"] ? "p" : ""
  return said (!compared ? "" : other == "" ? "+" : other == meant ? "=" : "~")
}
function judge(file,   compared, text, line, fault, i) {
  split("", mine); split("", ours); split("", my_name); split("", theirs); split("", orders); split("", name); split("", known)
  if (compared = (file in given)) parse(given[file], theirs, orders, name, known)
  if (public[file]) for (i in theirs) { known[i]; name[i] = i }
  while ((getline line < ("./" file)) > 0) text = text line "\n"
  fault = parse(text, mine, ours, my_name, known)
  for (i = 1; i <= ours[0]; i++) print my_name[ours[i]] " " marks(mine[ours[i]], theirs[ours[i]], compared)
  for (i = 1; i <= orders[0]; i++) if (!(orders[i] in mine)) print name[orders[i]] " -"
  if (fault) print "fault " fault
}
BEGIN { for (i = 1; i < ARGC; i++) word[i] = ARGV[i]; words = ARGC; ARGC = 2; ARGV[1] = "-" }
/^\036/ { file = substr($0, 3); given[file] = ""; public[file] = substr($0, 2, 1) == "+"; next }
{ given[file] = given[file] substr($0, 2) "\n" }
END {
  for (w = 1; w < words; w += 2) {
    printf "\036%s\n%s\n", word[w], word[w + 1]
    if (word[w + 1] ~ /^(file|link) /) judge(word[w])
  }
  print "\036end"
}' "${words[@]}"
