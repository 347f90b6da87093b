/**
 * A check, as doctor reports it.
 *
 * @module
 */

/** One thing that was looked at. The field names are part of the interface. */
export interface Check {
  readonly id: string;
  readonly group: CheckGroup;
  /** fail: somebody is refused. warn: worth a look, and nobody is refused today. skip: could not be looked at. */
  readonly status: "pass" | "warn" | "fail" | "skip";
  readonly severity: "none" | "low" | "medium" | "high";
  /** A sentence with its period. */
  readonly message: string;
  /** A command or lines of a configuration, to paste as they are. */
  readonly fix?: string;
  /** What to do with the fix, where that is not plain: "On the server", "Into the server block of nginx". */
  readonly fixNote?: string;
  /** Clients that refuse for it. */
  readonly clients?: readonly string[];
}

/** Sections of the report, in order. */
export const CHECK_GROUPS = [
  "network",
  "tls",
  "certificate",
  "trust",
  "page",
  "ca",
  "stores",
  "certificates",
  "machine",
] as const;

/** One of {@link CHECK_GROUPS}. */
export type CheckGroup = typeof CHECK_GROUPS[number];

/** Parts of a check that may be left out. */
export type CheckDetails = Pick<Check, "fix" | "fixNote" | "clients">;

/** Makes checks of one section. */
export function checksOf(group: CheckGroup) {
  const make = (status: Check["status"], severity: Check["severity"]) =>
  (
    id: string,
    message: string,
    details: CheckDetails = {},
  ): Check => ({
    id,
    group,
    status,
    severity,
    message: /[.!?]$/.test(message) ? message : `${message}.`,
    ...details,
  });
  return {
    pass: make("pass", "none"),
    note: make("warn", "low"),
    warn: make("warn", "medium"),
    fail: make("fail", "high"),
    skip: make("skip", "none"),
  };
}
