/**
 * Name, address, port.
 *
 * @module
 */

import { quoteArgument } from "../../host/shell_words.ts";
import { type Adviser, configCommand } from "../advice.ts";
import { type Check, type CheckDetails, checksOf } from "../check.ts";
import { badPort } from "../connection_faults.ts";
import type { DialFault } from "../network/dial.ts";
import type { Sight } from "../sight.ts";
import { describeUnreachable } from "../verdicts.ts";

const { pass, fail, skip } = checksOf("network");

/** A port that is free to use and that browsers go to. */
const GOOD_PORT = 8443;

/** Checks of the way to the server. */
export function networkChecks(adviser: Adviser, sight: Sight): Check[] {
  const { target } = adviser;
  const { host, port } = target;
  const checks: Check[] = [];
  if (!target.isAddress) {
    checks.push(
      sight.addresses.length > 0
        ? pass("name-resolution", `"${host}" is ${sight.addresses.slice(0, 4).join(", ")}`)
        : fail("name-resolution", describeUnreachable(target, "not-resolved"), {
          fix: `echo '127.0.0.1 ${host}' | sudo tee -a /etc/hosts`,
          fixNote: "For a server on this machine; for another one put its address there",
        }),
    );
  }
  const bad = badPort("chromium", port);
  if (bad !== undefined) {
    checks.push(fail("port-allowed", bad.message, {
      fix: configCommand(adviser, GOOD_PORT),
      fixNote: "Serve on another port",
      clients: ["Chromium", "Firefox", "Node"],
    }));
  }
  const { unreachable } = sight;
  if (unreachable === undefined) {
    checks.push(pass("tcp-connect", `${host} answers on port ${port}`));
  } else if (unreachable === "not-resolved") {
    checks.push(skip("tcp-connect", "Without an address nothing can be connected to"));
  } else {
    const message = describeUnreachable(target, unreachable);
    checks.push(fail("tcp-connect", message, reachAdvice(adviser, unreachable)));
  }
  return checks;
}

function reachAdvice({ target, isHere }: Adviser, fault: DialFault): CheckDetails {
  const { host, port } = target;
  switch (fault) {
    case "refused":
      return isHere
        ? {
          fix: `sudo ss -ltnp 'sport = :${port}'`,
          fixNote: "Shows who listens there: nobody yet. Start the server, or correct its port",
        }
        : {
          fix: `sudo ss -ltnp 'sport = :${port}'`,
          fixNote: "On the server: shows whether it listens on this port, and on which address",
        };
    case "timeout":
      return {
        fix: `sudo ufw allow ${port}/tcp`,
        fixNote: "On the server, where its firewall is ufw (firewalld: firewall-cmd --add-port)",
      };
    case "unreachable":
      return {
        fix: `ip route get ${quoteArgument(host)}`,
        fixNote: "Shows by which network it is looked for; check the address and the cable",
      };
    default:
      return {};
  }
}
