/**
 * A server that runs while its machine moves to another address: the certificate follows, open connections stay.
 */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createNetwork, type TestNetwork } from "../support/netns.ts";
import { mustRun, run, waitFor } from "../support/processes.ts";
import { freshHome } from "../support/sandbox.ts";
import { type Serving, startServing } from "../support/serving.ts";
import { fileURLToPath } from "node:url";

const LIMIT = { timeout: 180_000 };
const OLD = "10.77.0.5";
const NEW = "10.77.0.6";

/** Speaks to the echoing WebSocket of the back end, and again when it is told to. */
const CLIENT = `
import ssl, socket, sys
context = ssl._create_unverified_context()
client = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
client.sendall(b"GET /ws HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n")
print(client.recv(4096)[:12].decode(), flush=True)
client.sendall(b"first")
print(client.recv(4096).decode(), flush=True)
sys.stdin.readline()
client.sendall(b"second")
print(client.recv(4096).decode(), flush=True)
`;

let network: TestNetwork<"host">;
const home = freshHome();
let serve: Serving;

before(async () => {
  network = await createNetwork({ host: OLD });
  const { host } = network.hosts;
  mkdirSync(join(home, "site"));
  writeFileSync(join(home, "site/x"), "x");
  writeFileSync(join(home, "client.py"), CLIENT);
  const backEnd = fileURLToPath(new URL("../support/back_end_program.ts", import.meta.url));
  host.spawn([process.execPath, backEnd, "8080"]);
  await host.listening(8080, "127.0.0.1");
  const scratch = { home, work: home };
  serve = await startServing(scratch, ["serve", "site", "--port=8443"], host);
  await startServing(scratch, ["proxy", "8080", "--port=9443"], host);
}, LIMIT);

after(async () => {
  await network?.close();
});

/** Whether curl, which trusts our root alone, accepts the address. */
async function accepts(address: string, port: number): Promise<boolean> {
  const root = join(home, ".local/share/localtls/root.pem");
  const url = `https://${address}:${port}/x`;
  const { code } = await network.hosts.host.exec(["curl", "-sS", "--cacert", root, url]);
  return code === 0;
}

test("the certificate follows the addresses, a WebSocket outlives it", LIMIT, async () => {
  const { host } = network.hosts;
  assert.deepEqual(serve.document.urls, ["https://localhost:8443/", `https://${OLD}:8443/`]);
  assert.equal(serve.document.lanUrl, `https://${OLD}:8443/`);
  assert.equal(await accepts(OLD, 8443), true);
  const talk = `python3 client.py 9443 < <(sleep 25; echo)`;
  const socket = run([...host.prefix, "bash", "-c", talk], { cwd: home, timeoutMs: 60_000 });

  await mustRun(["ip", "-n", host.name, "address", "add", `${NEW}/24`, "dev", "eth0"]);
  assert.equal(await accepts(NEW, 8443), false, "the certificate cannot name it yet");
  for (const port of [8443, 9443]) {
    await waitFor(`a certificate for ${NEW} at ${port}`, () => accepts(NEW, port), 45_000);
    assert.equal(await accepts(OLD, port), true);
  }
  const { stdout, stderr } = await socket;
  assert.deepEqual(
    stdout.trim().split("\n"),
    ["HTTP/1.1 101", "echo:first", "echo:second"],
    stderr,
  );
});
