// The scripts of the shells. They know nothing of the commands: they ask the program for what fits.
#include "cli/completion.hpp"

namespace seplflow::cli {
namespace {

constexpr std::string_view kBash = R"(# Completion of seplflow for bash, printed by: seplflow completion bash
_seplflow() {
  local IFS=$'\n' lines kind keep word text cut
  mapfile -t lines < <("${1/#\~/$HOME}" __complete --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  IFS=$'\t' read -r kind keep word <<< "${lines[0]}"
  COMPREPLY=()
  case $kind in
    words)
      # Bash replaces only what follows the last "=" or ":" of the word.
      text=${2//\\/}
      cut=$(( ${#word} - ${#text} ))
      [ "$cut" -ge 0 ] || cut=0
      for text in "${lines[@]:1}"; do
        text=${text%%$'\t'*}
        case $text in *[./=]) compopt -o nospace 2>/dev/null ;; esac
        text=${text:cut}
        case $text in *[!A-Za-z0-9_./=:,@%+-]*) printf -v text %q "$text" ;; esac
        COMPREPLY+=("$text")
      done ;;
    folders) compopt -o dirnames 2>/dev/null ;;
    pipelines)
      compopt -o filenames -o default 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -X '!*.toml' -- "$2"; compgen -d -- "$2") ;;
    files) compopt -o default 2>/dev/null ;;
  esac
}
complete -F _seplflow seplflow
)";

constexpr std::string_view kZsh = R"(#compdef seplflow
# Completion of seplflow for zsh, printed by: seplflow completion zsh
_seplflow() {
  local -a lines header closed closed_help open open_help
  local line text help
  lines=("${(@f)$("${(Q)words[1]/#\~/$HOME}" __complete -- "${(@Q)words[2,CURRENT-1]}" \
    "${(Q)PREFIX}" 2>/dev/null)}")
  header=("${(@ps:\t:)lines[1]}")
  case $header[1] in
    words)
      for line in "${(@)lines[2,-1]}"; do
        text=${line%%$'\t'*}
        help=${line#*$'\t'}
        [[ -z $help ]] || help="  -- $help"
        if [[ $text == *[./=] ]]; then
          open+=("$text")
          open_help+=("$text$help")
        else
          closed+=("$text")
          closed_help+=("$text$help")
        fi
      done
      (( $#closed )) && compadd -l -d closed_help -a closed
      (( $#open )) && compadd -l -S '' -d open_help -a open
      (( $#closed + $#open )) ;;
    folders) compset -p $header[2]; _files -/ ;;
    pipelines) compset -p $header[2]; _files -g '*.toml' ;;
    files) compset -p $header[2]; _files ;;
    *) return 1 ;;
  esac
}
if [[ $funcstack[1] == _seplflow ]]; then
  _seplflow "$@"
else
  compdef _seplflow seplflow
fi
)";

constexpr std::string_view kFish = R"(# Completion of seplflow for fish, printed by: seplflow completion fish
function __seplflow_complete
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l program (string replace -r '^~' "$HOME" -- $words[1])
    set -e words[1]
    set -l lines ($program __complete -- $words "$word" 2>/dev/null)
    set -l header (string split \t -- $lines[1])
    if test "$header[1]" = words
        printf '%s\n' $lines[2..-1]
        return
    end
    set -l keep (string sub -l $header[2] -- "$word")
    set -l rest (string sub -s (math $header[2] + 1) -- "$word")
    # A command that does not exist is completed with files.
    set -l paths (complete -C"__seplflow_no_such_command $rest")
    switch $header[1]
        case folders
            set paths (string match -r '^[^\t]*/(?:\t.*)?$' -- $paths)
        case pipelines
            set paths (string match -r '^[^\t]*(?:/|\.toml)(?:\t.*)?$' -- $paths)
    end
    printf '%s\n' $keep$paths
end
complete -c seplflow -f -k -a '(__seplflow_complete)'
)";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  return shell == "bash" ? kBash : shell == "zsh" ? kZsh : kFish;
}

}  // namespace seplflow::cli
