/** TLS in front of a server that has none: `proxy`, nginx and Caddy before the same nginx, asked by wrk in turns. */

import { join } from "node:path";
import type { Part } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import { ask, freePort, nginx, type Server, startServer } from "../servers.ts";
import { caddyCommand, certificateFiles, makeSite, SMALL } from "../site.ts";

const [OURS, NGINX, CADDY] = ["localtls proxy", "nginx proxy_pass", "Caddy reverse_proxy"];

export const proxy: Part = {
  title: "A reverse proxy",
  budget: 35,
  async measure(run) {
    const place = run.place("proxy");
    makeSite(place);
    const target = await freePort();
    const servers: Server[] = [];
    const back = await startTarget(place, target);
    try {
      for (const starting of [ours(place, target), front(place, target), caddy(place, target)]) {
        await starting.then((server) => servers.push(server), (error) => run.note(error.message));
      }
      const load = { ...SMALL, seconds: run.quick ? 1 : 2 };
      await run.rates(
        "requests/s",
        servers.map((server) => ({
          name: server.name,
          run: () => ask(server, load, (argv) => place.command(argv)).requests,
        })),
        { rounds: 5 },
      );
      run.compare(OURS!, NGINX!);
      run.compare(OURS!, CADDY!);
    } finally {
      for (const { running } of [...servers, back]) await running.stop();
    }
  },
};

async function startTarget(place: Place, port: number): Promise<Server> {
  const site = `server { listen 127.0.0.1:${port}; root ${join(place.home, "site")}; }`;
  const command = place.command(nginx(place.home, "target", site).argv);
  return await startServer("the target", command, probe("http", port));
}

async function ours(place: Place, target: number): Promise<Server> {
  const port = await freePort();
  const { cert, key } = certificateFiles(place);
  const where = ["--host", "127.0.0.1", "--port", String(port), "--quiet"];
  const files = ["--cert-file", cert, "--key-file", key];
  const argv = [LOCALTLS, "proxy", `http://127.0.0.1:${target}`, ...files, ...where];
  return await startServer(OURS!, place.command(argv), probe("https", port));
}

async function front(place: Place, target: number): Promise<Server> {
  const port = await freePort();
  const { cert, key } = certificateFiles(place);
  const configuration = nginx(
    place.home,
    "front",
    `upstream target { server 127.0.0.1:${target}; keepalive 32; }
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    location / {
      proxy_pass http://target;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }`,
  );
  return await startServer(NGINX!, place.command(configuration.argv), probe("https", port));
}

async function caddy(place: Place, target: number): Promise<Server> {
  const port = await freePort();
  const command = caddyCommand(place, port, `reverse_proxy 127.0.0.1:${target}`);
  return await startServer(CADDY!, command, probe("https", port));
}

function probe(scheme: string, port: number): { readonly url: string; readonly path: string } {
  return { url: `${scheme}://127.0.0.1:${port}/`, path: SMALL.path };
}
