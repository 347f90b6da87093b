/**
 * Names of a client certificate, from the command line or from a line of a list.
 *
 * @module
 */

import type { Permitted } from "../pki/permitted.ts";
import { commonNameFor, parseSubjectName, type SubjectName } from "../pki/subject_name.ts";
import type { CommandContext } from "./context.ts";

/** Reads the names that the user typed; warnings are reported. Throws NAME_INVALID. */
export function parseClientNames(
  context: CommandContext,
  texts: readonly string[],
  permitted: Permitted,
): SubjectName[] {
  const names = new Map<string, SubjectName>();
  for (const text of texts) {
    const { name, warnings } = parseSubjectName(text, permitted);
    for (const warning of warnings) context.report({ type: "warning", ...warning });
    names.set(name.value, name);
  }
  const list = [...names.values()];
  commonNameFor(list, "client"); // two users are refused here, before a CA is made for them
  return list;
}
