/**
 * How the systems of systems.ts look from outside: what their own tool, which cannot be run, would have made besides the
 * anchor file. A distribution is a row, not code.
 *
 * @module
 */

import type { OsRelease } from "../system/os_release.ts";
import { LINUX_SYSTEMS, type LinuxSystem } from "../system/systems.ts";

/** A row of the table. */
export interface ImageLayout {
  readonly id: string;
  /** Values of ID and ID_LIKE in os-release. */
  readonly osIds: readonly string[];
  /** One of these is enough to take an image that does not say what it is for one of this row. */
  readonly evidence: readonly string[];
  /** Where the image's own tool looks for anchors; undefined where none is known. */
  readonly anchorDirectory: string | undefined;
  /** Of the anchor file. */
  readonly extension: string;
  /** The bundle that is made where the image has none. */
  readonly bundle: string;
  /** The other names that the distribution's package gives that bundle, as links. */
  readonly bundleLinks: readonly string[];
  /** OpenSSL's links by subject hash: made here, also where the directory is not there yet. */
  readonly hashDirectory: string | undefined;
  /** The same, only where the directory is there: not every release has it. */
  readonly otherHashDirectories: readonly string[];
  /** Before the name of the link from the hash directory to the anchor file. */
  readonly linkPrefix: string;
  /** The image's own tool puts nothing but CAs into the bundles. */
  readonly onlyCas: boolean;
}

/** Alpine's is a row of its own here: the same directories, and other names for the links. */
const ALPINE = "alpine";

const HERE: Readonly<
  Record<string, Partial<ImageLayout> & Pick<ImageLayout, "bundleLinks">>
> = {
  redhat: {
    bundleLinks: ["/etc/pki/tls/certs/ca-bundle.crt", "/etc/pki/tls/cert.pem"],
    otherHashDirectories: ["/etc/pki/ca-trust/extracted/pem/directory-hash"],
  },
  suse: {
    bundleLinks: ["/etc/ssl/ca-bundle.pem"],
    otherHashDirectories: ["/var/lib/ca-certificates/openssl", "/var/lib/ca-certificates/pem"],
  },
  arch: {
    bundleLinks: ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem"],
    otherHashDirectories: ["/etc/ca-certificates/extracted/cadir", "/etc/ssl/certs"],
  },
  debian: { bundleLinks: [] },
};

function rowOf(system: LinuxSystem): ImageLayout {
  return {
    id: system.id,
    osIds: system.osIds.filter((id) => id !== ALPINE),
    evidence: system.evidence,
    anchorDirectory: system.anchorDirectory,
    extension: system.extension,
    bundle: system.bundles[0]!,
    hashDirectory: system.hashDirectory,
    otherHashDirectories: [],
    linkPrefix: "",
    onlyCas: system.onlyCas === true,
    ...HERE[system.id]!,
  };
}

/** In the order of systems.ts: most specific evidence first. */
export const IMAGE_LAYOUTS: readonly ImageLayout[] = LINUX_SYSTEMS.flatMap((system) => {
  const row = rowOf(system);
  if (row.id !== "debian") return [row];
  const alpine: ImageLayout = {
    ...row,
    id: ALPINE,
    osIds: [ALPINE],
    evidence: ["/etc/alpine-release"],
    bundleLinks: ["/etc/ssl/cert.pem"],
    linkPrefix: "ca-cert-",
  };
  return [alpine, row];
});

/** An image of no known distribution: distroless, busybox, one program and a bundle. */
export const PLAIN_LAYOUT: ImageLayout = {
  id: "plain",
  osIds: [],
  evidence: [],
  anchorDirectory: undefined,
  extension: ".crt",
  bundle: "/etc/ssl/certs/ca-certificates.crt",
  bundleLinks: [],
  hashDirectory: "/etc/ssl/certs",
  otherHashDirectories: [],
  linkPrefix: "",
  onlyCas: false,
};

/**
 * Every place where some client looks for a bundle: the lists of Go (crypto/x509, root_linux.go), curl's configure and
 * OpenSSL's directories, and what Red Hat's and Arch's tools make. Whichever the image has is kept complete.
 */
export const CLIENT_BUNDLES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/tls/cert.pem",
  "/etc/pki/tls/cacert.pem",
  "/var/lib/ca-certificates/ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ca-certificates/extracted/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/etc/ssl/certs/ca-bundle.crt",
  "/usr/lib/ssl/cert.pem",
  "/usr/local/share/certs/ca-root-nss.crt",
];

/**
 * What only the image's own tool can bring up to date, each in a format of its own; nothing reads them unless it is told to
 * (OpenSSL's trusted certificates; roots for UEFI firmware).
 */
export const LEFT_ALONE: readonly string[] = [
  "/etc/pki/ca-trust/extracted/openssl/ca-bundle.trust.crt",
  "/etc/pki/ca-trust/extracted/edk2/cacerts.bin",
  "/etc/ca-certificates/extracted/ca-bundle.trust.crt",
  "/etc/ca-certificates/extracted/edk2-cacerts.bin",
];

/**
 * The row of an image: what it says it is, where its directories agree; else its directories; else what it says.
 *
 * @param there Whether something stands at a path.
 */
export async function chooseLayout(
  os: OsRelease,
  there: (path: string) => Promise<boolean>,
): Promise<ImageLayout> {
  const fitting: ImageLayout[] = [];
  for (const layout of IMAGE_LAYOUTS) {
    for (const path of layout.evidence) {
      if (!await there(path)) continue;
      fitting.push(layout);
      break;
    }
  }
  const named = [os.id, ...os.idLike]
    .map((id) => IMAGE_LAYOUTS.find(({ osIds }) => isNamed(osIds, id)))
    .find((layout) => layout !== undefined);
  if (named !== undefined && (fitting.length === 0 || fitting.includes(named))) return named;
  return fitting[0] ?? PLAIN_LAYOUT;
}

/** openSUSE's IDs carry its edition: "opensuse-tumbleweed", "opensuse-leap". */
function isNamed(osIds: readonly string[], id: string): boolean {
  return osIds.includes(id) || osIds.includes(id.split("-")[0]!);
}
