/**
 * Whether and how TLS is spoken.
 *
 * @module
 */

import { describePublicKey } from "../../x509/public_key.ts";
import { type Adviser, configLines, nginxLines, replaceCertificate } from "../advice.ts";
import { type Check, checksOf } from "../check.ts";
import { handshakeRefusal, isHttp } from "../connection_faults.ts";
import type { Examination } from "../examine.ts";
import { isServerHello } from "../sight.ts";
import { cipherName, CLIENT_OFFERS, type ClientId, VERSION, versionName } from "../tls/offers.ts";
import { CLIENT_NAMES } from "../verdicts.ts";

const { pass, warn, fail, skip } = checksOf("tls");

/** Suites that every client has, with ECDSA and with RSA keys (Mozilla's intermediate list). */
const NGINX_CIPHERS =
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" +
  "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/** Checks of the handshake. */
export function handshakeChecks(adviser: Adviser, examination: Examination): Check[] {
  const { sight } = examination;
  if (sight.unreachable !== undefined) return [];
  const modern = sight.answers.chromium;
  if (modern === undefined) return [];
  const { foreign } = modern.flight;
  if (foreign !== undefined) return [foreignCheck(adviser, foreign)];
  const answered = modern.flight.version ?? sight.legacy?.flight.version ?? modern.flight.alert;
  if (answered === undefined) {
    const { message } = handshakeRefusal("chromium", modern);
    return [fail("tls-spoken", message, { ...configLines(adviser), clients: everybody() })];
  }
  const checks = [pass("tls-spoken", "The server speaks TLS"), versionCheck(adviser, examination)];
  if (isTooOld(examination)) return checks;
  return [...checks, handshakeCheck(adviser, examination), ...requestChecks(adviser, examination)];
}

function everybody(): string[] {
  return Object.values(CLIENT_NAMES);
}

function foreignCheck(adviser: Adviser, foreign: Uint8Array): Check {
  const { target } = adviser;
  if (!isHttp(foreign)) {
    const shown = JSON.stringify(new TextDecoder("latin1").decode(foreign.subarray(0, 24)));
    return fail(
      "tls-spoken",
      `The server does not speak TLS on port ${target.port}; its first words are ${shown}`,
      { ...configLines(adviser), clients: everybody() },
    );
  }
  return fail("tls-spoken", `The server speaks plain HTTP on port ${target.port}, not TLS`, {
    ...configLines(adviser),
    clients: everybody(),
  });
}

function isTooOld({ sight }: Examination): boolean {
  const modern = sight.answers.chromium!;
  const version = sight.legacy?.flight.version;
  return !isServerHello(modern, CLIENT_OFFERS.chromium) && version !== undefined &&
    version < VERSION.tls12;
}

function versionCheck(adviser: Adviser, examination: Examination): Check {
  const { sight } = examination;
  if (isTooOld(examination)) {
    const highest = versionName(sight.legacy!.flight.version!);
    return fail(
      "tls-version",
      `The server offers ${highest} at most, and clients want TLS 1.2 or 1.3 since 2020`,
      { ...nginxLines(adviser, "ssl_protocols TLSv1.2 TLSv1.3;"), clients: everybody() },
    );
  }
  const { version } = sight.answers.chromium!.flight;
  const versions = new Set([version, sight.legacy?.flight.version]);
  const names = [...versions].flatMap((one) => one === undefined ? [] : [versionName(one)]).sort();
  if (names.length === 0) return skip("tls-version", "No version was agreed on");
  return pass("tls-version", `${names.reverse().join(" and ")}`);
}

/** The clients that find nothing they can use. */
function handshakeCheck(adviser: Adviser, { sight, chain, verdicts }: Examination): Check {
  const refused = (Object.keys(sight.answers) as ClientId[]).filter((id) =>
    !isServerHello(sight.answers[id]!, CLIENT_OFFERS[id])
  );
  if (refused.length === 0) return pass("tls-handshake", "Every client finds a cipher suite");
  const clients = [...new Set(verdicts.map(({ client }) => client))]
    .filter((id) => refused.includes(id)).map((id) => CLIENT_NAMES[id]);
  const alert = sight.answers[refused[0]!]!.flight.alert;
  if (alert === 112) {
    const { host } = adviser.target;
    return fail("tls-handshake", `The server does not know the name "${host}"`, {
      ...nginxLines(adviser, `server_name ${host};`),
      clients,
    });
  }
  const key = chain[0] === undefined ? undefined : keyLabel(chain[0].spki);
  if (key !== undefined && /^(?:P-521|Ed25519|Ed448)$/.test(key)) {
    return fail(
      "tls-handshake",
      `The server's key is ${key}, which ${clients.join(", ")} cannot use`,
      {
        ...replaceCertificate(adviser),
        clients,
      },
    );
  }
  const used = sight.legacy?.flight.cipher;
  if (alert === 40 && used !== undefined) {
    return fail(
      "tls-handshake",
      `The server has no cipher suite in common with ${clients.join(", ")}; it uses ${
        cipherName(used)
      }`,
      { ...nginxLines(adviser, `ssl_ciphers ${NGINX_CIPHERS};`), clients },
    );
  }
  const { message } = handshakeRefusal(refused[0]!, sight.answers[refused[0]!]!);
  return fail("tls-handshake", message, { ...configLines(adviser), clients });
}

function keyLabel(spki: Uint8Array): string | undefined {
  try {
    return describePublicKey(spki).label;
  } catch {
    return undefined;
  }
}

/** What it means that the server asks for a certificate of the client. */
function requestChecks(adviser: Adviser, examination: Examination): Check[] {
  const { sight, requiresCertificate, withoutCertificate } = examination;
  if (sight.asksForCertificate !== true) return [];
  const fix = `${adviser.program} cert you@example.test --client --pkcs12`;
  const fixNote = "Import the .p12 file into the browser; the server has to trust the CA (nginx: " +
    "ssl_client_certificate)";
  const preflight = adviser.origin === undefined
    ? ""
    : "; a preflight (CORS) never carries one, so calls from a page fail whatever it has";
  if (requiresCertificate) {
    return [fail(
      "client-certificate",
      `The server ends every connection without a client certificate${preflight}`,
      { fix, fixNote, clients: everybody() },
    )];
  }
  const status = withoutCertificate?.status ?? 0;
  // nginx answers 400 itself (495 and 496 inside), others 401 or 403.
  if (status === 400 || status === 401 || status === 403) {
    return [warn(
      "client-certificate",
      `The server asks for a client certificate and answers ${status} without one${preflight}`,
      { fix, fixNote },
    )];
  }
  return [pass(
    "client-certificate",
    "The server asks for a client certificate and goes without one: a browser that has some asks " +
      "its user to choose",
  )];
}
