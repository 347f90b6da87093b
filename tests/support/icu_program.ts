/** Says in hashes and words what this runtime makes of Unicode and languages: tests/integration/icu_data_test.ts. */

import { createHash } from "node:crypto";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

const characters: string[] = [];
for (let code = 0; code < 0x11_0000; code++) {
  if (code < 0xd800 || code > 0xdfff) characters.push(String.fromCodePoint(code));
}
const everything = characters.join("");
const letters = characters.filter((each) => /\p{L}|\p{N}/u.test(each));
const latin = letters.filter((each) => each < "\u0250");
const collator = new Intl.Collator("en", { numeric: true });
const octets = Uint8Array.from({ length: 256 }, (_, index) => index);

/** For localtls: what it asks ICU for, or may. */
const asked = {
  nfc: sha256(everything.normalize("NFC")),
  nfd: sha256(everything.normalize("NFD")),
  nfkc: sha256(everything.normalize("NFKC")),
  lower: sha256(everything.toLowerCase()),
  upper: sha256(everything.toUpperCase()),
  letters: sha256(letters.join("")),
  sorted: sha256([...latin, "file10", "file9", "File1"].sort(collator.compare).join("")),
  byDefault: sha256([...latin].sort((one, other) => one.localeCompare(other, "en")).join("")),
  latin1: sha256(new TextDecoder("latin1").decode(octets)),
  utf16: sha256(new TextDecoder("utf-16le").decode(octets)),
  host: new URL("https://MÜNCHEN.faß.example/").host,
  date: new Intl.DateTimeFormat("en", { dateStyle: "full", timeZone: "Asia/Tokyo" }).format(0),
  local: new Date(0).toString(),
};

/** For nobody. */
const german = new Intl.DateTimeFormat("de", { dateStyle: "full", timeZone: "UTC" }).format(0);

console.log(JSON.stringify({ asked, german }));
