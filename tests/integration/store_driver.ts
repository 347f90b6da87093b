/**
 * Started by store_machine.ts as another user: `store_driver.ts add|remove|state KINDS FILE`, answers with
 * the results as JSON.
 *
 * @module
 */

import process from "node:process";
import { readStates } from "../../src/truststore/change.ts";
import { parseStoreKinds } from "../../src/truststore/families.ts";
import { change, findStores, readAnchor } from "./store_machine.ts";

const [what = "", kinds = "", file = ""] = process.argv.slice(2);
const stores = await findStores(parseStoreKinds(kinds));
const anchor = await readAnchor(file);
const results = what === "add" || what === "remove"
  ? (await change(what, stores, anchor)).results
  : await readStates(stores, anchor);
// deno-lint-ignore no-console -- its answer
console.log(JSON.stringify(results));
