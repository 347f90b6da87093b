/**
 * Name constraints (RFC 5280, 4.2.1.10).
 *
 * @module
 */

import { implicit, sequence } from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { extension } from "../craft.ts";
import { constraints, san } from "../path_kit.ts";
import { cn, CRITICAL, directory, dns, email, ip, leafName, type PathRule, uri } from "./rule.ts";

/** ::ffff:10.0.0.1 */
const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1);

/** The rules. */
export const CONSTRAINT_RULES: readonly PathRule[] = [
  // Name constraints: RFC 5280, 4.2.1.10
  {
    title: "permitted",
    changes: { root: { nameConstraints: constraints([dns("test")]) } },
    path: "ok",
  },
  {
    title: "not permitted",
    changes: { root: { nameConstraints: constraints([dns("example")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "not permitted, half a label",
    changes: { root: { nameConstraints: constraints([dns("est")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "excluded",
    changes: { intermediate: { nameConstraints: constraints([dns("test")], [dns("a.test")]) } },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "everything excluded",
    changes: { root: { nameConstraints: constraints([], [dns("")]) } },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "everything permitted",
    changes: { root: { nameConstraints: constraints([dns("")]) } },
    path: "ok",
  },
  {
    title: "a dotted constraint, below it",
    changes: { root: { nameConstraints: constraints([dns(".test")]) } },
    path: "ok",
    strict: ["MALFORMED", "anchor"],
  },
  {
    title: "a dotted constraint, the host itself",
    changes: { root: { nameConstraints: constraints([dns(".a.test")]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
    strict: ["MALFORMED", "anchor"],
  },
  {
    title: "a wildcard that could be excluded",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([], [dns("x.b.test")]) },
    },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "a wildcard that could not be",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([], [dns("x.y.b.test")]) },
    },
    path: "ok",
  },
  {
    title: "a wildcard of which one is permitted",
    changes: {
      ...leafName("*.b.test"),
      root: { nameConstraints: constraints([dns("x.b.test"), dns("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "addresses without constraints on them",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) },
      root: { nameConstraints: constraints([dns("test")]) },
    },
    path: "ok",
  },
  {
    title: "an address within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: "ok",
  },
  {
    title: "an address outside",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: Uint8Array.of(11, 0, 0, 1) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "IPv6 where IPv4 is permitted",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: new Uint8Array(16) }) },
      root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "an excluded IPv4 address as IPv6",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: MAPPED }) },
      root: { nameConstraints: constraints([], [ip(10, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "another IPv4 address as IPv6",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "ip", octets: MAPPED }) },
      root: { nameConstraints: constraints([], [ip(11, 0, 0, 0, 255, 0, 0, 0)]) },
    },
    path: "ok",
  },
  {
    title: "a mask with holes",
    changes: { root: { nameConstraints: constraints([ip(10, 0, 0, 0, 255, 0, 255, 0)]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "an address without mask",
    changes: { root: { nameConstraints: constraints([ip(10, 0, 0, 0)]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "a wildcard as constraint",
    changes: { root: { nameConstraints: constraints([dns("*.test")]) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "constraints on nothing",
    changes: { root: { nameConstraints: extension(OID.nameConstraints, sequence(), CRITICAL) } },
    path: ["MALFORMED", "anchor"],
  },
  {
    title: "a subject within",
    changes: {
      root: {
        nameConstraints: constraints([directory(cn("leaf")), directory(cn("intermediate"))]),
      },
    },
    path: "ok",
  },
  {
    title: "a subject within, in other case",
    changes: {
      root: {
        nameConstraints: constraints([directory(cn("LEAF ")), directory(cn("Intermediate"))]),
      },
    },
    path: "ok",
  },
  {
    title: "a subject outside",
    changes: { root: { nameConstraints: constraints([directory(cn("intermediate"))]) } },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "an intermediate's subject outside",
    changes: { root: { nameConstraints: constraints([directory(cn("leaf"))]) } },
    path: ["NAME_NOT_PERMITTED", "intermediate"],
  },
  {
    title: "an e-mail address within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@a.test" }) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: "ok",
  },
  {
    title: "an e-mail address of a host below",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@b.a.test" }) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "an e-mail address excluded",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "email", value: "ann@b.a.test" }) },
      root: { nameConstraints: constraints([], [email(".a.test")]) },
    },
    path: ["NAME_EXCLUDED", "leaf"],
  },
  {
    title: "an e-mail address in the subject",
    changes: {
      leafParts: { subject: encodeName([[OID.emailAddress, "ann@b.test"]]) },
      root: { nameConstraints: constraints([email("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a URI within",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://u@x.a.test:1/b" }) },
      root: { nameConstraints: constraints([uri(".a.test")]) },
    },
    path: "ok",
  },
  {
    title: "a URI outside",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://a.test.evil/a.test" }) },
      root: { nameConstraints: constraints([uri("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a URI with an address",
    changes: {
      leaf: { subjectAltName: san("a.test", { type: "uri", value: "https://10.0.0.1/" }) },
      root: { nameConstraints: constraints([], [uri("a.test")]) },
    },
    path: ["NAME_NOT_PERMITTED", "leaf"],
  },
  {
    title: "a form that is not understood",
    changes: {
      leaf: {
        subjectAltName: extension(
          OID.subjectAltName,
          sequence(dns("a.test"), implicit(8, Uint8Array.of(42))),
        ),
      },
      root: { nameConstraints: constraints([implicit(8, Uint8Array.of(42))]) },
    },
    path: ["NAME_CONSTRAINTS_UNSUPPORTED", "leaf"],
  },
  {
    title: "one that no name has",
    changes: { root: { nameConstraints: constraints([implicit(8, Uint8Array.of(42))]) } },
    path: "ok",
  },
];
