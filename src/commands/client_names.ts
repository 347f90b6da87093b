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
  if (!permitted.any) warnAboutJava(context, list);
  return list;
}

/**
 * Measured with Java 17 and 25, as servers that ask for a client's certificate: whatever other names there are, a
 * common name that could be a host's is held to the CA's name constraints. No other server does that to one
 * without a dot; and the common name is where they look for a user.
 */
function warnAboutJava(context: CommandContext, names: readonly SubjectName[]): void {
  const user = names.find(({ type, value }) => type === "user" && !value.includes("_"));
  if (user === undefined) return;
  context.report({
    type: "warning",
    code: "USER_NAME_IN_JAVA",
    message: `Java servers take the user's name "${user.value}" for a host, and refuse it: ` +
      "for those give an e-mail address alone",
  });
}
