/**
 * Two machines: one has the CA, serves, and shares its root; the others have no localtls, files of their own, and a
 * person who may use sudo. What that person is told to do is what is done here.
 */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { missingChromium, startChromium } from "../support/chromium.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { once } from "../support/once.ts";
import { asAccount, makeAccount, withOwnFiles } from "../support/own_files.ts";
import { findProgram, type ProcessResult } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";
import { startServing } from "../support/serving.ts";

const SERVER = "172.16.99.32";
const SITE = `https://${SERVER}:8443/`;
const PAGE = `http://${SERVER}:8088/`;
const TEST_PAGE = `https://${SERVER}:8089/`;
const LIMIT = { timeout: 180_000 };
const REFUSED = "net::ERR_CERT_AUTHORITY_INVALID";

const home = freshHome();
let network: TestNetwork<"owner" | "bea" | "cem" | "dan"> | undefined;

async function own(...args: string[]) {
  const result = await localtls(args, { env: { HOME: home }, cwd: home });
  assert.equal(result.code, 0, result.stdout + result.stderr);
  return result;
}

const prepared = once(async () => {
  network = await createNetwork({
    owner: SERVER,
    bea: "172.16.99.40",
    cem: "172.16.99.41",
    dan: "172.16.99.42",
  });
  const { owner, bea, cem, dan } = network.hosts;
  // Before the owner trusts the CA: what the owner's machine trusts is not theirs.
  const people = {
    bea: await meet("bea", await withOwnFiles(bea)),
    cem: await meet("cem", await withOwnFiles(cem)),
    dan: await meet("dan", await withOwnFiles(dan)),
  };
  await own("setup", SERVER, "--out", home, "--yes");
  const site = join(home, "site");
  mkdirSync(site);
  writeFileSync(join(site, "index.html"), "<p>here</p>");
  await startServing({ home, work: home }, ["serve", site, "--host", SERVER], owner);
  owner.spawn([LOCALTLS, "share", "--serve"], { env: { HOME: home }, cwd: home });
  await owner.listening(8089);
  return { owner, people };
});

after(async () => {
  await network?.close();
});

/** Somebody at a machine of their own. */
interface Person {
  readonly home: string;
  /** The machine, where everything runs as that account. */
  readonly session: NetworkHost;
  /** Runs a program as that account. */
  run(...argv: string[]): Promise<ProcessResult>;
}

