/** A key and a file: the least that `cert` can do. `key_and_file PATH`. */

import { writeFileSync } from "node:fs";
import process from "node:process";

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
writeFileSync(process.argv[2]!, key, { mode: 0o600 });
