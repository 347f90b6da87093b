/**
 * Whether the names of a certificate lie within the name constraints of the CAs above it (RFC 5280, 4.2.1.10 and
 * 6.1.3 (b) and (c)).
 *
 * Each CA's constraints are applied on their own, which is what intersecting them comes to. A name that cannot be
 * read is not within anything: where its form is constrained, it is refused. A wildcard stands for all that it could
 * match: it is permitted when each is, excluded when one is.
 *
 * @module
 */

import { type Bytes, equalBytes } from "../../bytes.ts";
import { OID } from "../../der/oids.ts";
import { LocalTlsError } from "../../errors.ts";
import type { GeneralName } from "../../x509/general_name.ts";
import { generalNameText } from "../../x509/general_name.ts";
import { isIpv4Mapped, parseIpv4, parseIpv6 } from "../../x509/ip_address.ts";
import { readName } from "../../x509/name.ts";
import { quoteName } from "../dns_name.ts";
import {
  type ConstraintSet,
  DIRECTORY_NAME,
  readDirectoryName,
  readMailbox,
  type Subtree,
} from "./constraint_set.ts";
import type { PathCertificate } from "./path_certificate.ts";
import { isHostName, isPresentedDnsName } from "./peer_name.ts";
import { type Fault, fault } from "./reason.ts";

/** A name as constraints see it; `undefined` parts cannot be read. */
type Subject =
  /** `wildcard`: any one label in front of `host`. */
  | { readonly form: "dns"; readonly host: string | undefined; readonly wildcard: boolean }
  | { readonly form: "uri"; readonly host: string | undefined }
  | { readonly form: "email"; readonly mailbox: { local: string; host: string } | undefined }
  | { readonly form: "ip"; readonly octets: Bytes }
  | { readonly form: "directory"; readonly rdns: readonly string[] | undefined }
  | { readonly form: "other"; readonly tag: number };

interface NamedSubject {
  readonly subject: Subject;
  readonly text: string;
  readonly field: string;
}

/** Counts comparisons down; at zero the answer is LIMIT_EXCEEDED. */
export interface Budget {
  comparisons: number;
}

const RULE = "RFC 5280, 4.2.1.10";

