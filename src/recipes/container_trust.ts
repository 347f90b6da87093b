/**
 * How what runs in a container comes to trust the CA beside the public roots.
 *
 * @module
 */

/** What differs between the families of distributions. */
export interface ContainerFamily {
  /** Where the image's own tool looks for anchors. */
  readonly anchor: string;
  /** The bundle that this tool makes: public roots and ours. */
  readonly bundle: string;
}

/** The name of the root in build contexts. */
export const ROOT_FILE = "localtls-root.pem";

/** Debian, Ubuntu and Alpine are alike in this. */
export const DEBIAN_FAMILY: ContainerFamily = {
  anchor: "/usr/local/share/ca-certificates/localtls-root.crt",
  bundle: "/etc/ssl/certs/ca-certificates.crt",
};

/** Fedora, RHEL and UBI. */
export const REDHAT_FAMILY: ContainerFamily = {
  anchor: "/etc/pki/ca-trust/source/anchors/localtls-root.pem",
  bundle: "/etc/pki/tls/certs/ca-bundle.crt",
};

/** Variables that add a root to those that a runtime brings. */
export function addingVariables(root: string): Record<string, string> {
  return { NODE_EXTRA_CA_CERTS: root };
}

/**
 * All variables. Those that replace a client's roots name the bundle of the image's own tool, never our root alone:
 * public servers could not be reached any more.
 */
export function trustVariables({ anchor, bundle }: ContainerFamily): Record<string, string> {
  return {
    ...addingVariables(anchor),
    // Python's requests and pip; OpenSSL's readers, httpx and Go; Deno.
    REQUESTS_CA_BUNDLE: bundle,
    SSL_CERT_FILE: bundle,
    DENO_TLS_CA_STORE: "system,mozilla",
  };
}
