/**
 * The words of the page, in both languages.
 *
 * @module
 */

import type { PageLanguage } from "./visitor.ts";

const ENGLISH = {
  /** BCP 47. */
  tag: "en",
  language: "Language",
  other: '<a href="/?lang=zh" hreflang="zh-Hans" lang="zh-Hans">中文</a>',
  purpose: "Make this device trust the HTTPS servers of this network.",
  compare: "Compare first",
  compareHow:
    "This page is not protected. Ask its owner, over another way, for this fingerprint, and go on only " +
    "if every line is the same.",
  own: "On this device: ",
  others: "Other systems",
  systems: "Steps for each system",
  everything: "Everything in one archive: ",
  test: "Is it trusted?",
  testHow: "The test page opens without a warning where the root is trusted.",
  testLink: "Test this device",
  trusted: "trusted on this device",
  untrusted: "not trusted yet, or not reachable",
  code: "For another device",
  codeLabel: "QR code of",
  works: "It works",
  worksHow: "If there was no warning, this device trusts the root.",
};

/** One language's words. */
export type PageTexts = Readonly<typeof ENGLISH>;

const CHINESE: PageTexts = {
  tag: "zh-Hans",
  language: "语言",
  other: '<a href="/?lang=en" hreflang="en" lang="en">English</a>',
  purpose: "让此设备信任本网络中的 HTTPS 服务器。",
  compare: "请先核对指纹",
  compareHow: "本页面未受保护。请通过其他途径向所有者索取此指纹，每一行都一致时再继续。",
  own: "在此设备上：",
  others: "其他系统",
  systems: "各系统的步骤",
  everything: "全部文件：",
  test: "是否已信任？",
  testHow: "如果已信任根证书，测试页面打开时不会出现警告。",
  testLink: "测试此设备",
  trusted: "此设备已信任",
  untrusted: "尚未信任或无法访问",
  code: "用于其他设备",
  codeLabel: "二维码：",
  works: "成功",
  worksHow: "如果没有出现警告，此设备已信任根证书。",
};

/** By language. */
export const TEXTS: Readonly<Record<PageLanguage, PageTexts>> = { en: ENGLISH, zh: CHINESE };
