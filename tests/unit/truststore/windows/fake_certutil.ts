/**
 * A certutil.exe that keeps Root stores in memory and answers as Microsoft's does. It shows which command is chosen
 * and what is made of its answers; trust itself is for Wine and its crypt32.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { decodePem } from "../../../../src/der/pem.ts";
import type { FakeCommand, FakeResult } from "../../../support/fake_host.ts";

/** HRESULTs. */
export const NOT_FOUND = 0x80090011;
export const CANCELLED = 0x800704c7;
export const ACCESS_DENIED = 0x80070005;
const INVALID_PARAMETER = 0x80070057;

/** The stores, and how the tool behaves. */
export interface FakeCertutil {
  /** DER by SHA-1. */
  readonly user: Map<string, Uint8Array>;
  readonly machine: Map<string, Uint8Array>;
  readonly disallowed: Map<string, Uint8Array>;
  elevated: boolean;
  /** What happens when the Security Warning would open. */
  warning: "yes" | "no" | "unanswered" | "no desktop";
  /** Exits with 0 and does nothing, from the first call or in changes alone. */
  lies: "never" | "always" | "in changes";
  /** Only the lowest octet of an exit code arrives. */
  cutsCodes: boolean;
  /** In place of what a store really holds. */
  exports: ((der: Uint8Array) => Uint8Array | string) | undefined;
  /** Milliseconds that the last change was given. */
  lastTimeoutMs: number;
  readonly certutil: FakeCommand;
  /** `reg query` of the user's own roots. */
  readonly reg: FakeCommand;
}

/** @param place Where a path that the tool is given stands on the disk of the fake host. */
export function createFakeCertutil(place: (path: string) => string): FakeCertutil {
  const fake: FakeCertutil = {
    user: new Map(),
    machine: new Map(),
    disallowed: new Map(),
    elevated: false,
    warning: "yes",
    lies: "never",
    cutsCodes: false,
    exports: undefined,
    lastTimeoutMs: 0,
    certutil(argv, _input, host, { timeoutMs }) {
      if (fake.lies === "always") return 0;
      const words = argv.slice(1);
      const isUser = words[0] === "-user";
      if (isUser) words.shift();
      const [verb, ...rest] = words;
      const end = (code: number): FakeResult => fake.cutsCodes ? code & 0xff : code;
      if (verb === "-store" && rest.length === 3) {
        const [store, sha1, out] = rest as [string, string, string];
        const der = store === "Disallowed"
          ? fake.disallowed.get(sha1)
          : store !== "Root"
          ? undefined
          : (isUser ? fake.user.get(sha1) : undefined) ?? fake.machine.get(sha1);
        if (der === undefined) return end(NOT_FOUND);
        host.disk.put(place(out), { content: fake.exports?.(der) ?? der, uid: 1000, gid: 1000 });
        return 0;
      }
      fake.lastTimeoutMs = timeoutMs;
      if (fake.lies === "in changes") return 0;
      const denied = () => isUser ? undefined : fake.elevated ? undefined : end(ACCESS_DENIED);
      const asked = (): FakeResult | undefined => {
        if (!isUser || fake.warning === "yes") return undefined;
        if (fake.warning === "unanswered") return "timed-out";
        return end(fake.warning === "no" ? CANCELLED : ACCESS_DENIED);
      };
      const target = isUser ? fake.user : fake.machine;
      if (verb === "-addstore" && rest.length === 3 && rest[0] === "-f" && rest[1] === "Root") {
        const text = host.disk.text(place(rest[2]!));
        if (text === undefined) return end(INVALID_PARAMETER);
        const refused = denied() ?? asked();
        if (refused !== undefined) return refused;
        const { der } = decodePem(text)[0]!;
        target.set(createHash("sha1").update(der).digest("hex"), der);
        return 0;
      }
      if (verb === "-delstore" && rest.length === 2 && rest[0] === "Root") {
        if (!target.has(rest[1]!)) return end(NOT_FOUND);
        const refused = denied() ?? asked();
        if (refused !== undefined) return refused;
        target.delete(rest[1]!);
        return 0;
      }
      return end(INVALID_PARAMETER);
    },
    reg(argv) {
      const prefix = "HKCU\\Software\\Microsoft\\SystemCertificates\\Root\\Certificates\\";
      const [, verb, key = ""] = argv;
      if (verb !== "query" || !key.startsWith(prefix)) return 1;
      return fake.user.has(key.slice(prefix.length).toLowerCase()) ? 0 : 1;
    },
  };
  return fake;
}
