/**
 * Where `localtls mkcert` differs from mkcert 1.4.4, and why. tests/cli/mkcert_compare_test.ts holds this list to what
 * the two programs do: nothing is missing in it, and nothing in it is out of date.
 *
 * @module
 */

/** A field in which the two differ. */
export interface MkcertDifference {
  readonly field: string;
  /** Ids of tests/support/mkcert_cases.ts; "any": wherever the field is. */
  readonly cases: readonly string[] | "any";
  /** Of "any": where the two are the same all the same. */
  readonly except?: readonly string[];
  readonly reason: string;
  /** What the two show, where it is always the same. */
  readonly mkcert?: string;
  readonly localtls?: string;
}

/** One of them issues, the other does not. */
function issues(
  reason: string,
  localtls: "yes" | "no",
  cases: readonly string[],
): MkcertDifference[] {
  const [mkcert, exit] = localtls === "yes" ? ["no", "0"] as const : ["yes", "1"] as const;
  return [
    { field: "issues", cases, reason, mkcert, localtls },
    { field: "exit", cases, reason, localtls: exit },
    { field: "files", cases, reason },
  ];
}

/** Every certificate. */
const EVERYWHERE: readonly MkcertDifference[] = [
  {
    field: "rootCA-key.pem",
    cases: "any",
    except: [
      "-ecdsa, without a CA",
      "-uninstall without a CA",
      "-CAROOT with $CAROOT",
      "-CAROOT with $XDG_DATA_HOME",
    ],
    reason: "the root's key is thrown away when the CA is made: nobody can steal it",
    mkcert: "there",
    localtls: "none",
  },
  {
    field: "certificates in the file",
    cases: "any",
    reason: "the issuer stands below the root, and servers have to send it",
    mkcert: "1",
    localtls: "2",
  },
  {
    field: "signature",
    cases: "any",
    reason: "the CA is P-256: every client of today reads it, and making it takes no time",
    mkcert: "sha256WithRSAEncryption",
    localtls: "ecdsa-with-SHA256",
  },
  {
    field: "basic constraints",
    cases: ["-csr that asks for a CA"],
    reason: "whoever makes a request would get a CA that every client here trusts",
    mkcert: "CA:TRUE",
    localtls: "CA:FALSE",
  },
  {
    field: "basic constraints",
    cases: "any",
    except: ["-csr that asks for a CA"],
    reason: "it says that it is no CA, as RFC 5280 4.2.1.9 lets it, for clients that ask",
    mkcert: "none",
    localtls: "CA:FALSE",
  },
];

const CLIENTS = [
  "-client localhost",
  "-client ann@app.test",
  "-client -ecdsa ann@app.test app.test",
  "-client ann",
];
const REQUESTS = [
  "-csr for a.test and 10.0.0.1",
  "-csr -cert-file",
  "-csr -key-file",
  "-csr of an ECDSA key",
];
const PKCS12 = [
  "-pkcs12 localhost app.test",
  "-pkcs12 -ecdsa localhost",
  "-pkcs12 -client ann@app.test",
  "-pkcs12 -p12-file x.pfx localhost",
];
const NO_HOME = "the home is then looked up in the system's list of users";

