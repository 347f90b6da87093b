/**
 * An Apple configuration profile that makes Macs, iPhones and iPads trust a root certificate (Apple, Device
 * Management: TopLevel, CertificateRoot).
 *
 * @module
 */

import { escapeInvisible } from "../input_text.ts";

/** What the profile is made of. */
export interface ProfileOptions {
  /** The certificate, base64 of its DER. */
  readonly base64: string;
  /** SHA-256 of its DER, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
  /** Its readable name: what the device shows before anything is installed. */
  readonly name: string;
}

/**
 * Writes the profile as a property list in XML. Equal certificates give equal profiles, and one that is installed again
 * takes the place of the first: the identifiers come from the fingerprint.
 *
 * Not signed: whoever distributes it signs it with a key that the devices know already, or an MDM server does.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const profile = configurationProfile({ base64: "MAA=", sha256: "0f".repeat(32), name: "A & B" });
 * assert.match(profile, /<string>A &amp; B<\/string>/);
 * assert.match(profile, /<string>com\.apple\.security\.root<\/string>/);
 * ```
 */
export function configurationProfile({ base64, sha256, name }: ProfileOptions): string {
  const id = `localtls.root.${sha256.slice(0, 16)}`;
  const display = escapeInvisible(escapeXml(name));
  const data = base64.replaceAll(/.{1,64}/g, "\t\t\t$&\n").trimEnd();
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadCertificateFileName</key>
			<string>root.cer</string>
			<key>PayloadContent</key>
			<data>
${data}
			</data>
			<key>PayloadDescription</key>
			<string>The root certificate. SHA-256: ${sha256}</string>
			<key>PayloadDisplayName</key>
			<string>${display}</string>
			<key>PayloadIdentifier</key>
			<string>${id}.certificate</string>
			<key>PayloadType</key>
			<string>com.apple.security.root</string>
			<key>PayloadUUID</key>
			<string>${uuidOf(sha256.slice(32, 64))}</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadDescription</key>
	<string>Makes this device trust servers with certificates of "${display}".</string>
	<key>PayloadDisplayName</key>
	<string>${display}</string>
	<key>PayloadIdentifier</key>
	<string>${id}</string>
	<key>PayloadOrganization</key>
	<string>localtls</string>
	<key>PayloadRemovalDisallowed</key>
	<false/>
	<key>PayloadScope</key>
	<string>System</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>${uuidOf(sha256.slice(0, 32))}</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
`;
}

/** A UUID of 32 hexadecimal digits that mean something: version 8, whose bits are free (RFC 9562, 5.8). */
function uuidOf(hex: string): string {
  const variant = "89ab"[parseInt(hex[16] ?? "0", 16) & 3]!;
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase();
}

/** Text between tags; control characters cannot stand in XML 1.0 at all. */
function escapeXml(text: string): string {
  return text
    // deno-lint-ignore no-control-regex
    .replaceAll(/[\u0000-\u001f\ufffe\uffff]/g, " ")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
