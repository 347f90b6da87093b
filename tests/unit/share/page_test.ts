import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sharePage, testPage } from "../../../src/share/page.ts";
import { stepsFor } from "../../../src/share/page_steps.ts";
import { TEXTS } from "../../../src/share/page_texts.ts";
import { readme } from "../../../src/share/readme.ts";
import type { VisitorSystem } from "../../../src/share/visitor.ts";
import { sharedRoot } from "./shared_root.ts";

const URL_TEXT = "http://172.16.99.32:8088/";
const SYSTEMS: readonly VisitorSystem[] = ["linux", "windows", "macos", "ios", "android"];

describe("sharePage()", () => {
  for (const language of ["en", "zh"] as const) {
    test(`in ${language}: escapes the label and the addresses, and closes what it opens`, async () => {
      const root = await sharedRoot();
      const testUrl = `https://a.test/?"><script>x</script>&b='`;
      const page = sharePage({ root, url: URL_TEXT, testUrl }, language, "linux");
      assert.ok(page.includes("<title>a&lt;b&gt;&amp;&quot;c&quot;&#39;d</title>"));
      assert.doesNotMatch(page, /<b>|<script>x/);
      assert.ok(page.includes('href="https://a.test/?&quot;&gt;&lt;script&gt;'));
      for (
        const tag of ["html", "body", "main", "section", "details", "ol", "li", "script", "svg"]
      ) {
        const opened = page.match(new RegExp(`<${tag}[ >]`, "g"))?.length ?? 0;
        assert.equal(page.match(new RegExp(`</${tag}>`, "g"))?.length ?? 0, opened, tag);
      }
    });

    for (const system of [undefined, ...SYSTEMS]) {
      test(`in ${language} for ${system ?? "nobody known"}: every system once, its own first`, async () => {
        const root = await sharedRoot();
        const page = sharePage({ root, url: URL_TEXT }, language, system);
        const steps = stepsFor(language, URL_TEXT, root.sha256);
        assert.equal(steps.length, SYSTEMS.length + 1);
        const own = steps.find((one) => one.system === system);
        const folded = [...page.matchAll(/<summary>(.*)<\/summary>/g)].map(([, title]) => title);
        assert.deepEqual(folded, steps.filter((one) => one !== own).map(({ title }) => title));
        assert.equal(page.includes('<h2 id="own">'), own !== undefined);
        if (own !== undefined) {
          assert.ok(page.indexOf(own.steps[0]!) < page.indexOf("<details>"));
          assert.ok(page.indexOf('id="compare"') < page.indexOf('id="own"'));
        }
        assert.doesNotMatch(page, /<script/);
      });
    }
  }

  test("shows the whole fingerprint, eight octets a line", async () => {
    const root = await sharedRoot();
    const lines = [...sharePage({ root, url: URL_TEXT }, "en").matchAll(/<li>([0-9A-F:]+)<\/li>/g)];
    assert.deepEqual(lines.map(([, line]) => line!.length), [23, 23, 23, 23]);
    const shown = lines.map(([, line]) => line).join("").replaceAll(":", "").toLowerCase();
    assert.equal(shown, root.sha256);
  });
});

describe("stepsFor()", () => {
  test("both languages have the same systems, links and commands", () => {
    const linksOf = (steps: readonly string[]) =>
      steps.flatMap((step) =>
        [...step.matchAll(/href="([^"]+)"|<code>(.*?)<\/code>/g)].map(([, href, code]) =>
          href ?? code
        )
      );
    const [english, chinese] = (["en", "zh"] as const).map((language) =>
      stepsFor(language, URL_TEXT, "ab").map(({ system, steps }) => [system, linksOf(steps)])
    );
    assert.deepEqual(english, chinese);
    // A script from a plain page is not piped into a shell.
    assert.doesNotMatch(JSON.stringify(english), /\|\s*(?:sudo )?(?:ba)?sh\b/);
  });
});

describe("TEXTS", () => {
  test("no text is missing, and each language leads to the other", () => {
    for (const texts of Object.values(TEXTS)) {
      for (const [name, text] of Object.entries(texts)) assert.notEqual(text.trim(), "", name);
    }
    assert.deepEqual(Object.keys(TEXTS.zh), Object.keys(TEXTS.en));
    assert.match(TEXTS.en.other, /lang=zh/);
    assert.match(TEXTS.zh.other, /lang=en/);
  });
});

describe("testPage()", () => {
  test("escapes the label, and speaks the visitor's language", async () => {
    const { label } = await sharedRoot();
    assert.match(testPage(label, "en"), /<html lang="en">[^]*a&lt;b&gt;&amp;/);
    assert.match(testPage(label, "zh"), /<html lang="zh-Hans">[^]*成功/);
    assert.doesNotMatch(testPage(label, "en"), /<b>|<script/);
  });
});

describe("readme()", () => {
  test("begins with the fingerprint, and names files that the package has", async () => {
    const root = await sharedRoot();
    const text = readme(root);
    assert.equal(text.split("\n")[1]!.replace(/SHA-256 |:/g, "").toLowerCase(), root.sha256);
    for (const name of ["install.sh", "uninstall.sh", "install.ps1", "localtls.mobileconfig"]) {
      assert.ok(text.includes(name), name);
    }
  });
});
