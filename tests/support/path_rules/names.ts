/**
 * The names of the peer (RFC 9525).
 *
 * @module
 */

import { san } from "../path_kit.ts";
import { cn, leafName, type PathRule } from "./rule.ts";

/** The rules. */
export const NAME_RULES: readonly PathRule[] = [
  // Names of the peer: RFC 9525
  { title: "a wildcard", changes: leafName("*.b.test"), options: { name: "x.b.test" }, path: "ok" },
  {
    title: "a wildcard for two labels",
    changes: leafName("*.b.test"),
    options: { name: "x.y.b.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard for none",
    changes: leafName("*.b.test"),
    options: { name: "b.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard for a top level",
    changes: leafName("*.test"),
    options: { name: "x.test" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "a wildcard in a label",
    changes: leafName("x*.b.test"),
    options: { name: "xy.b.test" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "an underscore",
    changes: leafName("a_b.test"),
    options: { name: "a_b.test" },
    path: "ok",
    strict: ["MALFORMED", "leaf"],
  },
  { title: "a dot at the end of the name asked for", options: { name: "a.test." }, path: "ok" },
  {
    title: "a dot at the end of the name",
    changes: leafName("b.test."),
    options: { name: "b.test" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "an A-label",
    changes: leafName("xn--bcher-kva.test"),
    options: { name: "xn--bcher-kva.test" },
    path: "ok",
  },
  {
    title: "an A-label asked for as U-label",
    changes: leafName("xn--bcher-kva.test"),
    options: { name: "bücher.test" },
    path: "ok",
  },
  {
    title: "an address",
    changes: { leaf: { subjectAltName: san({ type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) } },
    options: { name: "10.0.0.1" },
    path: "ok",
  },
  {
    title: "another address",
    changes: { leaf: { subjectAltName: san({ type: "ip", octets: Uint8Array.of(10, 0, 0, 1) }) } },
    options: { name: "10.0.0.2" },
    path: ["NAME_MISMATCH", "leaf"],
  },
  {
    title: "an address as dNSName",
    changes: leafName("10.0.0.1"),
    options: { name: "10.0.0.1" },
    path: ["NAME_MISMATCH", "leaf"],
    strict: ["MALFORMED", "leaf"],
  },
  {
    title: "a common name in other case",
    changes: { leafParts: { subject: cn("A.test") } },
    path: "ok",
    strict: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },
  {
    title: "a common name that is an address in another form",
    changes: { leafParts: { subject: cn("10.0.0.01") } },
    path: "ok",
    strict: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },
  {
    title: "a common name of another kind",
    changes: { leafParts: { subject: cn("Ann's server") } },
    path: "ok",
    strict: "ok",
    baseline: ["COMMON_NAME_NOT_IN_SAN", "leaf"],
  },
];
