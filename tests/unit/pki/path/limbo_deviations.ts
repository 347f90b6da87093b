/**
 * Cases of x509-limbo where verifyPath answers otherwise than the case expects, each with the reason. Reviewed by hand:
 * a case that is not here has to agree.
 *
 * @module
 */

/** How the answer differs. "accepts" is a certificate taken that the case wants refused. */
export interface Deviation {
  readonly kind: "accepts" | "refuses";
  readonly reason: string;
}

/** By the case's id, for the default profile. */
export const LIMBO_DEVIATIONS: Readonly<Record<string, Deviation>> = {
  // Pairs of cases that contradict each other on purpose ("conflicts_with"): one of the two has to differ.
  "rfc5280::nc::permitted-dns-match-noncritical": {
    kind: "accepts",
    reason: "contradicts webpki::nc::permitted-dns-match-noncritical; no client minds " +
      "(measured), and constraints hold whether critical or not",
  },
  "webpki::eku::ee-without-eku": {
    kind: "accepts",
    reason: "contradicts rfc5280::eku::ee-without-eku; every browser takes such certificates, " +
      'and profile "baseline" refuses',
  },
  "rfc5280::ca-as-leaf": {
    kind: "refuses",
    reason: "contradicts webpki::ca-as-leaf; Chromium, Firefox and Deno refuse (measured), and " +
      'profile "path" accepts',
  },
  "pathlen::validation-ignores-pathlen-in-leaf": {
    kind: "refuses",
    reason: "its leaf is a CA, as in rfc5280::ca-as-leaf; the path length itself is not what " +
      'refuses it, and profile "path" accepts',
  },

  // Pairs that contradict each other without saying so.
  "rfc5280::aki::cross-signed-root-missing-aki": {
    kind: "accepts",
    reason: "pedantic by its own feature flag; the anchor of cve::cve-2024-0567, which has to " +
      "be accepted, has the same form",
  },
  "webpki::cn::not-in-san": {
    kind: "accepts",
    reason:
      "webpki::san::leftmost-wildcard-san, webpki::san::exact-localhost-ip-san and others have " +
      "a common name outside the alternative names too and have to be accepted; no client reads " +
      'it, and profile "baseline" refuses',
  },

  // The public suffix list changes every week, and a binary that is never updated would have an old one.
  "webpki::san::public-suffix-multi-label-wildcard-san": {
    kind: "accepts",
    reason: "pedantic by its own feature flag; needs the public suffix list, which changes weekly",
  },
  "webpki::san::public-suffix-private-namespace-wildcard-san": {
    kind: "accepts",
    reason: "pedantic by its own feature flag; needs the private part of the public suffix list, " +
      "which browsers leave out as well",
  },
};

/** What each deviation is in another profile: none is an oversight that no setting mends. */
export const AGREES_IN_PROFILE: Readonly<Record<string, "path" | "baseline">> = {
  "webpki::eku::ee-without-eku": "baseline",
  "webpki::cn::not-in-san": "baseline",
  "rfc5280::ca-as-leaf": "path",
  "pathlen::validation-ignores-pathlen-in-leaf": "path",
};
