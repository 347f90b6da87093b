/**
 * The server's own certificate: name, dates, usages, strength.
 *
 * @module
 */

import { readSubjectAltNameTexts } from "../../x509/extensions.ts";
import { describePublicKey } from "../../x509/public_key.ts";
import { type Advice, type Adviser, replaceCertificate } from "../advice.ts";
import { type Check, checksOf } from "../check.ts";
import type { Examination } from "../examine.ts";
import type { Fault, FaultCode } from "../faults.ts";
import { judge } from "../policies.ts";
import { CLIENT_NAMES } from "../verdicts.ts";

const { pass, note, warn, fail } = checksOf("certificate");

const DAY_MS = 86_400_000;
/** Apple refuses certificates of user-added roots that live longer (support.apple.com/103769). */
const APPLE_DAYS = 825;
/** Days before the end from which on it is worth a word. */
const SOON_DAYS = 30;

/** What each check covers, and its words where all is well. */
const ASPECTS: readonly {
  readonly id: string;
  readonly faults: readonly FaultCode[];
  good(examination: Examination): string;
}[] = [
  {
    id: "certificate-name",
    faults: [
      "NAME_OTHER",
      "NAME_IN_COMMON_NAME",
      "ADDRESS_IN_COMMON_NAME",
      "WILDCARD_TOP_LEVEL",
      "NAME_WITH_UNDERSCORE",
    ],
    good: ({ chain }) => `It is for ${shortList(namesOf(chain[0]!))}`,
  },
  {
    id: "certificate-dates",
    faults: ["LEAF_EXPIRED", "LEAF_NOT_YET_VALID", "ISSUER_EXPIRED", "ANCHOR_EXPIRED"],
    good: ({ chain, now }) => {
      const { notAfter } = chain[0]!;
      const days = Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);
      return `It is valid until ${notAfter.toISOString().slice(0, 10)}, ${days} more days`;
    },
  },
  {
    id: "certificate-usage",
    faults: ["PURPOSE_OTHER", "PURPOSE_ANY_ONLY", "ISSUER_PURPOSE_OTHER", "NO_DIGITAL_SIGNATURE"],
    good: () => "It may be used by a server",
  },
  {
    id: "certificate-ca",
    faults: ["CA_AS_LEAF", "NOT_A_CA", "PATH_TOO_LONG", "ANCHOR_AS_LEAF"],
    good: () => "CAs and servers are told apart",
  },
  {
    id: "certificate-strength",
    faults: ["KEY_BELOW_2048", "KEY_BELOW_1024", "SIGNATURE_SHA1", "SIGNATURE_MD5"],
    good: ({ chain }) => `Its key is ${keyLabel(chain[0]!.spki)}`,
  },
  {
    id: "certificate-form",
    faults: [
      "CRITICAL_EXTENSION_UNKNOWN",
      "SUBJECT_EMPTY",
      "NAME_NOT_PERMITTED",
      "AUTHORITY_KEY_OTHER",
      "SIGNATURE_INVALID",
      "SERIAL_REUSED",
      "OTHER",
    ],
    good: () => "Its form is that of RFC 5280",
  },
];

/** Checks of the certificate. */
export function certificateChecks(adviser: Adviser, examination: Examination): Check[] {
  const [leaf] = examination.chain;
  if (leaf === undefined) return [];
  const faults = new Map<FaultCode, Fault>();
  for (const verdict of examination.verdicts) {
    for (const fault of verdict.faults) faults.set(fault.code, faults.get(fault.code) ?? fault);
  }
  const checks = ASPECTS.flatMap(({ id, faults: codes, good }) => {
    const found = codes.flatMap((code) => faults.get(code) ?? []);
    if (found.length === 0) return [pass(id, good(examination))];
    return found.map((fault) => faultCheck(adviser, examination, id, fault));
  });
  return [...checks, ...lifetimeChecks(adviser, examination)];
}

/** fail where somebody refuses for it who could refuse at all. */
function faultCheck(
  adviser: Adviser,
  examination: Examination,
  id: string,
  fault: Fault,
): Check {
  const clients = [
    ...new Set(
      examination.verdicts
        .filter(({ client, faults }) =>
          faults.some(({ code }) => code === fault.code) && judge(client, [fault]) !== undefined
        )
        .map(({ client }) => CLIENT_NAMES[client]),
    ),
  ];
  const advice = adviceFor(adviser, examination, fault);
  const about = fault.subject === undefined || fault.subject === "" || fault.message.includes('"')
    ? fault.message
    : `${fault.message} ("${fault.subject}")`;
  if (clients.length === 0) return warn(id, `${about}; no client refuses it today`, advice);
  return fail(id, about, { ...advice, clients });
}

function adviceFor(
  adviser: Adviser,
  { chain, now }: Examination,
  { code }: Fault,
): Advice {
  const { issued, program } = adviser;
  if (code === "LEAF_NOT_YET_VALID" && chain[0]!.notBefore.getTime() - now.getTime() < DAY_MS) {
    return { fix: "date -u", fixNote: "Compare this machine's clock, and the server's" };
  }
  if (code === "NAME_WITH_UNDERSCORE") {
    const fix = `${program} setup ${adviser.target.host.replaceAll("_", "-")}`;
    return { fix, fixNote: "Under a name with hyphens, which DNS or /etc/hosts has to know too" };
  }
  if (code === "LEAF_EXPIRED" && issued !== undefined && !issued.isCurrent) {
    return { fix: `${program} renew`, fixNote: "Then reload the server" };
  }
  return replaceCertificate(adviser);
}

function lifetimeChecks(adviser: Adviser, { chain, now }: Examination): Check[] {
  const { notBefore, notAfter } = chain[0]!;
  const checks: Check[] = [];
  const days = (notAfter.getTime() - notBefore.getTime()) / DAY_MS;
  if (days > APPLE_DAYS) {
    checks.push(warn(
      "certificate-lifetime",
      `It lives ${
        Math.round(days)
      } days, and iPhones, iPads and Macs refuse more than ${APPLE_DAYS}`,
      replaceCertificate(adviser),
    ));
  }
  const left = (notAfter.getTime() - now.getTime()) / DAY_MS;
  if (left > 0 && left < Math.min(SOON_DAYS, days / 3)) {
    const advice = adviser.issued === undefined
      ? replaceCertificate(adviser)
      : { fix: `${adviser.program} renew`, fixNote: "Then reload the server" };
    checks.push(note("certificate-ends-soon", `It ends in ${Math.floor(left)} days`, advice));
  }
  return checks;
}

function namesOf(leaf: Examination["chain"][number]): string[] {
  try {
    return readSubjectAltNameTexts(leaf);
  } catch {
    return [];
  }
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(", ");
  return names.length <= 5 ? shown : `${shown} and ${names.length - 5} more`;
}

function keyLabel(spki: Uint8Array): string {
  try {
    return describePublicKey(spki).label;
  } catch {
    return "of an unknown kind";
  }
}
