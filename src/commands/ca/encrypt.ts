/**
 * `ca encrypt`, `ca decrypt`: the issuer's key under a password, and without one again.
 *
 * @module
 */

import { LocalTlsError } from "../../errors.ts";
import { sayWaiting } from "../authority.ts";
import { type CommandContext, openWorkplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { newIssuerPassword } from "../issuer_password.ts";
import { describeDetails, isEncrypted, requireAuthority } from "./describe.ts";
import type { CaFilesDocument } from "./documents.ts";

/** What the user asked for. */
export interface EncryptFlags {
  readonly passwordFile?: string | undefined;
}

/**
 * Runs `ca encrypt`. The file is replaced in one step: it holds the plain key or the encrypted one, whatever happens.
 * Throws CA_MISSING, PASSWORD_INVALID, CONFIRMATION_NEEDED, KEY_INVALID for a key that is encrypted already.
 */
export async function encryptCa(
  context: CommandContext,
  flags: EncryptFlags,
): Promise<CommandResult<CaFilesDocument>> {
  const { state } = await openWorkplace(context);
  const held = await requireAuthority(context, state);
  // Not "as asked for": the password that was given may be another one than it has.
  if (isEncrypted(held)) {
    throw new LocalTlsError("KEY_INVALID", "Cannot encrypt the key: it is encrypted already", {
      hints: [
        `To change its password: ${context.program} ca decrypt`,
        `${context.program} ca encrypt`,
      ],
    });
  }
  if (!context.options.dryRun) {
    const password = await newIssuerPassword(context, flags.passwordFile);
    await state.changeAuthority(async (change) => {
      const { pkcs8, encrypted } = await change.readKey();
      if (!encrypted) await change.writeKey(pkcs8, password);
    }, { onWait: () => sayWaiting(context) });
  }
  return await answer(context, "ca encrypt", true);
}

/** Runs `ca decrypt`. Throws CA_MISSING, PASSWORD_WRONG, CONFIRMATION_NEEDED. */
export async function decryptCa(
  context: CommandContext,
  flags: EncryptFlags,
): Promise<CommandResult<CaFilesDocument>> {
  const { state } = await openWorkplace(context, flags.passwordFile);
  const held = await requireAuthority(context, state);
  if (!isEncrypted(held)) return await answer(context, "ca decrypt", false);
  if (!context.options.dryRun) {
    await state.changeAuthority(async (change) => {
      const { issuerKey } = change.authority;
      // Checks that what comes out is the issuer's key, before it takes the place of the encrypted one.
      if (typeof issuerKey === "function") await issuerKey();
      const { pkcs8 } = await change.readKey();
      await change.writeKey(pkcs8, undefined);
    }, { onWait: () => sayWaiting(context) });
  }
  return await answer(context, "ca decrypt", true);
}

async function answer(
  context: CommandContext,
  command: "ca encrypt" | "ca decrypt",
  changed: boolean,
): Promise<CommandResult<CaFilesDocument>> {
  const { state } = await openWorkplace(context);
  const authority = await requireAuthority(context, state);
  const path = state.issuerKeyFile;
  const { dryRun } = context.options;
  return {
    document: {
      command,
      ok: true,
      ca: describeDetails(state, authority),
      files: changed && !dryRun ? [path] : [],
      changed: changed && !dryRun,
      ...(dryRun ? { planned: changed ? [{ type: "write", path, root: false }] : [] } : {}),
    },
    exitCode: EXIT.done,
  };
}
