# What bash offers for each line: $1 is the script of completions, the lines come on standard input. An interactive bash runs
# in a pseudo terminal; a key puts all that fits into the line there, which is then run by a function that notes its arguments.
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT
coproc SHELL_THERE { TERM=dumb exec script -qc 'bash --noprofile --norc -i' /dev/null 2>&1; }
say() { printf '%s' "$1" >&"${SHELL_THERE[1]}"; }
until_seen() {
  local text="" character
  while [[ $text != *"$1"* ]] && IFS= read -r -N 1 -u "${SHELL_THERE[0]}" character; do text+="$character"; done
}

say "source '$1'; set -f; bind '\"\\C-t\": insert-completions'; bind 'set enable-bracketed-paste off'
imap-data-access() { printf '%s\\n' \"\$@\" >'$answer'; echo ALL\"\"TOLD; }; echo IS\"\"READY
"
until_seen ISREADY
set -f
while IFS= read -r line; do
  printf '> %s\n' "$line"
  say "$line"$'\x14\n'
  until_seen ALLTOLD
  # Of the arguments, those that come in the place of the word at the cursor; that word alone is no offer.
  typed="${line##* }"
  before=($line)
  count=$((${#before[@]} - 1))
  [[ -n $typed ]] && count=$((count - 1))
  mapfile -t offered < <(tail -n "+$((count + 1))" "$answer")
  [[ ${#offered[@]} -eq 1 && ${offered[0]} == "$typed" ]] || printf '%s\n' "${offered[@]}"
done
say $'exit\n'
wait
