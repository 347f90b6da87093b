/**
 * Files over TLS: `serve`, nginx and Caddy with the same certificate, one worker each, HTTP/1.1, asked by wrk in turns.
 */

import { join } from "node:path";
import { compileProgram } from "../compiled.ts";
import type { Part, PartRun } from "../part.ts";
import { LOCALTLS, type Place } from "../place.ts";
import { median } from "../results.ts";
import { ask, freePort, type Load, nginx, peakOf, type Server, startServer } from "../servers.ts";
import { caddyCommand, certificateFiles, LARGE, makeSite, SMALL } from "../site.ts";

const [OURS, NGINX, CADDY] = ["localtls serve", "nginx", "Caddy"];
/** What no server in this runtime can be faster than, nor wrk see. */
const FIXED = "the runtime's TLS and the same answer always";

export const serve: Part = {
  title: "Serving files",
  budget: 100,
  async measure(run) {
    const place = run.place("serve");
    makeSite(place);
    const servers: Server[] = [];
    try {
      for (const starting of starters(place)) {
        await starting.then((server) => servers.push(server), (error) => run.note(error.message));
      }
      await load(run, place, servers);
    } finally {
      for (const { running } of servers) await running.stop();
    }
  },
};

const starters = (place: Place) => [
  startOurs(place),
  startNginx(place),
  startCaddy(place),
  startFixed(place),
];

async function load(run: PartRun, place: Place, servers: readonly Server[]): Promise<void> {
  const command = (argv: readonly string[]) => place.command(argv);
  const seconds = run.quick ? 1 : 2;
  const clients = new Map<string, number[]>();
  const asks = (what: Load) =>
    servers.filter(({ name }) => name !== FIXED || what === SMALL).map((server) => ({
      server,
      ask() {
        const asked = ask(server, { ...what, seconds }, command);
        const name = `${server.name}, ${what === SMALL ? "1 KB" : "10 MB"}`;
        clients.set(name, [...clients.get(name) ?? [], asked.client]);
        return asked;
      },
    }));
  await run.rates(
    "requests/s",
    asks(SMALL).map(({ server, ask }) => ({
      name: `${server.name}, 1 KB`,
      run: () => ask().requests,
    })),
    { rounds: 5, share: 0.45 },
  );
  await run.rates(
    "MB/s",
    asks(LARGE).map(({ server, ask }) => ({
      name: `${server.name}, 10 MB`,
      run: () => ask().megabytes,
    })),
    { rounds: 9 },
  );
  run.compare(`${OURS}, 1 KB`, `${NGINX}, 1 KB`, { atLeast: 1.5 });
  run.compare(`${OURS}, 10 MB`, `${NGINX}, 10 MB`, { atLeast: 1 });
  run.compare(`${FIXED}, 1 KB`, `${NGINX}, 1 KB`);
  run.compare(`${OURS}, 1 KB`, `${CADDY}, 1 KB`);
  run.compare(`${OURS}, 10 MB`, `${CADDY}, 10 MB`);
  const shares = [...clients].map(([name, each]) => `${name}: ${median(each).toFixed(2)}`);
  run.note(`Of one core wrk took, where 1 is all that its one thread can: ${shares.join("; ")}.`);
  for (const server of servers.filter(({ name }) => name !== FIXED)) {
    const mebibytes = peakOf(server) / 1024;
    run.row({ name: `${server.name}, peak memory`, unit: "MiB", values: [mebibytes] });
  }
  run.compare(`${OURS}, peak memory`, `${NGINX}, peak memory`);
}

async function startOurs(place: Place): Promise<Server> {
  const port = await freePort();
  const where = ["--host", "127.0.0.1", "--port", String(port), "--quiet"];
  const { cert, key } = certificateFiles(place);
  const files = ["--cert-file", cert, "--key-file", key];
  const argv = [LOCALTLS, "serve", join(place.home, "site"), ...files, ...where];
  return await startServer(OURS!, place.command(argv), probe(port));
}

async function startNginx(place: Place): Promise<Server> {
  const port = await freePort();
  const { cert, key } = certificateFiles(place);
  const { argv } = nginx(
    place.home,
    "nginx",
    `server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.2 TLSv1.3;
    root ${join(place.home, "site")};
  }`,
  );
  return await startServer(NGINX!, place.command(argv), probe(port));
}

async function startCaddy(place: Place): Promise<Server> {
  const port = await freePort();
  const site = `root * ${join(place.home, "site")}\n  file_server`;
  return await startServer(CADDY!, caddyCommand(place, port, site), probe(port));
}

async function startFixed(place: Place): Promise<Server> {
  const port = await freePort();
  const { cert, key } = certificateFiles(place);
  const argv = [await compileProgram("fixed_answer"), String(port), cert, key];
  return await startServer(FIXED, place.command(argv), probe(port));
}

function probe(port: number): { readonly url: string; readonly path: string } {
  return { url: `https://127.0.0.1:${port}/`, path: SMALL.path };
}