/** The first name of a certificate that a CA's constraints forbid; undefined where they forbid none. */
export function constraintFault(
  constraints: ConstraintSet,
  below: PathCertificate,
  budget: Budget,
): Fault | undefined {
  for (const name of subjectsOf(below)) {
    budget.comparisons -= constraints.permitted.length + constraints.excluded.length;
    if (budget.comparisons < 0) {
      return fault("LIMIT_EXCEEDED", name.field, RULE, "its names have too many constraints");
    }
    const problem = subjectFault(constraints, name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function subjectFault(
  { permitted, excluded }: ConstraintSet,
  { subject, text, field }: NamedSubject,
): Fault | undefined {
  const concerned = (tree: Subtree) =>
    tree.form === subject.form && (tree.form !== "other" ||
      (subject.form === "other" && tree.tag === subject.tag));
  const allowed = permitted.filter(concerned);
  const forbidden = excluded.filter(concerned);
  if (allowed.length + forbidden.length === 0) return undefined;
  if (subject.form === "other") {
    const state = `a CA constrains names of the form ${text}, which are not understood`;
    return fault("NAME_CONSTRAINTS_UNSUPPORTED", field, RULE, state);
  }
  if (forbidden.some((tree) => contains(tree, subject, "some"))) {
    return fault("NAME_EXCLUDED", field, RULE, `a CA above it excludes the name ${text}`);
  }
  if (allowed.length > 0 && !allowed.some((tree) => contains(tree, subject, "every"))) {
    return fault("NAME_NOT_PERMITTED", field, RULE, `no CA above it permits the name ${text}`);
  }
  if (isUnreadable(subject)) {
    const state = `the name ${text} is malformed, and a CA above it constrains such names`;
    return fault("NAME_NOT_PERMITTED", field, RULE, state);
  }
  return undefined;
}

function isUnreadable(subject: Subject): boolean {
  switch (subject.form) {
    case "dns":
    case "uri":
      return subject.host === undefined;
    case "email":
      return subject.mailbox === undefined;
    case "directory":
      return subject.rdns === undefined;
    default:
      return false;
  }
}

/** Whether a subtree holds every name, or some name, that the subject stands for. */
function contains(tree: Subtree, subject: Subject, which: "every" | "some"): boolean {
  if (tree.form === "dns" && subject.form === "dns") {
    if (subject.host === undefined) return false;
    if (!subject.wildcard) return isWithin(subject.host, tree);
    // "*.a.test" is x.a.test for every x: all of it where a.test is in the tree, some of it in a tree of one x.
    if (isWithin(subject.host, { value: tree.value, below: false })) return true;
    return which === "some" && tree.value.endsWith(`.${subject.host}`) &&
      !tree.value.slice(0, -subject.host.length - 1).includes(".") && !tree.below;
  }
  if (tree.form === "uri" && subject.form === "uri") {
    if (subject.host === undefined) return false;
    return tree.below ? isWithin(subject.host, tree) : subject.host === tree.value;
  }
  if (tree.form === "email" && subject.form === "email") {
    const { mailbox } = subject;
    if (mailbox === undefined) return false;
    if (tree.below) return isWithin(mailbox.host, tree);
    return mailbox.host === tree.value &&
      (tree.local === undefined || mailbox.local === tree.local);
  }
  if (tree.form === "ip" && subject.form === "ip") {
    const masked = (octets: Bytes) => octets.map((octet, i) => octet & tree.mask[i]!);
    // ::ffff:10.0.0.1 reaches 10.0.0.1: excluded with it, and not permitted by it.
    const mapped = which === "some" && tree.address.length === 4 && isIpv4Mapped(subject.octets);
    const octets = mapped ? subject.octets.subarray(12) : subject.octets;
    return octets.length === tree.address.length &&
      equalBytes(masked(octets), masked(tree.address));
  }
  if (tree.form === "directory" && subject.form === "directory") {
    const { rdns } = subject;
    return rdns !== undefined && tree.rdns.every((rdn, i) => rdns[i] === rdn);
  }
  return false;
}

function isWithin(host: string, { value, below }: { value: string; below: boolean }): boolean {
  return value === "" || (host === value && !below) || host.endsWith(`.${value}`);
}

/** RFC 5280, 6.1.3 (b): the subject where there is one, its e-mail addresses, and the alternative names. */
function* subjectsOf(
  { certificate, subjectRdns, subjectAltNames }: PathCertificate,
): Generator<NamedSubject> {
  if (subjectRdns.length > 0) {
    const subject = { form: "directory" as const, rdns: subjectRdns };
    yield { subject, text: "in its subject", field: "subject" };
    // RFC 5280, 4.2.1.10: where no rfc822Name says otherwise.
    if (!subjectAltNames?.some(({ type }) => type === "email")) {
      for (const { type, value } of readName(certificate.subject).flat()) {
        if (type !== OID.emailAddress) continue;
        const mailbox = value === undefined ? undefined : readMailbox(value);
        yield {
          subject: { form: "email", mailbox },
          text: quoteName(value ?? ""),
          field: "subject",
        };
      }
    }
  }
  for (const name of subjectAltNames ?? []) {
    const text = name.type === "other" ? generalNameText(name) : quoteName(generalNameText(name));
    yield { subject: toSubject(name), text, field: "extensions.subjectAltName" };
  }
}

function toSubject(name: GeneralName): Subject {
  switch (name.type) {
    case "dns": {
      const lower = name.value.toLowerCase();
      if (!isPresentedDnsName(lower)) return { form: "dns", host: undefined, wildcard: false };
      const wildcard = lower.startsWith("*.");
      return { form: "dns", host: wildcard ? lower.slice(2) : lower, wildcard };
    }
    case "email":
      return { form: "email", mailbox: readMailbox(name.value) };
    case "uri":
      return { form: "uri", host: uriHost(name.value) };
    case "ip":
      return { form: "ip", octets: name.octets };
    case "other":
      if (name.tag !== DIRECTORY_NAME) return { form: "other", tag: name.tag };
      return { form: "directory", rdns: directoryRdns(name.tlv) };
  }
}

function directoryRdns(tlv: Bytes): string[] | undefined {
  try {
    return readDirectoryName(tlv);
  } catch (error) {
    if (error instanceof LocalTlsError) return undefined;
    throw error;
  }
}

/** The host of a URI (RFC 3986, 3.2.2); undefined where it has none, or an address (RFC 5280, 4.2.1.10 wants a name). */
function uriHost(uri: string): string | undefined {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(uri)?.[1];
  const host = authority?.replace(/^.*@/, "").replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
  if (host === undefined || parseIpv4(host) !== undefined) return undefined;
  if (parseIpv6(host.replace(/^\[|\]$/g, "")) !== undefined) return undefined;
  return isHostName(host) ? host : undefined;
}
