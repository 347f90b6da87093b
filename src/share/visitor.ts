/**
 * What a visitor's browser tells of its language and system: enough to show the right steps first, no more.
 *
 * @module
 */

/** A language of the page. */
export type PageLanguage = "en" | "zh";

/** A system with steps of its own. */
export type VisitorSystem = "linux" | "windows" | "macos" | "ios" | "android";

/** Header fields of a request that matter here; undefined where the browser does not send them. */
export interface VisitorFields {
  readonly acceptLanguage?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Sec-CH-UA-Platform, with its quotes. */
  readonly platform?: string | undefined;
}

/** Longer fields are nobody's language list. */
const MAX_FIELD = 1000;

/** Chinese where it is preferred to English (RFC 9110, 12.5.4), else English. */
export function languageOf(acceptLanguage = ""): PageLanguage {
  const weights = { en: 0, zh: 0 };
  for (const part of acceptLanguage.slice(0, MAX_FIELD).split(",")) {
    const [, language = "", q = "1"] = /^\s*(zh|en)\b[^;]*(?:;\s*q=([\d.]+))?\s*$/i.exec(part) ??
      [];
    const name = language.toLowerCase();
    if (name !== "zh" && name !== "en") continue;
    // What stands first wins among equals.
    weights[name] = Math.max(
      weights[name],
      Number(q) - weights[name === "zh" ? "en" : "zh"] * 1e-6,
    );
  }
  return weights.zh > weights.en ? "zh" : "en";
}

const PLATFORMS: Readonly<Record<string, VisitorSystem>> = {
  Linux: "linux",
  Windows: "windows",
  macOS: "macos",
  iOS: "ios",
  Android: "android",
};

/** In this order: Android's browsers say Linux as well, the iPhone's Mac OS X, those of ChromeOS and of televisions X11 or Linux. */
const AGENTS: readonly (readonly [RegExp, VisitorSystem | undefined])[] = [
  [/CrOS|Tizen|Web0S/, undefined],
  [/Android/, "android"],
  [/iPhone|iPad|iPod/, "ios"],
  [/Windows/, "windows"],
  [/Macintosh/, "macos"],
  [/Linux|X11|FreeBSD/, "linux"],
];

/** The visitor's system; an iPad that calls itself a Macintosh is one. Undefined where nothing is told. */
export function systemOf(
  { userAgent = "", platform = "" }: VisitorFields,
): VisitorSystem | undefined {
  const hinted = platform.replaceAll('"', "");
  if (Object.hasOwn(PLATFORMS, hinted)) return PLATFORMS[hinted];
  return AGENTS.find(([pattern]) => pattern.test(userAgent.slice(0, MAX_FIELD)))?.[1];
}
