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
import { waitFor } from "../support/processes.ts";
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

const SYSTEMS = [
  [
    "iPhone and iPad",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
  ],
  ["Android", "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/156.0 Mobile"],
  ["Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0"],
  ["Mac", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0"],
  ["Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"],
] as const;

interface View {
  readonly width: number;
  readonly scheme: "light" | "dark";
  /** Accept-Language. */
  readonly language: string;
  readonly system: string;
  readonly userAgent: string;
}

/** Each look with one system after the other: the systems differ only in what comes first. */
const VIEWS: readonly View[] = [390, 1280].flatMap((width) =>
  (["light", "dark"] as const).flatMap((scheme) =>
    ["en", "zh-CN,zh;q=0.9"].map((language) => ({ width, scheme, language }))
  )
).map((look, i) => {
  const [system, userAgent] = SYSTEMS[i % SYSTEMS.length]!;
  return { ...look, system, userAgent };
});

/** Opens it as that visitor would have it, with all that is folded. @returns What stands there. */
async function openAs(chromium: Chromium, url: string, view: View): Promise<string> {
  const { width, scheme, language, userAgent } = view;
  const evaluate = async (expression: string) =>
    (await chromium.command("Runtime.evaluate", { expression })).result.value;
  const resize = (height: number) =>
    chromium.command("Emulation.setDeviceMetricsOverride", {
      width,
      height,
      deviceScaleFactor: 1,
      mobile: width < 500,
    });
  await chromium.open("about:blank");
  await chromium.command("Emulation.setUserAgentOverride", {
    userAgent,
    acceptLanguage: language,
  });
  await chromium.command("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: scheme }],
  });
  await resize(900);
  await chromium.command("Page.navigate", { url });
  const settled = `location.href === ${JSON.stringify(url)} && document.readyState === "complete" &&
    document.getElementById("result")?.textContent !== ""`;
  await waitFor(url, () => evaluate(settled), 20_000);
  await evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
  const name = `${
    new URL(url).protocol.slice(0, -1)
  } ${width} ${scheme} ${language} ${view.system}`;
  const wide = await evaluate("document.documentElement.scrollWidth");
  assert.ok(wide <= width, `${name}: ${wide} wide`);
  const shots = process.env.LOCALTLS_SCREENSHOTS;
  if (shots !== undefined) {
    await resize(await evaluate("document.documentElement.scrollHeight"));
    await chromium.screenshot(join(shots, `${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.png`));
  }
  return await evaluate("document.body.innerText");
}

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
    const { server, phone } = await prepared();
    // With a test of its own, at the next port.
    server.spawn([LOCALTLS, "share", "--serve", `${ADDRESS}:8090`], {
      env: { HOME: home },
      cwd: home,
    });
    await server.listening(8091);
    const flags = ["--ignore-certificate-errors"];
    const chromium = await startChromium({ home, host: phone, flags });
    try {
      for (const view of VIEWS) {
        const where = JSON.stringify(view);
        const isChinese = view.language.startsWith("zh");
        const text = await openAs(chromium, `http://${ADDRESS}:8090/`, view);
        assert.match(text, isChinese ? /请先核对指纹/ : /Compare first/);
        if (!isChinese) assert.ok(text.includes(`On this device: ${view.system}\n`), where);
        assert.deepEqual(await violations(chromium), [], where);
        const works = await openAs(chromium, `https://${ADDRESS}:8091/`, view);
        assert.match(works, isChinese ? /^成功\n/ : /^It works\n/);
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
