/**
 * Certificates that OpenSSL made, as trust anchors; their subject hashes are OpenSSL's own answers
 * (`openssl x509 -hash`).
 *
 * @module
 */

import { createHash } from "node:crypto";
import { decodePem } from "../../../src/der/pem.ts";
import type { TrustAnchor } from "../../../src/truststore/store.ts";
import { parseCertificate } from "../../../src/x509/certificate.ts";

/** O="Test  Örg", CN=" Stores   Test ROOT": everything that a canonical name changes. */
const ROOT = `-----BEGIN CERTIFICATE-----
MIIByzCCAXGgAwIBAgIUGbDqqXvHcZUhrpYkNJ5+CGLnnAMwCgYIKoZIzj0EAwIw
MzETMBEGA1UECgwKVGVzdCAgw5ZyZzEcMBoGA1UEAwwTIFN0b3JlcyAgIFRlc3Qg
Uk9PVDAeFw0yNjExMjQwMjM4MTBaFw0zNjExMjEwMjM4MTBaMDMxEzARBgNVBAoM
ClRlc3QgIMOWcmcxHDAaBgNVBAMMEyBTdG9yZXMgICBUZXN0IFJPT1QwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATjgP7Noc9L+sUbvQJihov3M8kjjaGv9oEYB/4o
EOf+aOV+O+5UFv4XV+Nk26KsqXfLSmluLSpc+pldkYn3HUPQo2MwYTAdBgNVHQ4E
FgQUEiZMOMMbjZ3oSz1L7v7CxzF/EmowHwYDVR0jBBgwFoAUEiZMOMMbjZ3oSz1L
7v7CxzF/EmowDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZI
zj0EAwIDSAAwRQIgA5Q5G7iEgPRmYGh3xM5JrhNydRNJxWIO/EFOQr515EICIQCB
BgmvEiGvpgLQkr9ElgjE9eWxuk4pf1RN1asmPRXICw==
-----END CERTIFICATE-----
`;

const OTHER = `-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUeipvdSidChHAsa/mpBEUfQqTEp0wCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKT3RoZXIgcm9vdDAeFw0yNjExMjQwMjM4MTBaFw0zNjExMjEw
MjM4MTBaMBUxEzARBgNVBAMMCk90aGVyIHJvb3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARpNMRXv/Fp/G3/wnFAE+SYGUq7ReOc9l1/IIyml1I8zKTohy0eWeIR
6azPNrF3eEtAO+v1NNtlpyY9G2azS8fdo1MwUTAdBgNVHQ4EFgQU4e8TiMXEZkEm
uZ8nNo1ll1iUYp8wHwYDVR0jBBgwFoAU4e8TiMXEZkEmuZ8nNo1ll1iUYp8wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAi5hpRVAQor/M0glVFN5li
g0BvTUt6ca5DK2V6YPQ37wIgc9UmZW7D4A/nqUDeaJN9rVcCE8/DMN2F7x1euCd8
HZU=
-----END CERTIFICATE-----
`;

/** A self-signed end-entity certificate. */
const PEER = `-----BEGIN CERTIFICATE-----
MIIBgTCCASagAwIBAgIUdiKyd8fMxPJJNX+ZV+IZeeZUlC4wCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMMTcyLjE2Ljk5LjMyMB4XDTI2MTEyNDAyMzgxMFoXDTI2MTIy
NDAyMzgxMFowFzEVMBMGA1UEAwwMMTcyLjE2Ljk5LjMyMFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEUZFGRPap17K1027rYpjpHeDOTwtFrcfec5mWLmO0idDmKh9I
7R8HMz1m4GIQjbceibQXAt4K2eMGqAHswu+b96NQME4wHQYDVR0OBBYEFHbm4R/w
m+JSFL5LgyD+wiGnARzBMB8GA1UdIwQYMBaAFHbm4R/wm+JSFL5LgyD+wiGnARzB
MAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSQAwRgIhAPrsIhgwCIGOCS1v4VxT
xVmPw27eNQTOirlJWTOCbqh2AiEA3M5Abj1UMRpdl4H6PEop4an5bttD8FYseaHH
5yaY/6Y=
-----END CERTIFICATE-----
`;

/** Hash of {@link rootAnchor}'s subject. */
export const ROOT_SUBJECT_HASH = "7eebacf6";
/** Hash of {@link otherAnchor}'s subject. */
export const OTHER_SUBJECT_HASH = "85cb99c3";

/** Where the copy stands that root is asked to install. */
export const ANCHOR_FILE = "/home/ann/.local/share/localtls/anchors/root.pem";

export const rootAnchor = makeAnchor(ROOT, "ca");
export const otherAnchor = makeAnchor(OTHER, "ca");
export const peerAnchor = makeAnchor(PEER, "peer");

function makeAnchor(pem: string, role: TrustAnchor["role"]): TrustAnchor {
  const { der } = decodePem(pem)[0]!;
  return {
    certificate: parseCertificate(der),
    pem,
    sha256: createHash("sha256").update(der).digest("hex"),
    label: "localtls test",
    role,
    file: ANCHOR_FILE,
  };
}