/** All of them. */
export const MKCERT_DIFFERENCES: readonly MkcertDifference[] = [
  ...EVERYWHERE,
  {
    field: "subject",
    cases: "any",
    except: REQUESTS,
    reason: "servers are known by their SANs (RFC 9525); clients have a common name",
  },
  {
    field: "SAN critical",
    cases: "any",
    except: CLIENTS,
    reason: "RFC 5280 4.2.1.6 wants it where the subject is empty",
    mkcert: "no",
    localtls: "yes",
  },
  {
    field: "key usage",
    cases: [
      "-ecdsa localhost",
      "--ecdsa localhost",
      "-ecdsa=1 localhost",
      "-client -ecdsa ann@app.test app.test",
      "-csr of an ECDSA key",
    ],
    reason: "an ECDSA key enciphers no keys (RFC 8813, 3)",
    mkcert: "Digital Signature, Key Encipherment",
    localtls: "Digital Signature",
  },
  {
    field: "usages",
    cases: ["-client ann@app.test", "-client -ecdsa ann@app.test app.test"],
    reason: "the issuer is limited to TLS, and does not sign for mail",
  },
  ...["SANs", "certtool names", "keytool names", "usages"].map((field) => ({
    field,
    cases: ["-client ann"],
    reason: "a word that is no host of the CA is the name of a user, and stands in the subject",
  })),
  ...["SANs", "certtool names", "keytool names"].map((field) => ({
    field,
    cases: ["LOCALHOST Foo.test"],
    reason:
      "host names have no case, and some clients compare letters: lower case in the certificate",
  })),
  ...["SANs", "certtool names", "keytool names"].map((field) => ({
    field,
    cases: ["a.test a.test"],
    reason: "a name that is given twice stands in the certificate once",
  })),
  {
    field: "keytool names",
    cases: REQUESTS,
    reason: "Java refuses mkcert's certificate: its subject is empty, and its SAN not critical",
    mkcert: "refused",
  },

  // Names.
  ...issues(
    "a public name is refused with the way to permit it: a stolen key must not reach it",
    "no",
    [
      "google.com",
      "8.8.8.8",
    ],
  ),
  ...issues("a name that no client would accept is refused with the reason", "no", [
    '"*.test"',
    "127.0.0.01",
    "-",
    "-- -install.test",
    "localhost -ecdsa",
    "a label of 70 letters",
    "-csr for *",
  ]),
  ...issues("a name with an underscore is no host name, and Java refuses it", "no", [
    "foo_bar.test",
  ]),
  ...issues("an e-mail address is for a client: the hint says -client", "no", [
    "ann@app.test",
    "-csr for ann@a.test",
  ]),
  ...issues("mkcert makes a path of the URL, and cannot write there: its host is meant", "yes", [
    "https://app.test/x",
  ]),
  ...issues("mkcert makes a path of the URI, and cannot write there", "yes", [
    "-client https://app.test/ann",
  ]),
  ...issues("mkcert writes beside the directory, wherever the request says", "no", [
    "-csr whose common name is ../evil",
  ]),
  ...issues("a key of 1024 bits can be broken", "no", ["-csr of an RSA-1024 key"]),
  ...issues("a certificate without a name is good for nothing", "no", ["-csr without a name"]),
  ...issues("a link is not followed: what it leads to would be lost", "no", [
    "-cert-file is a link to another file",
  ]),

  // PKCS#12.
  {
    field: "modes",
    cases: PKCS12,
    reason: "it holds the private key under a password that everybody knows",
    mkcert: "644",
    localtls: "600",
  },
  {
    field: "modes",
    cases: ["a key file that everybody may read is there"],
    reason: "a key is for its owner alone, whatever was there before",
    mkcert: "644 644",
    localtls: "600 644",
  },
  {
    field: "PKCS#12 encryption",
    cases: PKCS12,
    reason: "RC2 with 40 bits is gone from OpenSSL 3; 3DES is read by old and new",
  },
  ...["PKCS#12, openssl 3", "PKCS#12, Node"].map((field) => ({
    field,
    cases: PKCS12,
    reason: "mkcert's RC2 is refused",
    mkcert: "refused",
    localtls: "read",
  })),

  // The command line.
  {
    field: "stdout",
    cases: ["-version", "-CAROOT -version"],
    reason: "the mkcert that it stands in for, and itself as build metadata",
    mkcert: "1.4.4",
  },
  {
    field: "stdout",
    cases: ["-CAROOT", "-CAROOT x", "-CAROOT with $XDG_DATA_HOME"],
    reason: "a directory of its own: a CA of mkcert is left alone until it is imported",
  },
  { field: "stdout", cases: ["-CAROOT without $HOME"], reason: NO_HOME, mkcert: "" },
  ...issues(NO_HOME, "yes", ["localhost without $HOME"]),
  {
    field: "rootCA.pem",
    cases: ["-ecdsa, without a CA", "-uninstall without a CA"],
    reason: "no CA is made where none is needed",
    mkcert: "there",
    localtls: "none",
  },
  {
    field: "rootCA-key.pem",
    cases: ["-ecdsa, without a CA", "-uninstall without a CA"],
    reason: "no CA is made where none is needed",
  },
  {
    field: "issues",
    cases: ["-install localhost, by a user without rights"],
    reason: "a store that needs root does not stop the certificate; the exit code is the same",
    mkcert: "no",
    localtls: "yes",
  },
  {
    field: "files",
    cases: ["-install localhost, by a user without rights"],
    reason: "a store that needs root does not stop the certificate; the exit code is the same",
  },
];

/** The entry for a field of a case. */
export function findDifference(id: string, field: string): MkcertDifference | undefined {
  return MKCERT_DIFFERENCES.find((each) =>
    each.field === field &&
    (each.cases === "any" ? each.except?.includes(id) !== true : each.cases.includes(id))
  );
}
