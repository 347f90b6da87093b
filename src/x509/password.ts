/**
 * Passwords of keys and PKCS#12 files.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";

/**
 * Refuses a password that nothing may be encrypted with. Characters outside ASCII are allowed: PBKDF2 takes them as
 * UTF-8, RFC 7292, B.1 as UTF-16. But Java 17 cannot open such a PKCS#12 file, and Java 25 none of the legacy kind.
 *
 * Throws PASSWORD_INVALID, which never quotes it.
 */
export function checkNewPassword(password: string): void {
  if (password === "") {
    throw invalid("it is empty, and readers differ about what that means");
  }
  if (/\p{Cs}/u.test(password)) throw invalid("it is not valid Unicode");
  if (password.includes("\0")) throw invalid("it has a NUL in it, where most readers stop");
}

function invalid(state: string): LocalTlsError {
  return new LocalTlsError("PASSWORD_INVALID", `Cannot use the password: ${state}`);
}
