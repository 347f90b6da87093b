/**
 * What `ca permit` and `ca rotate` would do.
 *
 * @module
 */

import type { Authority } from "../../pki/authority.ts";
import type { PlannedStep, TrustStore } from "../../truststore/store.ts";
import { anchorOfAuthority } from "../anchors.ts";
import { describeAuthority } from "../authority.ts";
import type { CommandContext, Workplace } from "../context.ts";
import { type CommandResult, EXIT } from "../documents.ts";
import { withoutFingerprint } from "../setup.ts";
import { planTrust } from "../stores.ts";
import type { CaReplacedDocument } from "./documents.ts";
import { findHeld } from "./reissued.ts";

/** Every file and command, in order. @param made The CA that stands for the one that would be made. */
export async function planReplacement(
  context: CommandContext,
  workplace: Workplace,
  stores: readonly TrustStore[],
  held: Authority,
  made: Authority,
  command: CaReplacedDocument["command"],
): Promise<CommandResult<CaReplacedDocument>> {
  const { state } = workplace;
  const anchor = anchorOfAuthority(state, made);
  const former = anchorOfAuthority(state, held);
  const trusting: TrustStore[] = [];
  for (const store of stores) {
    const seen = await store.state(former).catch(() => undefined);
    if (seen?.state === "trusted") trusting.push(store);
  }
  const files = (await findHeld(context.host, workplace, held)).map(({ event }) => event.cert);
  const paths = [...files, state.issuerKeyFile, state.issuerFile, state.rootFile];
  if (files.length > 0) paths.push(state.issued.path);
  const planned: PlannedStep[] = [
    ...(await planTrust(context.host, "add", trusting, anchor)).map((step) =>
      withoutFingerprint(step, anchor.sha256)
    ),
    ...paths.map((path) => ({ type: "write", path, root: false } as const)),
    ...await planTrust(context.host, "remove", trusting, former),
  ];
  return {
    document: {
      command,
      ok: true,
      changed: false,
      ca: describeAuthority(state, held),
      stores: [],
      formerStores: [],
      certificates: [],
      planned,
    },
    exitCode: EXIT.done,
  };
}
