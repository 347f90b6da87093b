/**
 * README.txt of a package: what to do on each system, in English and in Chinese.
 *
 * @module
 */

import type { SharedRoot } from "./root.ts";

/** Writes it; the fingerprint comes first, since it is what has to be compared. */
export function readme({ label, sha256 }: SharedRoot): string {
  const fingerprint = sha256.toUpperCase().replace(/..(?=.)/g, "$&:");
  return `${label}
SHA-256 ${fingerprint}

Before you trust it, compare this fingerprint with the one that its owner reads to you: "localtls ca show".
Whoever you trust here can make certificates for the names that this CA permits.

Linux, FreeBSD, macOS   sh install.sh          (back: sh uninstall.sh)
                        On Linux also into Chromium and Firefox, where certutil is (libnss3-tools, nss-tools, nss).
Windows                 powershell -ExecutionPolicy Bypass -File install.ps1   (back: uninstall.ps1)
iPhone, iPad            Open localtls.mobileconfig, then Settings > General > VPN & Device Management > install.
                        Then Settings > General > About > Certificate Trust Settings > switch it on.
Mac, by hand            Open localtls.mobileconfig, then System Settings > General > Device Management.
Android                 Settings > Security > More > Install from storage > CA certificate > root.crt
Firefox                 On Linux: Settings > Privacy & Security > Certificates > View Certificates >
                        Authorities > Import > root.pem > "identify websites"
Chromium on Linux       chrome://certificate-manager > Local certificates > Installed by you >
                        Trusted Certificates > Import > root.pem
                        Or with the localtls program: localtls trust root.pem

From a page of "localtls share --serve", in one line on another machine with the localtls program:
  localtls trust http://HOST:PORT --fingerprint SHA256

There is no private key in these files. SHA256SUMS has the checksum of each (sha256sum -c SHA256SUMS).

----------------------------------------------------------------------------------------------------

信任之前，请向证书所有者核对上面的 SHA-256 指纹（对方运行 "localtls ca show"）。
被信任的 CA 可以为其许可的名称签发证书。

Linux、FreeBSD、macOS   sh install.sh          （撤销：sh uninstall.sh）
                        Linux 上如果有 certutil（libnss3-tools、nss-tools 或 nss），也用于 Chromium 和 Firefox。
Windows                 powershell -ExecutionPolicy Bypass -File install.ps1   （撤销：uninstall.ps1）
iPhone、iPad            打开 localtls.mobileconfig，然后“设置 > 通用 > VPN 与设备管理”中安装，
                        再到“设置 > 通用 > 关于本机 > 证书信任设置”中启用。
Mac（手动）             打开 localtls.mobileconfig，然后“系统设置 > 通用 > 设备管理”。
Android                 设置 > 安全 > 更多 > 从存储设备安装 > CA 证书 > root.crt
Firefox                 Linux 上：设置 > 隐私与安全 > 证书 > 查看证书 > 证书颁发机构 > 导入 root.pem
Chromium（Linux）       chrome://certificate-manager > 本地证书 > 由您安装 > 可信证书 > 导入 root.pem，
                        或运行 localtls trust root.pem

如果另一台机器有 localtls 程序，可直接从 "localtls share --serve" 的页面信任：
  localtls trust http://HOST:PORT --fingerprint SHA256

这些文件中没有私钥。
`;
}
