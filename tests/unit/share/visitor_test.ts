import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { languageOf, systemOf, type VisitorSystem } from "../../../src/share/visitor.ts";

const WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)";
const BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("systemOf()", () => {
  const AGENTS: readonly (readonly [string, string, VisitorSystem | undefined])[] = [
    [
      "Safari of an iPhone",
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${WEBKIT} Version/18.5 Mobile/15E148 Safari/604.1`,
      "ios",
    ],
    [
      "Chrome of an iPhone",
      `Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) ${WEBKIT} CriOS/137.0.7151.79 Mobile/15E148 Safari/604.1`,
      "ios",
    ],
    [
      "Firefox of an iPad, mobile mode",
      `Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) ${WEBKIT} FxiOS/139.0 Mobile/15E148 Safari/605.1.15`,
      "ios",
    ],
    [
      "Safari of an iPad, desktop mode",
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/18.5 Safari/605.1.15`,
      "macos",
    ],
    [
      "Chrome of Android",
      `Mozilla/5.0 (Linux; Android 10; K) ${BLINK} Chrome/137.0.0.0 Mobile Safari/537.36`,
      "android",
    ],
    [
      "Firefox of Android",
      "Mozilla/5.0 (Android 15; Mobile; rv:139.0) Gecko/139.0 Firefox/139.0",
      "android",
    ],
    [
      "HarmonyOS up to 4",
      `Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) ${BLINK} Chrome/114.0.5735.196 HuaweiBrowser/15.0.4.312 Mobile Safari/537.36`,
      "android",
    ],
    [
      "HarmonyOS 5, which is no Android",
      `Mozilla/5.0 (Phone; OpenHarmony 5.0) ${BLINK} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile`,
      undefined,
    ],
    [
      "ChromeOS",
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/137.0.0.0 Safari/537.36`,
      undefined,
    ],
    [
      "a television",
      `Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) ${BLINK} SamsungBrowser/7.0 Chrome/108.0.5359.1 TV Safari/537.36`,
      undefined,
    ],
    [
      "Edge of Windows",
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${BLINK} Chrome/137.0.0.0 Safari/537.36 Edg/137.0.0.0`,
      "windows",
    ],
    [
      "Firefox of Windows on ARM",
      "Mozilla/5.0 (Windows NT 10.0; ARM64; rv:139.0) Gecko/20100101 Firefox/139.0",
      "windows",
    ],
    [
      "Internet Explorer",
      "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
      "windows",
    ],
    [
      "PowerShell",
      "Mozilla/5.0 (Windows NT; Windows NT 10.0; en-US) WindowsPowerShell/5.1.26100.4061",
      "windows",
    ],
    [
      "Chrome of a Mac",
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${BLINK} Chrome/137.0.0.0 Safari/537.36`,
      "macos",
    ],
    [
      "Firefox of Linux",
      "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:139.0) Gecko/20100101 Firefox/139.0",
      "linux",
    ],
    [
      "Firefox of FreeBSD",
      "Mozilla/5.0 (X11; FreeBSD amd64; rv:139.0) Gecko/20100101 Firefox/139.0",
      "linux",
    ],
    ["curl", "curl/8.14.1", undefined],
    ["wget", "Wget/1.25.0", undefined],
    ["BusyBox", "Wget", undefined],
    [
      "a bot",
      "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
      undefined,
    ],
    ["nothing", "", undefined],
    ["too late in a long field", `${"a".repeat(1000)} Windows`, undefined],
    ["control characters", "\x1b[2J\x00<script>Windows</script>", "windows"],
  ];
  for (const [what, userAgent, system] of AGENTS) {
    test(`${what}: ${system ?? "not told"}`, () => {
      assert.equal(systemOf({ userAgent }), system);
    });
  }

  test("without any field nothing is told", () => assert.equal(systemOf({}), undefined));

  const HINTS: readonly (readonly [string, VisitorSystem | undefined])[] = [
    ['"Windows"', "windows"],
    ['"macOS"', "macos"],
    ['"Android"', "android"],
    ['"iOS"', "ios"],
    ['"Linux"', "linux"],
    ["Linux", "linux"],
  ];
  const userAgent = `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${BLINK} Chrome/137.0.0.0`;
  for (const [platform, system] of HINTS) {
    test(`the hint ${platform} goes before the user agent`, () => {
      assert.equal(systemOf({ platform, userAgent }), system);
    });
  }
  for (const platform of ['"Chrome OS"', '"Unknown"', "__proto__", '"constructor"', "", '"']) {
    test(`the hint ${platform || "(empty)"} says nothing`, () => {
      assert.equal(systemOf({ platform, userAgent }), undefined);
      assert.equal(systemOf({ platform, userAgent: "Windows NT" }), "windows");
    });
  }
});

describe("languageOf()", () => {
  const FIELDS: readonly (readonly [string | undefined, "en" | "zh"])[] = [
    [undefined, "en"],
    ["", "en"],
    ["*", "en"],
    ["de-DE,de;q=0.9", "en"],
    ["zh", "zh"],
    ["zh-CN,zh;q=0.9,en;q=0.8", "zh"],
    ["ZH-hant-TW", "zh"],
    ["en-US,en;q=0.9,zh;q=0.8", "en"],
    ["en;q=0.5, zh;q=0.9", "zh"],
    ["zh,en", "zh"],
    ["en,zh", "en"],
    ["de,zh;q=0.4", "zh"],
    ["zh;q=0", "en"],
    ["zhx", "en"],
    ["zh;q=abc", "en"],
    ["zh;q=1;q=2", "en"],
    [`${"de,".repeat(500)}zh`, "en"],
    ["zh;q=\x1b[2J<script>", "en"],
  ];
  for (const [field, language] of FIELDS) {
    test(`${field?.slice(0, 40) ?? "(none)"}: ${language}`, () => {
      assert.equal(languageOf(field), language);
    });
  }
});
