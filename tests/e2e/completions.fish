# What fish offers for each line: the first argument is the script of completions, the lines come on standard input.
source $argv[1]
while read -l line
    echo "> $line"
    complete -C "$line"
end
