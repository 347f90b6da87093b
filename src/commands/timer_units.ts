/**
 * The text of the systemd units that renew certificates once a day.
 *
 * @module
 */

import { writable } from "../input_text.ts";

/** Names of the units. */
export const SERVICE = "localtls-renew.service";
export const TIMER = "localtls-renew.timer";

/** The first line of both: what does not begin with it was written by somebody else, and is left alone. */
export const MARKER = "# Written by localtls; to remove it: localtls renew --uninstall-timer";

/** What the service runs. */
export interface ServiceOptions {
  /** Absolute path of the program, and its arguments. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The service: one run, and its exit code is the unit's, so that `systemctl --user --failed` shows what went wrong. */
export function serviceUnit({ argv, environment }: ServiceOptions): string {
  const [program = "", ...rest] = argv;
  const variables = Object.entries(environment)
    .map(([name, value]) => `Environment=${checked(`${name}=${value}`)}\n`).join("");
  const words = [checked(program), ...rest.map((word) => checked(word).replaceAll("$", "$$$$"))];
  return `${MARKER}
[Unit]
Description=Renew certificates issued by localtls

[Service]
Type=oneshot
${variables}ExecStart=${words.join(" ")}
`;
}

/**
 * The timer: daily, made up for after a machine was off (Persistent), and not on every machine of an office at
 * midnight.
 */
export function timerUnit(): string {
  return `${MARKER}
[Unit]
Description=Renew certificates issued by localtls once a day

[Timer]
OnCalendar=daily
RandomizedDelaySec=3h
Persistent=true

[Install]
WantedBy=timers.target
`;
}

/** As {@link quote}. Throws USAGE for a control character, of which some end a line of a unit even in quotes. */
function checked(word: string): string {
  return quote(writable(word, "a systemd unit"));
}

/** A word for systemd (systemd.syntax(7), quoting; systemd.unit(5), specifiers). */
export function quote(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%");
  return `"${escaped}"`;
}
