/**
 * The commands and lines that mend things, as they can be pasted.
 *
 * @module
 */

import { quoteArgument } from "../host/shell_words.ts";
import type { TrustAnchor } from "../truststore/store.ts";
import type { Target } from "./target.ts";

/** A certificate of ours for the host, as the ledger has it, with its files in place. */
export interface IssuedFiles {
  readonly cert: string;
  readonly key: string | undefined;
  readonly sha256: string;
  readonly isCurrent: boolean;
}

/** What advice is made of. */
export interface Adviser {
  /** The program as the user would type it again. */
  readonly program: string;
  readonly target: Target;
  /** The server is this machine. */
  readonly isHere: boolean;
  /** The latest certificate that was issued for the host here. */
  readonly issued: IssuedFiles | undefined;
  /** Whether the server serves just that one. */
  readonly issuedIsServed?: boolean;
  /** Whether the CA here may issue for the host, or what it has to be permitted first. Default: it may. */
  readonly issuing?: "allowed" | "never" | { readonly permit: string };
  /** SHA-256 and file of our own root; undefined without a CA. */
  readonly ownRoot: { readonly sha256: string; readonly file: string } | undefined;
  /** Of the page that calls the server. */
  readonly origin: string | undefined;
}

/** A fix, and what to say about it. */
export interface Advice {
  readonly fix: string;
  readonly fixNote: string;
}

/** Where the commands are to be run. */
function place({ isHere }: Adviser): string {
  return isHere ? "On this machine, which is the server" : "On the server";
}

/** A new certificate for the host, and the lines for nginx. */
export function replaceCertificate(adviser: Adviser): Advice {
  const { program, target, issued } = adviser;
  if (issued?.isCurrent === true && adviser.issuedIsServed !== true) {
    return {
      fix: configCommand(adviser),
      fixNote:
        `"${issued.cert}" was issued for this host and is not what is served: put it into the server ` +
        "with these lines, or reload the server if it has them (nginx -s reload)",
    };
  }
  if (adviser.issuing === "never") {
    return {
      fix: `${program} inspect ${quoteArgument(target.origin)}`,
      fixNote:
        `Shows what is served. ${program} issues for no public address and no such name: the owner ` +
        "of the server has to get another certificate from its CA",
    };
  }
  return {
    fix: [...setupCommands(adviser), configCommand(adviser)].join("\n"),
    fixNote: `${place(adviser)}; the last prints the lines for nginx. Then reload the server`,
  };
}

/** A name outside what a CA is made for has to be permitted first. */
function setupCommands({ program, target, issuing, ownRoot }: Adviser): string[] {
  const setup = `${program} setup ${quoteArgument(target.host)}`;
  if (typeof issuing !== "object") return [setup];
  const permit = quoteArgument(issuing.permit);
  return ownRoot === undefined
    ? [`${setup} --permit ${permit}`]
    : [`${program} ca permit ${permit}`, setup];
}

/** `config nginx` for the host. @param port Default: the target's. */
export function configCommand(
  { program, target, origin }: Adviser,
  port: number = target.port,
): string {
  const cors = origin === undefined ? "" : ` --cors ${quoteArgument(origin)}`;
  return `${program} config nginx ${quoteArgument(target.host)} --port ${port}${cors}`;
}

/** The lines for nginx alone, where a certificate is there already. */
export function configLines(adviser: Adviser): Advice {
  if (adviser.issued?.isCurrent !== true) return replaceCertificate(adviser);
  return {
    fix: configCommand(adviser),
    fixNote: `${place(adviser)}; it prints the lines for nginx. Then reload the server`,
  };
}

/** A line of nginx. */
export function nginxLines(adviser: Adviser, ...lines: readonly string[]): Advice {
  return {
    fix: lines.join("\n"),
    fixNote: `In the server block of nginx (${
      place(adviser).toLowerCase()
    }), then: nginx -s reload`,
  };
}

/** A full chain for nginx. */
export function serveFullChain(adviser: Adviser): Advice {
  const { issued } = adviser;
  // What nginx would not take as it stands is for `config` to quote.
  if (issued?.isCurrent === true && !/[^\w./@+:,-]/.test(issued.cert + (issued.key ?? ""))) {
    return nginxLines(
      adviser,
      `ssl_certificate     ${issued.cert};`,
      ...(issued.key === undefined ? [] : [`ssl_certificate_key ${issued.key};`]),
    );
  }
  return {
    fix: "cat server.pem issuer.pem > fullchain.pem",
    fixNote: "The file of ssl_certificate (nginx) or SSLCertificateFile (Apache) has to hold the " +
      "server's certificate first, then its issuer's, and no root",
  };
}

/**
 * Trust for somebody else's root, or for a single server.
 *
 * @param served Whether the server sends it last, where `trust URL` finds it.
 */
export function trustAnchor(adviser: Adviser, anchor: TrustAnchor, served: boolean): Advice {
  const { program, target, ownRoot } = adviser;
  if (anchor.sha256 === ownRoot?.sha256) {
    return { fix: `${program} trust`, fixNote: "Trusts this machine's own CA in every store" };
  }
  const note = "Only if the fingerprint is the one that the owner of the server tells you";
  if (served) {
    const url = quoteArgument(target.origin);
    return { fix: `${program} trust ${url} --fingerprint ${anchor.sha256}`, fixNote: note };
  }
  const fix =
    `${program} trust - --fingerprint ${anchor.sha256} <<'END'\n${anchor.pem.trimEnd()}\nEND`;
  return { fix, fixNote: note };
}
