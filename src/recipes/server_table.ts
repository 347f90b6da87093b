/**
 * The recipes of servers, and what each of them can be asked for.
 *
 * @module
 */

import type { Recipe, RecipeInput, RecipeOptions, RecipeOutput } from "./recipe.ts";

type Write = (input: RecipeInput) => RecipeOutput;

const NO_HTTP = "it speaks no HTTP";
const NO_UPSTREAM = "it stands in front of nothing";
const HTTP1 = "it speaks HTTP/1.1 alone";

/** Stands in front of a back end, and can do all. */
const PROXY: RecipeOptions = { port: true, upstream: true, cors: true, mtls: true, http2: true };

/** Serves by itself. */
const SERVER: RecipeOptions = { ...PROXY, upstream: NO_UPSTREAM };

const DATABASE: RecipeOptions = {
  port: true,
  upstream: NO_HTTP,
  cors: NO_HTTP,
  mtls: true,
  http2: NO_HTTP,
};

/** CORS is answered in the program, by what each framework has for it. */
function inCode(how: string): string {
  return `its settings do not reach CORS; in the program, ${how}`;
}

/** In the order of the list. */
export const SERVER_RECIPES: readonly Recipe[] = [
  server(
    "nginx",
    "a server block in front of a back end",
    443,
    PROXY,
    async () => (await import("./nginx.ts")).nginx,
  ),
  server(
    "apache",
    "a virtual host in front of a back end",
    443,
    PROXY,
    async () => (await import("./apache.ts")).apache,
  ),
  server(
    "caddy",
    "a site of a Caddyfile in front of a back end",
    443,
    PROXY,
    async () => (await import("./caddy.ts")).caddy,
  ),
  server(
    "haproxy",
    "a frontend and its backend",
    443,
    PROXY,
    async () => (await import("./haproxy.ts")).haproxy,
  ),
  server(
    "traefik",
    "an entry point and a file of the file provider",
    443,
    PROXY,
    async () => (await import("./traefik.ts")).traefik,
  ),
  server(
    "lighttpd",
    "a socket in front of a back end",
    443,
    PROXY,
    async () => (await import("./lighttpd.ts")).lighttpd,
  ),
  server(
    "node",
    "Node.js: a server of a few lines",
    8443,
    SERVER,
    async () => (await import("./javascript.ts")).node,
  ),
  server("deno", "Deno: a server of a few lines", 8443, {
    ...SERVER,
    mtls: "Deno.serve() asks for no client certificate",
  }, async () => (await import("./javascript.ts")).deno),
  server(
    "bun",
    "Bun: a server of a few lines",
    8443,
    SERVER,
    async () => (await import("./javascript.ts")).bun,
  ),
  server(
    "python",
    "in place of python -m http.server",
    8443,
    { ...SERVER, http2: HTTP1 },
    async () => (await import("./python.ts")).python,
  ),
  server("uvicorn", "uvicorn: a command line", 8443, {
    ...SERVER,
    cors: inCode("Starlette and FastAPI have CORSMiddleware"),
    http2: HTTP1,
  }, async () => (await import("./python.ts")).uvicorn),
  server("gunicorn", "gunicorn.conf.py", 8443, {
    ...SERVER,
    cors: inCode("frameworks have packages like django-cors-headers and flask-cors"),
    http2: "it speaks HTTP/2 with a package more, which these lines do not count on",
  }, async () => (await import("./python.ts")).gunicorn),
  server(
    "vite",
    "Vite: vite.config.js",
    5173,
    SERVER,
    async () => (await import("./dev_servers.ts")).vite,
  ),
  server("webpack", "webpack-dev-server: webpack.config.mjs", 8080, {
    ...SERVER,
    http2: "before its version 6 it cannot, and the lines are for version 5 as well",
  }, async () => (await import("./dev_servers.ts")).webpack),
  server("next", "Next.js: a command line for development", 3000, {
    ...SERVER,
    cors: inCode("each route answers OPTIONS, or proxy.js does for all of them"),
    mtls: "next dev asks for no client certificate",
    http2: HTTP1,
  }, async () => (await import("./dev_servers.ts")).next),
  server("spring", "Spring Boot: application.properties", 8443, {
    ...SERVER,
    cors: inCode("controllers have @CrossOrigin"),
  }, async () => (await import("./spring.ts")).spring),
  server("kestrel", ".NET: appsettings.json", 8443, {
    ...SERVER,
    cors: inCode("AddCors() and UseCors()"),
  }, async () => (await import("./kestrel.ts")).kestrel),
  server(
    "postgresql",
    "PostgreSQL: postgresql.conf",
    5432,
    DATABASE,
    async () => (await import("./databases.ts")).postgresql,
  ),
  server(
    "mysql",
    "MySQL: an option file",
    3306,
    DATABASE,
    async () => (await import("./databases.ts")).mysql("MySQL"),
  ),
  server(
    "mariadb",
    "MariaDB: an option file",
    3306,
    DATABASE,
    async () => (await import("./databases.ts")).mysql("MariaDB"),
  ),
  server(
    "redis",
    "Redis and Valkey: redis.conf",
    6379,
    DATABASE,
    async () => (await import("./databases.ts")).redis,
  ),
  server(
    "mosquitto",
    "Mosquitto: a listener for MQTT",
    8883,
    DATABASE,
    async () => (await import("./mosquitto.ts")).mosquitto,
  ),
  {
    ...server(
      "registry",
      "the Docker registry: config.yml",
      5000,
      SERVER,
      async () => (await import("./registry.ts")).registry,
    ),
    // Docker has a trust store of its own.
    needsRoot: true,
  },
];

function server(
  id: string,
  brief: string,
  port: number,
  options: RecipeOptions,
  load: () => Promise<Write>,
): Recipe {
  const http = options.http2 === NO_HTTP ? {} : { http: true } as const;
  return { id, brief, names: "one", port, options, ...http, load };
}
