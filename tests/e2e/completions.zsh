# What zsh offers for each line: $1 is the script of completions, the lines come on standard input. An interactive zsh runs
# in a pseudo terminal; where it would show what fits, it prints it.
zmodload zsh/zpty
TERM=dumb zpty shell 'zsh -f -i'
until_seen() { local text; zpty -r -m shell text "*$1*"; print -r -- "$text"; }

zpty -w shell "PROMPT=; stty -echo; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source $1; print IS''READY"
until_seen ISREADY >/dev/null
zpty -w shell '
compadd() {
  local -a found
  if (( ${@[(I)-[OAD]]} )); then builtin compadd "$@"; return; fi
  builtin compadd -O found "$@"
  print -rl -- "<"$^found">"
  local at=${@[(I)-(|l)d]}
  (( at )) && print -rl -- "["${(P)^@[at+1]}"]"
  builtin compadd "$@"
}
offer() { print; _main_complete; print ALL""TOLD; compstate[insert]=; compstate[list]= }
zle -C offer complete-word offer; bindkey "^T" offer; bindkey "^U" kill-whole-line; print IS""READY'
until_seen ISREADY >/dev/null
while IFS= read -r line; do
  print -r -- "> $line"
  zpty -n -w shell "$line"$'\x14'
  until_seen ALLTOLD
  zpty -n -w shell $'\x15'
done
