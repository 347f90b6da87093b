/**
 * The table of Linux system stores that work alike: a directory for anchors, a tool that builds from it
 * what clients read, and the bundles that it builds. A distribution is a row, not code.
 *
 * @module
 */

/** A row of the table. */
export interface LinuxSystem {
  readonly id: string;
  /** Values of ID and ID_LIKE in os-release that this row is meant for; they break ties only. */
  readonly osIds: readonly string[];
  /** The tool that must be there. */
  readonly tool: string;
  /** One of these must be there as well: the tool's name alone does not tell Debian from openSUSE. */
  readonly evidence: readonly string[];
  /** Where an administrator's own anchors go. */
  readonly anchorDirectory: string;
  /** Of the anchor file; some tools read no other. */
  readonly extension: ".crt" | ".pem";
  /** After an anchor file was added. */
  readonly refreshAdded: readonly string[];
  /** After one was removed, or when what is built is not what it should be. */
  readonly refreshRebuild: readonly string[];
  /** What clients read; the first that exists is read back. */
  readonly bundles: readonly string[];
  /** The directory of OpenSSL's links by subject hash, where the tool makes them. */
  readonly hashDirectory?: string;
  /** The tool (p11-kit) puts nothing but CAs into the bundles: a trusted end-entity certificate is lost. */
  readonly onlyCas?: true;
}

/** Most specific evidence first. */
export const LINUX_SYSTEMS: readonly LinuxSystem[] = [
  {
    id: "redhat",
    osIds: ["fedora", "rhel", "centos", "amzn", "azurelinux", "mariner"],
    tool: "update-ca-trust",
    evidence: ["/etc/pki/ca-trust/source/anchors", "/etc/pki/ca-trust/source"],
    anchorDirectory: "/etc/pki/ca-trust/source/anchors",
    extension: ".pem",
    refreshAdded: ["update-ca-trust", "extract"],
    refreshRebuild: ["update-ca-trust", "extract"],
    // The second is a link to the first, and is going away in Fedora.
    bundles: [
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
      "/etc/pki/tls/certs/ca-bundle.crt",
    ],
    onlyCas: true,
  },
  {
    id: "suse",
    osIds: ["suse", "opensuse", "sles"],
    tool: "update-ca-certificates",
    evidence: ["/etc/pki/trust/anchors", "/etc/pki/trust"],
    anchorDirectory: "/etc/pki/trust/anchors",
    extension: ".pem",
    refreshAdded: ["update-ca-certificates"],
    refreshRebuild: ["update-ca-certificates"],
    bundles: ["/var/lib/ca-certificates/ca-bundle.pem", "/etc/ssl/ca-bundle.pem"],
    onlyCas: true,
  },
  {
    id: "arch",
    osIds: ["arch"],
    tool: "trust",
    evidence: ["/etc/ca-certificates/trust-source/anchors", "/etc/ca-certificates/trust-source"],
    anchorDirectory: "/etc/ca-certificates/trust-source/anchors",
    extension: ".crt",
    refreshAdded: ["trust", "extract-compat"],
    refreshRebuild: ["trust", "extract-compat"],
    bundles: [
      "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
      "/etc/ssl/certs/ca-certificates.crt",
    ],
    onlyCas: true,
  },
  {
    // Alpine's tool is another program with the same name, directories and results.
    id: "debian",
    osIds: ["debian", "ubuntu", "alpine"],
    tool: "update-ca-certificates",
    evidence: ["/usr/local/share/ca-certificates", "/etc/ca-certificates.conf"],
    anchorDirectory: "/usr/local/share/ca-certificates",
    extension: ".crt",
    refreshAdded: ["update-ca-certificates"],
    // Without --fresh a removed anchor's links stay, and links that are missing are not made.
    refreshRebuild: ["update-ca-certificates", "--fresh"],
    bundles: ["/etc/ssl/certs/ca-certificates.crt"],
    hashDirectory: "/etc/ssl/certs",
  },
];

/**
 * Bundles that a machine without any tool may have: Alpine without its ca-certificates package, images
 * that were given a bundle and nothing else.
 */
export const BARE_BUNDLES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** How the missing package is installed, by os-release ID; for hints. */
export const INSTALL_COMMANDS: readonly {
  readonly osIds: readonly string[];
  readonly command: readonly string[];
}[] = [
  { osIds: ["debian", "ubuntu"], command: ["apt-get", "install", "ca-certificates"] },
  { osIds: ["alpine"], command: ["apk", "add", "ca-certificates"] },
  { osIds: ["fedora", "rhel", "centos", "amzn"], command: ["dnf", "install", "ca-certificates"] },
  { osIds: ["arch"], command: ["pacman", "-S", "ca-certificates"] },
  { osIds: ["suse", "opensuse", "sles"], command: ["zypper", "install", "ca-certificates"] },
];
