/**
 * Who else may get at the CA, on systems with access lists. Where permission bits say all, safety.ts has judged already.
 *
 * @module
 */

import { LocalTlsError } from "../errors.ts";
import type { Host, OtherAccess } from "../host/host.ts";
import { quoteArgument } from "../host/shell_words.ts";
import { joinPath, LOCK_FILE, type StatePlace } from "./paths.ts";

/**
 * Makes the state directory private before a key is put into it. One that other files stand in was not made here:
 * it is left as it is, and refused where others have access.
 *
 * @returns false where the system cannot say who has access: what a person should know, and no reason to stop, since
 * the user's own directories are private unless somebody opened them.
 * Throws STATE_UNSAFE.
 */
export async function protectState(host: Host, place: StatePlace): Promise<boolean> {
  const { accessLists, files } = host;
  if (accessLists === undefined) return true;
  const names = await files.list(place.path);
  if (names.every((name) => name.startsWith(LOCK_FILE))) await accessLists.protect(place.path);
  const others = await accessLists.others(place.path);
  if (others === undefined) return false;
  refuse(place, place.path, others.filter((other) => other.writes || other.inheritableRead));
  return true;
}

/** Refuses a directory that others may change, and a key that they may read. Throws STATE_UNSAFE. */
export async function checkAccess(
  host: Host,
  place: StatePlace,
  hasKey: boolean,
): Promise<void> {
  const { accessLists } = host;
  if (accessLists === undefined) return;
  const key = joinPath(place.path, "issuer-key.pem");
  const [directory = [], file = []] = await Promise.all([
    accessLists.others(place.path),
    hasKey ? accessLists.others(key) : undefined,
  ]);
  refuse(place, place.path, directory.filter(({ writes }) => writes));
  refuse(place, key, file.filter(({ reads, writes }) => reads || writes));
}

function refuse(place: StatePlace, path: string, others: readonly OtherAccess[]): void {
  if (others.length === 0) return;
  const accounts = [...new Set(others.map(({ sid }) => sid))];
  const names = [...new Set(others.map(({ sid, name }) => name ?? sid))].join(", ");
  const exposed = others.some(({ reads, inheritableRead }) => reads || inheritableRead);
  const directory = quoteArgument(place.path);
  throw new LocalTlsError(
    "STATE_UNSAFE",
    `Cannot use "${path}": other users have access to it (${names})`,
    {
      hints: [
        // What is inherited becomes its own first: only then can parts of it be taken away.
        `icacls ${directory} /inheritance:d /t`,
        `icacls ${directory} /remove:g ${accounts.map((sid) => `"*${sid}"`).join(" ")} /t`,
        ...(exposed
          ? [
            `If others may have read the key, replace the CA after that: ${place.program} ca rotate`,
          ]
          : []),
      ],
    },
  );
}
