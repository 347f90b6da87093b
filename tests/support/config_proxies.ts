/**
 * Servers that stand in front of a back end, each with the lines of `localtls config`.
 *
 * @module
 */

import { commentedCommands, type ConfiguredServer, file } from "./config_servers.ts";
import { mustRun } from "./processes.ts";

function apacheModules(): string {
  const names = ["mpm_event", "authz_core", "ssl", "socache_shmcb", "headers", "proxy"];
  return [...names, "proxy_http", "rewrite", "http2"].map((name) =>
    `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`
  ).join("\n");
}

/** nginx, Apache, Caddy, HAProxy, lighttpd. */
export const PROXIES: readonly ConfiguredServer[] = [
  {
    id: "nginx",
    title: "nginx (Debian)",
    needs: "/usr/sbin/nginx",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) =>
        `${name}_temp_path ${name};`
      );
      const own = "daemon off; pid nginx.pid; error_log stderr; events {}\nhttp { access_log off; ";
      const config = file(directory, "nginx.conf", `${own}${temporary.join(" ")}\n${text}}\n`);
      return { argv: ["/usr/sbin/nginx", "-e", "stderr", "-p", directory, "-c", config] };
    },
  },
  {
    id: "apache",
    title: "Apache (Debian)",
    needs: "/usr/sbin/apache2",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      const own = `ServerRoot .\nPidFile apache.pid\nErrorLog error.log\nUser nobody\nGroup nogroup
DefaultRuntimeDir .\nServerName localhost\n${apacheModules()}\n`;
      file(directory, "apache.conf", own + text);
      return {
        argv: ["/usr/sbin/apache2", "-d", directory, "-f", "apache.conf", "-DFOREGROUND"],
      };
    },
  },
  {
    id: "caddy",
    title: "Caddy (Debian)",
    needs: "/usr/bin/caddy",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      file(directory, "Caddyfile", text);
      return {
        argv: ["/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", "Caddyfile"],
        env: { XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
      };
    },
  },
  {
    id: "haproxy",
    title: "HAProxy (Debian)",
    needs: "/usr/sbin/haproxy",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    async prepare(text, directory) {
      for (const command of commentedCommands(text)) await mustRun(["sh", "-c", command]);
      const config = file(directory, "haproxy.cfg", text);
      return { argv: ["/usr/sbin/haproxy", "-db", "-f", config] };
    },
  },
  {
    id: "lighttpd",
    title: "lighttpd (Debian)",
    needs: "/usr/lib/lighttpd/mod_openssl.so",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory, port) {
      const own = `server.document-root = "/nonexistent"\nserver.bind = "127.0.0.1"
server.port = ${port + 1000}\n`;
      const config = file(directory, "lighttpd.conf", own + text);
      return { argv: ["/usr/sbin/lighttpd", "-D", "-f", config] };
    },
  },
];
