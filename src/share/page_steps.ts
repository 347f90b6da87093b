/**
 * The steps on each system, in both languages, as HTML.
 *
 * @module
 */

import type { PageLanguage, VisitorSystem } from "./visitor.ts";

/** Steps of one system or program. */
export interface Steps {
  readonly system: VisitorSystem | "firefox";
  readonly title: string;
  /** HTML of each step. */
  readonly steps: readonly string[];
}

/** @param url Where the page is, escaped for HTML. @param sha256 Fingerprint of the root. */
export function stepsFor(language: PageLanguage, url: string, sha256: string): readonly Steps[] {
  return language === "zh" ? chinese(url, sha256) : english(url, sha256);
}

const button = (path: string, label: string) => `<a class="button" href="${path}">${label}</a>`;

/** Words in spans: a line may end between them, and not at each hyphen, where a browser would break it. */
const command = (text: string) =>
  `<pre><code>${text.split(" ").map((word) => `<span>${word}</span>`).join(" ")}</code></pre>`;

const link = (path: string, label: string) => `<a href="${path}">${label}</a>`;

/**
 * The page is plain HTTP, so that a script from it could be anybody's: the root is compared first, with nothing but
 * what the system has.
 */
const fetchRoot = (url: string) =>
  `curl -fsSO ${url}root.pem &amp;&amp; openssl x509 -in root.pem -noout -fingerprint -sha256`;

const INSTALL_ON_DEBIAN =
  "sudo install -m 0644 root.pem /usr/local/share/ca-certificates/localtls.crt &amp;&amp; " +
  "sudo update-ca-certificates";

function english(url: string, sha256: string): Steps[] {
  const trust = command(`localtls trust ${url} --fingerprint ${sha256}`);
  return [
    {
      system: "ios",
      title: "iPhone and iPad",
      steps: [
        `In Safari: ${button("/localtls.mobileconfig", "Get the profile")} and choose “Allow”.`,
        "Settings → General → VPN &amp; Device Management: choose the profile, then “Install”.",
        "Settings → General → About → Certificate Trust Settings: switch the CA on.",
      ],
    },
    {
      system: "android",
      title: "Android",
      steps: [
        `${button("/root.crt", "Get the certificate")} and save it.`,
        "Settings → Security → More → Install from storage → CA certificate: choose root.crt.",
        "For Firefox: import it there as well, if the certificate is not used yet.",
      ],
    },
    {
      system: "windows",
      title: "Windows",
      steps: [
        `${button("/localtls-share.zip", "Get the archive")} and unpack it.`,
        `In its directory: ${command("powershell -ExecutionPolicy Bypass -File install.ps1")}`,
        `Or, where the localtls program is: ${trust}`,
      ],
    },
    {
      system: "macos",
      title: "Mac",
      steps: [
        `${button("/localtls.mobileconfig", "Get the profile")} and open it.`,
        "System Settings → General → Device Management: choose the profile, then “Install”.",
        `Or, where the localtls program is: ${trust}`,
      ],
    },
    {
      system: "linux",
      title: "Linux",
      steps: [
        `Everything at once, where the localtls program is: ${trust}`,
        `Without it, get the root and compare what this prints with the fingerprint that its owner told you: ${
          command(fetchRoot(url))
        }`,
        `Only if both are the same, the system's store of Debian and Ubuntu: ${
          command(INSTALL_ON_DEBIAN)
        }Other systems, and browsers where certutil is: ${
          link("/install.sh", "install.sh")
        }; read it before you run it.`,
        `Chromium by hand: ${
          button("/root.pem", "Get root.pem")
        } and open chrome://certificate-manager → Local certificates → Installed by you → Trusted Certificates → Import.`,
      ],
    },
    {
      system: "firefox",
      title: "Firefox",
      steps: [
        `${button("/root.pem", "Get root.pem")} and save it.`,
        "Settings → Privacy &amp; Security → View Certificates → Authorities → Import.",
        "Choose “Trust this CA to identify websites”.",
      ],
    },
  ];
}

function chinese(url: string, sha256: string): Steps[] {
  const trust = command(`localtls trust ${url} --fingerprint ${sha256}`);
  return [
    {
      system: "ios",
      title: "iPhone 和 iPad",
      steps: [
        `在 Safari 中${button("/localtls.mobileconfig", "下载描述文件")}，选择“允许”。`,
        "设置 → 通用 → VPN 与设备管理：选择该描述文件并“安装”。",
        "设置 → 通用 → 关于本机 → 证书信任设置：启用该 CA。",
      ],
    },
    {
      system: "android",
      title: "Android",
      steps: [
        `${button("/root.crt", "下载证书")}并保存。`,
        "设置 → 安全 → 更多 → 从存储设备安装 → CA 证书：选择 root.crt。",
        "Firefox：如果仍不使用该证书，请在其中另行导入。",
      ],
    },
    {
      system: "windows",
      title: "Windows",
      steps: [
        `${button("/localtls-share.zip", "下载压缩包")}并解压。`,
        `在解压后的目录中运行：${command("powershell -ExecutionPolicy Bypass -File install.ps1")}`,
        `或者，如果有 localtls 程序：${trust}`,
      ],
    },
    {
      system: "macos",
      title: "Mac",
      steps: [
        `${button("/localtls.mobileconfig", "下载描述文件")}并打开。`,
        "系统设置 → 通用 → 设备管理：选择该描述文件并“安装”。",
        `或者，如果有 localtls 程序：${trust}`,
      ],
    },
    {
      system: "linux",
      title: "Linux",
      steps: [
        `如果有 localtls 程序，一次完成：${trust}`,
        `没有的话，下载根证书，并将输出与证书所有者告知的指纹比较：${command(fetchRoot(url))}`,
        `两者一致时才安装。Debian 和 Ubuntu 的系统证书库：${
          command(INSTALL_ON_DEBIAN)
        }其他系统，以及有 certutil 时的浏览器：${
          link("/install.sh", "install.sh")
        }，运行前请先查看。`,
        `手动用于 Chromium：${
          button("/root.pem", "下载 root.pem")
        }后打开 chrome://certificate-manager → 本地证书 → 由您安装 → 可信证书 → 导入。`,
      ],
    },
    {
      system: "firefox",
      title: "Firefox",
      steps: [
        `${button("/root.pem", "下载 root.pem")}并保存。`,
        "设置 → 隐私与安全 → 查看证书 → 证书颁发机构 → 导入。",
        "勾选“信任由此证书颁发机构来标识网站”。",
      ],
    },
  ];
}
