/**
 * The page of share in real browsers: it works under its own content security policy, and its test says what is so on
 * the device, before the root is trusted and after.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import type { Browser } from "../support/browser.ts";
import { type Chromium, missingChromium, startChromium } from "../support/chromium.ts";
import { missingFirefox, startFirefox } from "../support/firefox.ts";
import { LOCALTLS, localtls } from "../support/localtls.ts";
import { createNetwork, type NetworkHost, type TestNetwork } from "../support/netns.ts";
import { missingNginx, startNginx } from "../support/nginx.ts";
import { once } from "../support/once.ts";
import { freshHome } from "../support/sandbox.ts";

const ADDRESS = "172.16.99.32";
const PAGE = `http://${ADDRESS}:8088/`;
const LIMIT = { timeout: 120_000 };
const DONE = /trusted on this device|not trusted yet/;

const home = freshHome();
let network: TestNetwork<"server" | "phone"> | undefined;

async function run(...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await localtls(args, { env: { HOME: home }, cwd: home });
  assert.equal(code, 0, stdout + stderr);
}

const prepared = once(async () => {
  network = await createNetwork({ server: ADDRESS, phone: "172.16.99.40" });
  const { server } = network.hosts;
  await run("cert", ADDRESS, "--cert-file", join(home, "c.pem"), "--key-file", join(home, "k.pem"));
  const block = `server {
    listen ${ADDRESS}:1043 ssl;
    ssl_certificate ${join(home, "c.pem")};
    ssl_certificate_key ${join(home, "k.pem")};
    location / { return 200 "here"; }
}`;
  await startNginx(server, block, [1043]);
  const test = ["--test", `https://${ADDRESS}:1043/`];
  // Without an address: that of the machine on its LAN.
  server.spawn([LOCALTLS, "share", "--serve", ...test], { env: { HOME: home }, cwd: home });
  await server.listening(8088);
  return network.hosts;
});

after(async () => {
  await network?.close();
});

interface BrowserKind {
  readonly name: string;
  readonly missing: string | false;
  start(context: { readonly home: string; readonly host: NetworkHost }): Promise<Browser>;
}

const BROWSERS: readonly BrowserKind[] = [
  { name: "Chromium", missing: missingChromium(), start: startChromium },
  { name: "Firefox", missing: missingFirefox(), start: startFirefox },
];

async function open({ start }: BrowserKind): Promise<string> {
  const { phone } = await prepared();
  const browser = await start({ home, host: phone });
  try {
    const page = await browser.open(PAGE, { until: DONE });
    assert.equal(page.errorText, undefined);
    assert.ok(
      !page.console.some((line) => /Content Security Policy/i.test(line)),
      `${page.console}`,
    );
    return page.text;
  } finally {
    await browser.close();
  }
}

const VIEWS = [390, 1200].flatMap((width) =>
  (["light", "dark"] as const).flatMap((scheme) =>
    ["en", "zh"].map((language) => ({ width, scheme, language }))
  )
);

const readAxe = () => readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

async function violations(chromium: Chromium): Promise<string[]> {
  await chromium.command("Runtime.evaluate", { expression: readAxe() });
  const { result } = await chromium.command("Runtime.evaluate", {
    expression: "axe.run().then(({ violations }) => JSON.stringify(violations))",
    awaitPromise: true,
    returnByValue: true,
  });
  const found: Violation[] = JSON.parse(result.value);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

describe("the page of share for everybody", () => {
  test("axe finds nothing, on phones and desktops, light and dark, in both languages", {
    ...LIMIT,
    skip: missingChromium() || missingNginx(),
  }, async () => {
    const { phone } = await prepared();
    const chromium = await startChromium({ home, host: phone });
    try {
      for (const { width, scheme, language } of VIEWS) {
        const { text } = await chromium.open(`${PAGE}?lang=${language}`);
        assert.match(text, language === "zh" ? /请先核对指纹/ : /Compare first/);
        await chromium.command("Emulation.setDeviceMetricsOverride", {
          width,
          height: 900,
          deviceScaleFactor: 1,
          mobile: width < 500,
        });
        await chromium.command("Emulation.setEmulatedMedia", {
          features: [{ name: "prefers-color-scheme", value: scheme }],
        });
        // What is folded is looked at as well.
        const opened = "for (const one of document.querySelectorAll('details')) one.open = true;" +
          "document.documentElement.scrollWidth";
        const { result } = await chromium.command("Runtime.evaluate", { expression: opened });
        const where = `${width} ${scheme} ${language}`;
        assert.ok(result.value <= width, `${where}: ${result.value} wide`);
        const shots = process.env.LOCALTLS_SCREENSHOTS;
        if (shots !== undefined) {
          await chromium.screenshot(join(shots, `${where.replaceAll(" ", "-")}.png`));
        }
        assert.deepEqual(await violations(chromium), [], where);
      }
      // The judge itself: it has to find what is wrong.
      const spoil = "document.documentElement.removeAttribute('lang')";
      await chromium.command("Runtime.evaluate", { expression: spoil });
      assert.match((await violations(chromium)).join("\n"), /html-has-lang/);
    } finally {
      await chromium.close();
    }
  });
});

describe("the page of share", () => {
  for (const kind of BROWSERS) {
    const skip = kind.missing || missingNginx();
    test(`in ${kind.name}: not trusted yet, then trusted`, { ...LIMIT, skip }, async () => {
      await prepared();
      assert.match(await open(kind), /not trusted yet/);
      await run("trust", "--yes");
      assert.match(await open(kind), /trusted on this device/);
      await run("uninstall", "--yes");
      assert.match(await open(kind), /not trusted yet/);
    });
  }
});
