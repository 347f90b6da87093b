/**
 * Certificates with their place among those that were given.
 *
 * @module
 */

import type { Bytes } from "../../bytes.ts";
import type { PathCertificate } from "./path_certificate.ts";
import type { Fault, PathRole } from "./reason.ts";

/** Which certificate something is said about. */
export interface NodeLabel {
  readonly role: PathRole;
  readonly index: number;
  readonly der: Bytes;
  /** Name TLV. */
  readonly subject: Bytes | undefined;
}

/** A certificate and where it comes from. */
export interface PathNode extends NodeLabel {
  readonly read: PathCertificate;
}

/** A certificate that has a name and is malformed: it can be no issuer, and may be the reason for having none. */
export interface BrokenNode extends NodeLabel {
  readonly subjectKey: string;
  readonly fault: Fault;
}

/** A fault and whose it is. */
export interface NodeFault {
  readonly node: NodeLabel;
  readonly fault: Fault;
}
