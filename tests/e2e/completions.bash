# What bash offers for each line: $1 is the script of completions, the lines come on standard input.
source "$1"
while IFS= read -r line; do
  # Bash itself takes "=" and ":" for words.
  words="${line//=/ = }"
  read -ra COMP_WORDS <<<"${words//:/ : }"
  [[ $line == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _imap_data_access
  printf '%s\n' "> $line" "${COMPREPLY[@]}"
done
