/**
 * A rule of path validation as data: a good chain with one thing changed, and what each profile says.
 *
 * @module
 */

import { type Bytes } from "../../../src/bytes.ts";
import {
  asciiOctets,
  boolean,
  encodeTlv,
  explicit,
  implicit,
  nullValue,
  oid,
  sequence,
} from "../../../src/der/encode.ts";
import { OID } from "../../../src/der/oids.ts";
import type { VerifyPathOptions } from "../../../src/pki/path/options.ts";
import type { PathReasonCode, PathRole } from "../../../src/pki/path/reason.ts";
import { encodeGeneralName } from "../../../src/x509/general_name.ts";
import { encodeName } from "../../../src/x509/name.ts";
import { extension, NONE } from "../craft.ts";
import { type ChainChanges, san, TIME } from "../path_kit.ts";

/** Accepted, or the reason's code and whom it blames. */
export type Expected = "ok" | readonly [PathReasonCode, PathRole];

/** One rule. */
export interface PathRule {
  readonly title: string;
  readonly changes?: ChainChanges;
  readonly options?: Partial<VerifyPathOptions>;
  /** What profile "path" says, and the others where they do not say otherwise. */
  readonly path: Expected;
  readonly strict?: Expected;
  readonly baseline?: Expected;
}

export const CRITICAL = boolean(true);
export const dns = (value: string) => encodeGeneralName({ type: "dns", value });
export const email = (value: string) => encodeGeneralName({ type: "email", value });
export const uri = (value: string) => encodeGeneralName({ type: "uri", value });
export const ip = (...octets: number[]) => implicit(7, Uint8Array.from(octets));
export const directory = (name: Bytes) => explicit(4, name);
export const cn = (value: string) => encodeName([[OID.commonName, value]]);
export const hours = (n: number) => new Date(TIME.getTime() + n * 3_600_000);
export const generalized = (text: string) => encodeTlv(0x18, asciiOctets(text));
export const leafName = (name: string): ChainChanges => ({
  leaf: { subjectAltName: san(name, "a.test") },
});
export const algorithm = (type: string, parameters: Bytes = NONE) => {
  const tlv = sequence(oid(type), parameters);
  return { innerAlgorithm: tlv, outerAlgorithm: tlv };
};
export const unknown = (critical: Bytes) => ({ more: extension("1.2.3.4", nullValue(), critical) });
