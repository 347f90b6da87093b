/**
 * Servers that are broken in the ways in which people get HTTPS wrong, and some that are not.
 *
 * @module
 */

import { OID } from "../../src/der/oids.ts";
import { encodeDnsNameConstraints } from "../../src/x509/extensions.ts";
import {
  type Made,
  makeCertificate,
  type MakeOptions,
  unknownCriticalExtension,
} from "./certificate_maker.ts";

/** The address that they listen on. */
export const ADDRESS = "172.16.99.32";

/** A name of that address. */
export const NAME = "app.test";

/** Another, that no DNS name of a host may be (RFC 1123, 2.1). */
export const UNDERSCORE = "under_score.test";

/** What a server does, for the program below. */
interface Behaviour {
  /** In the order in which it is sent. */
  readonly chain?: readonly Made[];
  readonly minVersion?: string;
  readonly maxVersion?: string;
  readonly ciphers?: string;
  /** Asks for a client certificate; required: the handshake fails without. */
  readonly clientCertificate?: "optional" | "required";
  /** No TLS at all. */
  readonly plain?: "http" | "banner" | "close";
  /** Sends this alert (RFC 8446, 6) in answer to any ClientHello. */
  readonly alert?: number;
}

/** One server. */
export interface BrokenServer extends Behaviour {
  readonly id: string;
  /** The host of its URL; default {@link ADDRESS}. */
  readonly host?: string;
  readonly port?: number;
  /** Nobody listens there. */
  readonly absent?: true;
}

const SERVER = ["serverAuth"].map(() => OID.serverAuth);
const IP = [`IP:${ADDRESS}`];

/** The usual leaf. */
function leafOf(issuer: Made | undefined, changes: MakeOptions = {}): Promise<Made> {
  return makeCertificate({
    issuer,
    commonName: "server",
    names: IP,
    ca: false,
    keyUsage: ["digitalSignature"],
    extKeyUsage: SERVER,
    ...changes,
  });
}

function caOf(commonName: string, issuer?: Made, changes: MakeOptions = {}): Promise<Made> {
  return makeCertificate({
    issuer,
    commonName,
    ca: true,
    keyUsage: ["keyCertSign", "cRLSign"],
    to: 900,
    ...changes,
  });
}

/** The servers, and what has to be trusted for those whose fault is another. */
export interface BrokenServers {
  readonly servers: readonly BrokenServer[];
  readonly trusted: readonly Made[];
}