async function meet(name: string, host: NetworkHost): Promise<Person> {
  const home = await makeAccount(name);
  const env = { HOME: home, USER: name, PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  const session: NetworkHost = {
    ...host,
    exec: (argv, options) => host.exec([...asAccount(name), ...argv], options),
    spawn: (argv, options) => host.spawn([...asAccount(name), ...argv], options),
  };
  const run: Person["run"] = (...argv) =>
    session.exec(argv, { env, cwd: home, timeoutMs: 120_000 });
  assert.notEqual((await run("sh", "-c", "command -v localtls")).code, 0, "localtls is there");
  return { home, session, run };
}

/** What curl says; 60 is CURLE_PEER_FAILED_VERIFICATION. */
const curl = async ({ run }: Person, url: string) => (await run("curl", "-sS", url)).code;

let profiles = 0;

/** What Chromium says of the server, and of the page of share with its own test. */
async function browse({ home, session }: Person) {
  const flags = [`--user-data-dir=${join(home, `profile-${profiles++}`)}`];
  const chromium = await startChromium({ home, host: session, flags });
  try {
    const { errorText } = await chromium.open(SITE);
    const test = await chromium.open(TEST_PAGE);
    const until = /trusted on this device|not trusted yet/;
    const { text } = await chromium.open(PAGE, { until });
    return { site: errorText, test: test.errorText, word: until.exec(text)![0] };
  } finally {
    await chromium.close();
  }
}

/** Firefox keeps its profile, as its person starts it. Undefined where it opens the server. */
async function firefoxSays({ home, session }: Person): Promise<string | undefined> {
  if (missingFirefox()) return missingFirefox() || undefined;
  const firefox = await startFirefox({ home, host: session });
  try {
    const { errorText, text } = await firefox.open(SITE);
    assert.equal(errorText === undefined, text.trim() === "here", text);
    return errorText;
  } finally {
    await firefox.close();
  }
}

async function assertRefused(person: Person): Promise<void> {
  assert.equal(await curl(person, SITE), 60);
  assert.equal(await curl(person, TEST_PAGE), 60);
  if (missingChromium()) return;
  assert.deepEqual(await browse(person), { site: REFUSED, test: REFUSED, word: "not trusted yet" });
}

async function assertAccepted(person: Person): Promise<void> {
  assert.equal(await curl(person, SITE), 0);
  assert.equal(await curl(person, TEST_PAGE), 0);
  if (missingChromium()) return;
  assert.deepEqual(await browse(person), {
    site: undefined,
    test: undefined,
    word: "trusted on this device",
  });
}

async function succeed(person: Person, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await person.run(...argv);
  assert.equal(code, 0, `${argv.join(" ")}: ${stdout}${stderr}`);
  return stdout + stderr;
}

/** The commands that the page shows somebody with Linux. */
async function commandsOfPage(person: Person): Promise<string[]> {
  const html = await succeed(person, "curl", "-sS", "-A", "Mozilla/5.0 (X11; Linux x86_64)", PAGE);
  const own = /<section aria-labelledby="own">([^]*?)<\/section>/.exec(html)?.[1] ?? "";
  assert.match(own, /On this device: Linux/);
  const plain = (text: string) =>
    text.replaceAll(/<\/?span>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll(
      "&amp;",
      "&",
    );
  return [...own.matchAll(/<pre><code>(.*?)<\/code>/g)].map(([, text]) => plain(text!));
}

/** Does what the page says up to the comparison, with what the owner tells over another way. */
async function fetchAndCompare(person: Person): Promise<readonly string[]> {
  const commands = await commandsOfPage(person);
  const fetchRoot = commands.find((each) => each.includes("openssl x509"));
  assert.ok(fetchRoot, `${commands}`);
  const shown = /[0-9A-F]{2}(?::[0-9A-F]{2}){31}/.exec(
    await succeed(person, "sh", "-c", fetchRoot),
  );
  const { ca } = (await own("ca", "show", "--json")).json();
  assert.equal(shown?.[0].replaceAll(":", "").toLowerCase(), ca.sha256);
  return commands;
}

/** Nothing in a person's home is root's. */
async function assertOwner(person: Person, name: string): Promise<void> {
  assert.match(await succeed(person, "find", ".", "-user", name), /pki\/nssdb\/cert9\.db/);
  assert.equal(
    await succeed(person, "find", ".", "!", "-user", name, "!", "-name", "stick.zip"),
    "",
  );
}

const SUDO = findProgram("sudo") === undefined && "sudo is not installed";
const CERTUTIL = findProgram("certutil") === undefined && "certutil is not installed";

describe("another machine, without localtls", { skip: SUDO || CERTUTIL }, () => {
  const unknownIssuer = missingFirefox() || "SEC_ERROR_UNKNOWN_ISSUER";

  test("install.sh from the page: refused, accepted, refused again", LIMIT, async () => {
    const { bea } = (await prepared()).people;
    await assertRefused(bea);
    assert.equal(await firefoxSays(bea), unknownIssuer);
    await fetchAndCompare(bea);
    for (const name of ["install.sh", "uninstall.sh"]) {
      await succeed(bea, "curl", "-fsSO", PAGE + name);
    }
    const { code, stderr } = await bea.run("sh", "install.sh");
    assert.equal(code, 1);
    assert.match(stderr, /nobody to ask/);
    assert.equal(await curl(bea, SITE), 60);
    await succeed(bea, "sh", "install.sh", "--yes");
    await assertAccepted(bea);
    if (!missingFirefox()) assert.equal(await firefoxSays(bea), undefined);
    assert.match(await succeed(bea, "sh", "install.sh"), /trusted already/);
    await assertOwner(bea, "bea");
    await succeed(bea, "sh", "uninstall.sh");
    await assertRefused(bea);
    assert.equal(await firefoxSays(bea), unknownIssuer);
    assert.match(await succeed(bea, "sh", "uninstall.sh"), /not trusted here/);
  });

  test("the archive, as root for its person: refused, accepted, refused again", LIMIT, async () => {
    const { cem } = (await prepared()).people;
    await own("share", "--out", "stick.zip");
    copyFileSync(join(home, "stick.zip"), join(cem.home, "stick.zip"));
    await assertRefused(cem);
    await succeed(cem, "python3", "-m", "zipfile", "-e", "stick.zip", ".");
    const directory = (await succeed(cem, "sh", "-c", "echo localtls-*/")).trim();
    await succeed(cem, "sh", "-c", `cd ${directory} && sha256sum -c SHA256SUMS`);
    await succeed(cem, "sudo", "sh", `${directory}install.sh`, "--yes");
    await assertAccepted(cem);
    await assertOwner(cem, "cem");
    await succeed(cem, "sudo", "sh", `${directory}uninstall.sh`);
    await assertRefused(cem);
  });

  test("the page's own command: curl accepts, Chromium does not yet", LIMIT, async () => {
    const { dan } = (await prepared()).people;
    assert.equal(await curl(dan, SITE), 60);
    const install = (await fetchAndCompare(dan)).find((each) => each.includes("sudo install"));
    assert.ok(install);
    await succeed(dan, "sh", "-c", install);
    assert.equal(await curl(dan, SITE), 0);
    assert.equal(await curl(dan, TEST_PAGE), 0);
    if (!missingChromium()) assert.equal((await browse(dan)).site, REFUSED);
    // Nobody else's machine has changed.
    assert.equal(await curl((await prepared()).people.bea, SITE), 60);
  });
});
