/**
 * Whether what each client trusts reaches the server's certificate.
 *
 * @module
 */

import { equalBytes } from "../../bytes.ts";
import { quoteArgument } from "../../host/shell_words.ts";
import type { TrustAnchor } from "../../truststore/store.ts";
import { type Certificate, readCommonName } from "../../x509/certificate.ts";
import { isCa } from "../../x509/extensions.ts";
import { escapeText } from "../../x509/name.ts";
import type { ClientRoots } from "../anchors.ts";
import { type Advice, type Adviser, replaceCertificate, trustAnchor } from "../advice.ts";
import { nameOf, topOf } from "../chain.ts";
import { type Check, checksOf } from "../check.ts";
import type { Examination } from "../examine.ts";
import type { FaultCode } from "../faults.ts";
import { CLIENT_NAMES, type Verdict } from "../verdicts.ts";

const { pass, warn, fail, skip } = checksOf("trust");

const UNTRUSTED: readonly FaultCode[] = [
  "SELF_SIGNED",
  "ISSUER_UNKNOWN",
  "ROOT_UNTRUSTED",
  "ANCHOR_NOT_A_CA",
];

/** Faults of the leaf that trust does not mend: it has to be replaced. */
const NEEDS_REPLACEMENT: readonly FaultCode[] = [
  "NAME_OTHER",
  "NAME_IN_COMMON_NAME",
  "ADDRESS_IN_COMMON_NAME",
  "CA_AS_LEAF",
  "PURPOSE_OTHER",
  "NO_DIGITAL_SIGNATURE",
  "LEAF_EXPIRED",
  "SIGNATURE_SHA1",
  "SIGNATURE_MD5",
];

/** A check for every client and store. */
export function trustChecks(adviser: Adviser, examination: Examination): Check[] {
  if (examination.chain.length === 0) return [];
  return examination.verdicts.map((verdict) => trustCheck(adviser, examination, verdict));
}

function trustCheck(adviser: Adviser, examination: Examination, verdict: Verdict): Check {
  const { client, roots, faults } = verdict;
  const name = CLIENT_NAMES[client];
  const id = `trust-${client}`;
  const who = roots.where.includes(name) ? roots.where : `${name}, by ${roots.where}`;
  if (roots.unreadable !== undefined) {
    const { message, hints } = roots.unreadable;
    const fix = hints[0];
    return skip(id, `${who}: ${message}`, fix === undefined ? {} : { fix, clients: [name] });
  }
  const remark = roots.remarks.find(({ anchor, state }) =>
    state.state === "broken" && isInPath(anchor, examination)
  );
  if (remark !== undefined) {
    const { fix, fixNote } = trustAnchor(
      adviser,
      remark.anchor,
      isServedLast(remark.anchor, examination),
    );
    const details = { fix: remark.state.hint ?? fix, fixNote, clients: [name] };
    return fail(
      id,
      `${who} holds the root and does not believe it: ${remark.state.reason}`,
      details,
    );
  }
  const fault = faults.find(({ code }) => UNTRUSTED.includes(code));
  if (fault === undefined) return pass(id, `${who} trusts ${describeRoot(examination)}`);
  const message = `${who}: ${describeUntrusted(examination, fault.code)}`;
  const advice = { ...adviceFor(adviser, examination, roots), clients: [name] };
  // Node reads what it is told of when it starts: not a fault of the machine.
  return client === "node" ? warn(id, message, advice) : fail(id, message, advice);
}

function describeRoot({ chain, candidates }: Examination): string {
  const top = topOf(chain);
  const root = top.selfIssued
    ? top
    : candidates.find(({ certificate }) => equalBytes(certificate.subject, top.issuer))
      ?.certificate;
  const name = root === undefined ? undefined : commonNameOf(root);
  return name === undefined ? "its issuer" : `"${name}"`;
}

function commonNameOf({ subject }: Certificate): string | undefined {
  try {
    const name = readCommonName(subject);
    return name === undefined ? undefined : escapeText(name);
  } catch {
    return undefined;
  }
}

function describeUntrusted({ chain }: Examination, code: FaultCode): string {
  const top = topOf(chain);
  switch (code) {
    case "SELF_SIGNED":
      return "the certificate is self-signed, and not trusted";
    case "ROOT_UNTRUSTED":
      return `the root "${nameOf(top)}" is not trusted`;
    case "ANCHOR_NOT_A_CA":
      return "the root is trusted, and is no CA";
    default:
      return `the issuer of "${nameOf(top)}" is not known`;
  }
}

function adviceFor(adviser: Adviser, examination: Examination, roots: ClientRoots): Advice {
  const { chain, candidates, verdicts } = examination;
  const leaf = chain[0]!;
  const top = topOf(chain);
  const ofLeaf = new Set(verdicts.flatMap(({ faults }) => faults.map(({ code }) => code)));
  const isSelfSigned = top === leaf && leaf.selfIssued;
  if (isSelfSigned && NEEDS_REPLACEMENT.some((code) => ofLeaf.has(code))) {
    return replaceCertificate(adviser);
  }
  const anchor = top.selfIssued
    ? candidates.find(({ certificate }) => equalBytes(certificate.der, top.der))
    : candidates.find(({ certificate }) =>
      equalBytes(certificate.subject, top.issuer) && certificate.selfIssued && isCa(certificate)
    );
  if (roots.client === "node" && anchor !== undefined) {
    const file = anchor.sha256 === adviser.ownRoot?.sha256 ? adviser.ownRoot.file : anchor.file;
    return {
      fix: `export NODE_EXTRA_CA_CERTS=${quoteArgument(file)}`,
      fixNote: "Before Node is started; it reads no store of the system",
    };
  }
  if (anchor !== undefined) return trustAnchor(adviser, anchor, isServedLast(anchor, examination));
  return {
    fix: `${adviser.program} trust root.pem`,
    fixNote: `With the root certificate of "${nameOf(top)}", from the owner of the server`,
  };
}

/** `trust URL` takes the last certificate that is served. */
function isServedLast(anchor: TrustAnchor, { chain }: Examination): boolean {
  return equalBytes(anchor.certificate.der, chain.at(-1)!.der);
}

function isInPath({ certificate }: TrustAnchor, { chain }: Examination): boolean {
  const top = topOf(chain);
  return equalBytes(certificate.der, top.der) || equalBytes(certificate.subject, top.issuer);
}
