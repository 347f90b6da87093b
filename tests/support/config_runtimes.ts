/**
 * Servers that stand in front of nothing, each with the lines of `localtls config`.
 *
 * @module
 */

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { type ConfiguredServer, file, MAVEN, NPM, PYTHON, tool } from "./config_servers.ts";
import { mustRun } from "./processes.ts";

/** Node, Deno, Bun, Python, uvicorn, gunicorn, Vite, webpack, Next.js, Spring Boot, the Docker registry. */
export const RUNTIMES: readonly ConfiguredServer[] = [
  {
    id: "node",
    title: "Node.js",
    needs: "node",
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      return { argv: ["node", file(directory, "server.mjs", text)] };
    },
  },
  {
    id: "deno",
    title: "Deno (npm)",
    needs: tool("deno"),
    cors: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      const server = file(directory, "server.ts", text);
      return { argv: [tool("deno"), "run", "--allow-net", "--allow-read", server] };
    },
  },
  {
    id: "bun",
    title: "Bun (npm)",
    needs: tool("bun"),
    cors: true,
    http2: true,
    mtls: true,
    profile: true,
    prepare(text, directory) {
      return { argv: [tool("bun"), file(directory, "server.ts", text)] };
    },
  },
  {
    id: "python",
    title: "Python http.server",
    needs: "python3",
    cors: true,
    mtls: true,
    profile: true,
    prepare(text, directory) {
      file(directory, "index.html", "hello over TLS\n");
      return { argv: ["python3", file(directory, "server.py", text)] };
    },
  },
  {
    id: "uvicorn",
    title: "uvicorn (PyPI)",
    needs: join(PYTHON, "uvicorn"),
    mtls: true,
    profile: true,
    prepare(text, directory) {
      file(
        directory,
        "main.py",
        `async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello over TLS\\n"})
`,
      );
      return { argv: ["sh", "-c", text], env: { PATH: `${PYTHON}:/usr/bin:/bin` } };
    },
  },
  {
    id: "gunicorn",
    title: "gunicorn (PyPI)",
    needs: join(PYTHON, "gunicorn"),
    mtls: true,
    profile: true,
    prepare(text, directory) {
      file(directory, "gunicorn.conf.py", text);
      file(
        directory,
        "main.py",
        `def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello over TLS\\n"]
`,
      );
      return { argv: [join(PYTHON, "gunicorn"), "main:app"] };
    },
  },
  {
    id: "vite",
    title: "Vite (npm)",
    needs: join(NPM, "vite/bin/vite.js"),
    cors: true,
    mtls: true,
    http2: true,
    profile: true,
    prepare(text, directory) {
      symlinkSync(NPM, join(directory, "node_modules"));
      file(directory, "index.html", "hello over TLS\n");
      file(directory, "vite.config.mjs", text);
      return { argv: ["node", join(NPM, "vite/bin/vite.js")] };
    },
  },
  {
    id: "webpack",
    title: "webpack-dev-server (npm)",
    needs: join(NPM, "webpack-dev-server/bin/webpack-dev-server.js"),
    cors: true,
    mtls: true,
    profile: true,
    prepare(text, directory) {
      symlinkSync(NPM, join(directory, "node_modules"));
      mkdirSync(join(directory, "src"));
      file(directory, "src/index.js", "export default 1;\n");
      mkdirSync(join(directory, "public"));
      file(directory, "public/index.html", "hello over TLS\n");
      file(directory, "webpack.config.mjs", text);
      return {
        argv: ["node", join(NPM, "webpack-cli/bin/cli.js"), "serve", "--mode", "development"],
      };
    },
  },
  {
    id: "next",
    title: "Next.js (npm)",
    needs: join(NPM, "next/dist/bin/next"),
    async prepare(text, directory) {
      // Turbopack follows no link out of the project. The mount ends with the sandbox.
      mkdirSync(join(directory, "node_modules"));
      await mustRun(["mount", "--bind", NPM, join(directory, "node_modules")]);
      mkdirSync(join(directory, "pages"));
      file(
        directory,
        "pages/index.js",
        'export default function Page() { return "hello over TLS"; }\n',
      );
      file(directory, "package.json", '{ "private": true }');
      return {
        argv: ["sh", "-c", text],
        env: { NEXT_TELEMETRY_DISABLED: "1", npm_config_offline: "true", CI: "1" },
      };
    },
  },
  {
    id: "spring",
    title: "Spring Boot (Maven)",
    needs: join(MAVEN, "spring-boot-3.5.0.jar"),
    mtls: true,
    http2: true,
    profile: true,
    async prepare(text, directory) {
      file(directory, "application.properties", text);
      mkdirSync(join(directory, "app"));
      const source = file(
        directory,
        "app/App.java",
        `package app;
import org.springframework.web.bind.annotation.*;
@org.springframework.boot.autoconfigure.SpringBootApplication
@RestController
public class App {
  @GetMapping("/") public String hello() { return "hello over TLS\\n"; }
  public static void main(String[] words) {
    org.springframework.boot.SpringApplication.run(App.class, words);
  }
}
`,
      );
      const libraries = join(MAVEN, "*");
      await mustRun(["javac", "-proc:none", "-cp", libraries, source], { timeoutMs: 60_000 });
      return { argv: ["java", "-Xshare:auto", "-cp", `${libraries}:${directory}`, "app.App"] };
    },
  },
  {
    id: "registry",
    title: "Docker registry (Debian)",
    needs: "/usr/bin/docker-registry",
    cors: true,
    constantOrigin: true,
    mtls: true,
    http2: true,
    profile: true,
    asked: { path: "v2/", greeting: /^Docker-Distribution-Api-Version: registry\/2\.0\r$/im },
    prepare(text, directory) {
      return { argv: ["/usr/bin/docker-registry", "serve", file(directory, "config.yml", text)] };
    },
  },
];
