/**
 * The tables of an NSS database (sql: format), as NSS itself creates them.
 *
 * @module
 */

/** File names inside a database directory. */
export const CERTIFICATE_FILE = "cert9.db";
export const KEY_FILE = "key4.db";
/** The list of PKCS#11 modules that NSS writes when it first opens a directory. */
export const MODULE_FILE = "pkcs11.txt";
/** What NSS kept its data in before cert9.db and key4.db (Berkeley DB). */
export const LEGACY_FILES: readonly string[] = ["cert8.db", "key3.db"];

/** The attribute columns of NSS 3.87, in its order. Later versions add their own to an existing table. */
const COLUMNS =
  `a0 a1 a2 a3 a10 a11 a12 a80 a81 a82 a83 a84 a85 a86 a87 a88 a89 a8a a8b a90 a100 a101
a102 a103 a104 a105 a106 a107 a108 a109 a10a a10b a10c a110 a111 a120 a121 a122 a123 a124 a125 a126
a127 a128 a129 a130 a131 a132 a133 a134 a160 a161 a162 a163 a164 a165 a166 a170 a180 a181 a200 a201
a202 a210 a300 a301 a302 a400 a401 a402 a403 a404 a405 a406 a480 a481 a482 a500 a501 a502 a503
a40000211 a40000212 a80000001 ace534351 ace534352 ace534353 ace534354 ace534355 ace534356 ace534357
ace534358 ace534364 ace534365 ace534366 ace534367 ace534368 ace534369 ace534373 ace534374 ace536351
ace536352 ace536353 ace536354 ace536355 ace536356 ace536357 ace536358 ace536359 ace53635a ace53635b
ace53635c ace53635d ace53635e ace53635f ace536360 ace5363b4 ace5363b5 ad5a0db00`;

/** Index name and column, in both object tables. */
const INDEXES = [["issuer", "a81"], ["subject", "a101"], ["label", "a3"], [
  "ckaid",
  "a102",
]] as const;

/** Statements that make the table of objects in an empty file: nssPublic in cert9.db, nssPrivate in key4.db. */
export function createStatements(table: "nssPublic" | "nssPrivate"): string[] {
  const columns = COLUMNS.split(/\s/).join(", ");
  return [
    `CREATE TABLE ${table} (id PRIMARY KEY UNIQUE ON CONFLICT ABORT, ${columns})`,
    ...INDEXES.map(([name, column]) => `CREATE INDEX ${name} ON ${table} (${column})`),
  ];
}

/** Statement that makes the table of the password and the signatures in key4.db. */
export const CREATE_META_DATA =
  "CREATE TABLE metaData (id PRIMARY KEY UNIQUE ON CONFLICT REPLACE, item1, item2)";