/** Makes all certificates. */
export async function makeBrokenServers(): Promise<BrokenServers> {
  const root = await caOf("Matrix root");
  const issuer = await caOf("Matrix issuer", root, { ca: 0 });
  const unknown = await caOf("Unknown root");
  const unknownIssuer = await caOf("Unknown issuer", unknown);
  const expiredRoot = await caOf("Ended root", undefined, { from: -30, to: -2 });
  const expiredIssuer = await caOf("Ended issuer", root, { from: -30, to: -2 });
  const plainIssuer = await leafOf(root, { commonName: "No CA", names: ["DNS:ca.test"] });
  const deep = await caOf("Issuer below an issuer", issuer);
  const constrained = await caOf("Constrained issuer", root, {
    extra: [encodeDnsNameConstraints(["foo.test"])],
  });
  const pssLess = await caOf("RSA root", undefined, { key: "rsa2048" });
  const selfSigned = await leafOf(undefined, { commonName: "self-signed, trusted" });
  const selfSignedCa = await leafOf(undefined, { commonName: "self-signed CA", ca: true });
  const bareRoot = await makeCertificate({ commonName: "Root without constraints", to: 900 });
  const numbered = await caOf("Root number one", undefined, { serial: 1n });
  const clientIssuer = await caOf("Issuer for clients", root, { extKeyUsage: [OID.clientAuth] });

  const issued = async (changes: MakeOptions = {}) => [await leafOf(issuer, changes), issuer];
  const rsa: MakeOptions = { key: "rsa2048", keyUsage: ["digitalSignature", "keyEncipherment"] };
  const legacy = "ALL:@SECLEVEL=0";
  const servers: BrokenServer[] = [
    { id: "good", chain: await issued() },
    { id: "good name", host: NAME, chain: await issued({ names: [`DNS:${NAME}`] }) },
    { id: "good, TLS 1.3 only", chain: await issued(), minVersion: "TLSv1.3" },
    { id: "good, TLS 1.2 only", chain: await issued(), maxVersion: "TLSv1.2" },
    {
      id: "story: self-signed, IP in CN",
      chain: [await makeCertificate({ commonName: ADDRESS, ca: true, key: "rsa2048" })],
    },
    { id: "self-signed with SAN", chain: [await leafOf(undefined)] },
    { id: "self-signed, trusted", chain: [selfSigned] },
    { id: "self-signed CA, trusted", chain: [selfSignedCa] },
    { id: "unknown root", chain: [await leafOf(unknownIssuer), unknownIssuer] },
    { id: "unknown root, sent", chain: [await leafOf(unknownIssuer), unknownIssuer, unknown] },
    { id: "issuer not sent", chain: [await leafOf(issuer)] },
    { id: "wrong order", chain: [...await issued().then(([leaf]) => [leaf!]), root, issuer] },
    { id: "root sent, twice", chain: [...await issued(), root, root] },
    { id: "unrelated certificate sent", chain: [(await issued())[0]!, unknown, issuer] },
    { id: "wrong issuer sent", chain: [(await issued())[0]!, unknownIssuer] },
    { id: "leaf ended", chain: await issued({ from: -30, to: -1 }) },
    { id: "leaf not yet valid", chain: await issued({ from: 2, to: 90 }) },
    { id: "issuer ended", chain: [await leafOf(expiredIssuer), expiredIssuer] },
    { id: "root ended", chain: [await leafOf(expiredRoot)] },
    {
      id: "ended and other name",
      chain: await issued({ from: -30, to: -1, names: ["IP:10.0.0.1"] }),
    },
    {
      id: "ended and unknown root",
      chain: [await leafOf(unknownIssuer, { from: -30, to: -1 }), unknownIssuer],
    },
    { id: "other address", chain: await issued({ names: ["IP:10.0.0.1"] }) },
    { id: "other name", host: NAME, chain: await issued({ names: ["DNS:other.test"] }) },
    { id: "address in CN alone", chain: await issued({ commonName: ADDRESS, names: undefined }) },
    {
      id: "name in CN alone",
      host: NAME,
      chain: await issued({ commonName: NAME, names: undefined }),
    },
    { id: "address as dNSName", chain: await issued({ names: [`DNS:${ADDRESS}`] }) },
    { id: "wildcard under a TLD", host: NAME, chain: await issued({ names: ["DNS:*.test"] }) },
    { id: "wildcard", host: `a.${NAME}`, chain: await issued({ names: [`DNS:*.${NAME}`] }) },
    {
      id: "wildcard, two labels",
      host: `b.a.${NAME}`,
      chain: await issued({ names: [`DNS:*.${NAME}`] }),
    },
    { id: "for clients alone", chain: await issued({ extKeyUsage: [OID.clientAuth] }) },
    { id: "any purpose", chain: await issued({ extKeyUsage: [OID.anyExtendedKeyUsage] }) },
    { id: "no purposes", chain: await issued({ extKeyUsage: undefined }) },
    { id: "EC key, keyEncipherment", chain: await issued({ keyUsage: ["keyEncipherment"] }) },
    { id: "EC key, keyAgreement", chain: await issued({ keyUsage: ["keyAgreement"] }) },
    { id: "RSA", chain: await issued(rsa) },
    {
      id: "RSA, keyEncipherment alone",
      chain: await issued({ ...rsa, keyUsage: ["keyEncipherment"] }),
    },
    { id: "RSA 1024", chain: await issued({ ...rsa, key: "rsa1024" }), ciphers: legacy },
    { id: "SHA-1", chain: await issued({ digest: "sha1" }), ciphers: legacy },
    { id: "SHA-1 by RSA", chain: [await leafOf(pssLess, { digest: "sha1" })], ciphers: legacy },
    { id: "P-521", chain: await issued({ key: "p521" }) },
    { id: "Ed25519", chain: await issued({ key: "ed25519" }) },
    {
      id: "not permitted by the issuer",
      host: NAME,
      chain: [await leafOf(constrained, { names: [`DNS:${NAME}`] }), constrained],
    },
    { id: "issuer for clients", chain: [await leafOf(clientIssuer), clientIssuer] },
    { id: "leaf is a CA", chain: await issued({ ca: true }).then(([leaf]) => [leaf!, issuer]) },
    { id: "leaf is a CA, path length kept", chain: [await leafOf(root, { ca: true })] },
    { id: "issuer is no CA", chain: [await leafOf(plainIssuer), plainIssuer] },
    { id: "path too long", chain: [await leafOf(deep), deep, issuer] },
    { id: "signature spoilt", chain: await issued({ tampered: true }) },
    { id: "other authority key", chain: await issued({ authorityKeyId: new Uint8Array(20) }) },
    {
      id: "unknown critical extension",
      chain: await issued({ extra: [unknownCriticalExtension()] }),
    },
    { id: "no subject, SAN not critical", chain: await issued({ commonName: null }) },
    {
      id: "no subject, SAN critical",
      chain: await issued({ commonName: null, sanCritical: true }),
    },
    { id: "root without basicConstraints", chain: [await leafOf(bareRoot)] },
    { id: "version 1", chain: await issued({ version: 1, commonName: ADDRESS }) },
    { id: "ten years", chain: await issued({ to: 800 }).then(([leaf]) => [leaf!, issuer]) },
    {
      id: "for clients alone and ended",
      chain: await issued({ extKeyUsage: [OID.clientAuth], from: -30, to: -1 }),
    },
    {
      id: "for clients alone and other name",
      chain: await issued({ extKeyUsage: [OID.clientAuth], names: ["IP:10.0.0.1"] }),
    },
    {
      id: "for clients alone and unknown root",
      chain: [await leafOf(unknownIssuer, { extKeyUsage: [OID.clientAuth] }), unknownIssuer],
    },
    {
      id: "SHA-1 and unknown root",
      chain: [await leafOf(unknownIssuer, { digest: "sha1" }), unknownIssuer],
      ciphers: legacy,
    },
    {
      id: "SHA-1 and ended",
      chain: await issued({ digest: "sha1", from: -30, to: -1 }),
      ciphers: legacy,
    },
    {
      id: "keyEncipherment and unknown root",
      chain: [await leafOf(unknownIssuer, { keyUsage: ["keyEncipherment"] }), unknownIssuer],
    },
    {
      id: "keyEncipherment and ended",
      chain: await issued({ keyUsage: ["keyEncipherment"], from: -30, to: -1 }),
    },
    {
      id: "unknown root and other name",
      chain: [await leafOf(unknownIssuer, { names: ["IP:10.0.0.1"] }), unknownIssuer],
    },
    {
      id: "not permitted and ended",
      host: NAME,
      chain: [
        await leafOf(constrained, { names: [`DNS:${NAME}`], from: -30, to: -1 }),
        constrained,
      ],
    },
    { id: "leaf is a CA and ended", chain: await issued({ ca: true, from: -30, to: -1 }) },
    {
      id: "leaf is a CA and unknown root",
      chain: [await leafOf(unknownIssuer, { ca: true }), unknownIssuer],
    },
    {
      id: "issuer ended and other name",
      chain: [await leafOf(expiredIssuer, { names: ["IP:10.0.0.1"] }), expiredIssuer],
    },
    {
      id: "no subject and unknown root",
      chain: [await leafOf(unknownIssuer, { commonName: null }), unknownIssuer],
    },
    {
      id: "signature spoilt and ended",
      chain: await issued({ tampered: true, from: -30, to: -1 }),
    },
    {
      id: "unknown critical extension and unknown root",
      chain: [await leafOf(unknownIssuer, { extra: [unknownCriticalExtension()] }), unknownIssuer],
    },
    {
      id: "path too long and ended",
      chain: [await leafOf(deep, { from: -30, to: -1 }), deep, issuer],
    },
    {
      id: "no purposes, no keyUsage",
      chain: await issued({ extKeyUsage: undefined, keyUsage: undefined }),
    },
    { id: "serial number of its root", chain: [await leafOf(numbered, { serial: 1n })] },
    {
      id: "underscore in the name",
      host: UNDERSCORE,
      chain: await issued({ names: [`DNS:${UNDERSCORE}`] }),
    },
    { id: "dot at the end", host: `${NAME}.`, chain: await issued({ names: [`DNS:${NAME}`] }) },
    { id: "unsafe port", chain: await issued(), port: 6000 },
    {
      id: "TLS 1.0 only",
      chain: await issued(rsa),
      minVersion: "TLSv1",
      maxVersion: "TLSv1",
      ciphers: legacy,
    },
    {
      id: "TLS 1.1 only",
      chain: await issued(rsa),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: legacy,
    },
    {
      id: "no shared cipher",
      chain: await issued(rsa),
      maxVersion: "TLSv1.2",
      ciphers: "DHE-RSA-CAMELLIA256-SHA256",
    },
    {
      id: "finite-field ciphers alone",
      chain: await issued(rsa),
      maxVersion: "TLSv1.2",
      ciphers: "DHE-RSA-AES128-GCM-SHA256",
    },
    { id: "static RSA", chain: await issued(rsa), maxVersion: "TLSv1.2", ciphers: "AES128-SHA" },
    {
      id: "CBC with SHA-256",
      chain: await issued(rsa),
      maxVersion: "TLSv1.2",
      ciphers: "ECDHE-RSA-AES128-SHA256",
    },
    { id: "plain HTTP", plain: "http" },
    { id: "not TLS", plain: "banner" },
    { id: "closes", plain: "close" },
    { id: "alert handshake_failure", alert: 40 },
    { id: "alert unrecognized_name", host: NAME, alert: 112 },
    { id: "alert internal_error", alert: 80 },
    { id: "refused", absent: true },
    { id: "unreachable", host: "172.16.99.77", absent: true },
    { id: "unknown name", host: "nowhere.test", absent: true },
    { id: "client certificate, optional", chain: await issued(), clientCertificate: "optional" },
    { id: "client certificate, required", chain: await issued(), clientCertificate: "required" },
    {
      id: "client certificate, required, TLS 1.2",
      chain: await issued(),
      clientCertificate: "required",
      maxVersion: "TLSv1.2",
    },
  ];
  return {
    servers,
    trusted: [root, numbered, expiredRoot, pssLess, selfSigned, selfSignedCa, bareRoot],
  };
}
