/**
 * Completion scripts. Each asks the program itself (`localtls __complete WORDS...`), so that they never
 * fall behind; a line of the answer is a proposal, a tab, and its description.
 *
 * @module
 */

import { type CommandResult, EXIT, type TextDocument } from "../commands/documents.ts";
import { LocalTlsError } from "../errors.ts";

/** The shells that have a script. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

// Every script falls back to file names where the program proposes nothing: most arguments are files.
const SCRIPTS: Readonly<Record<typeof SHELLS[number], string>> = {
  bash: `# bash completion for localtls
_localtls() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    line="\${line%%$'\\t'*}"
    [[ "$line" == "$cur"* ]] && COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _localtls localtls
`,
  zsh: `#compdef localtls
_localtls() {
  local -a proposals
  local line
  while IFS= read -r line; do
    proposals+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#proposals} )); then
    _describe 'localtls' proposals
  else
    _files
  fi
}
if [ "\${funcstack[1]}" = "_localtls" ]; then
  _localtls "$@"
else
  compdef _localtls localtls
fi
`,
  fish: `# fish completion for localtls
function __localtls_complete
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c localtls -a '(__localtls_complete)'
`,
  powershell: `# PowerShell completion for localtls
Register-ArgumentCompleter -Native -CommandName localtls -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '""' }
    $program = $commandAst.CommandElements[0].ToString()
    & $program __complete @words 2>$null | ForEach-Object {
        $parts = $_ -split "\`t", 2
        [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $parts[1])
    }
}
`,
};

/** The \`completions\` command. Throws USAGE for another shell. */
export function completions(shell: string): CommandResult<TextDocument> {
  const name = shell === "pwsh" ? "powershell" : shell;
  const script = Object.hasOwn(SCRIPTS, name) ? SCRIPTS[name as typeof SHELLS[number]] : undefined;
  if (script === undefined) {
    throw new LocalTlsError("USAGE", `Cannot complete for "${shell}": there is no script for it`, {
      hints: SHELLS.map((known) => `localtls completions ${known}`),
    });
  }
  return {
    document: { command: "completions", ok: true, shell: name, text: script },
    exitCode: EXIT.done,
  };
}
