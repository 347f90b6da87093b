/**
 * What `localtls --help` prints, as app.ts makes it of the definitions of all commands: kept here so that nothing of
 * them has to be loaded for it. A test compares the two.
 *
 * @module
 */

/** The help of the program itself. */
export const TOP_HELP = `\
Usage
  localtls setup <NAME>...
  localtls cert <NAME>...
  localtls csr <NAME>...
  localtls accept <ANSWER>
  localtls list
  localtls renew <FILE|NAME>...
  localtls trust
  localtls untrust
  localtls inspect <FILE|URL|->
  localtls serve
  localtls proxy
  localtls status
  localtls doctor
  localtls uninstall
  localtls ca show|permit|rotate|export|import|encrypt|decrypt ...
  localtls mkcert <NAME>...
  localtls config <SERVER|NAME>...
  localtls share
  localtls env
  localtls run <COMMAND>...
  localtls completions <SHELL>
  localtls version
  localtls --help

localtls makes browsers and every other client on this machine trust HTTPS on localhost,
LAN addresses and air-gapped networks. Begin with: localtls setup

Exit codes: 0 done; 1 failed, or a check found a problem; 2 wrong command line; 3 done in part.

Options
  -h --help  Print help and exit
     --      Take everything after it as an argument

Commands
  setup        Make the CA, have it trusted on this machine, write a certificate
  cert         Issue certificates for names and addresses, requests, or lists of them
  csr          Make a key and a request that another CA can answer
  accept       Put the answer of another CA beside the key that it is for
  list         List the certificates issued here, and how they stand
  renew        Issue again, in place, the certificates that end soon
  trust        Trust our CA, or somebody's certificate
  untrust      Take our CA, or somebody's certificate, out of the stores
  inspect      Show what is in a certificate, request, key or PKCS#12 file
  serve        Serve the files of a directory over HTTPS
  proxy        Put HTTPS in front of another server
  status       Show the CA, the stores and the certificates; exit 1 when something needs doing
  doctor       Find why a client refuses, and what mends it; exit 1 when there is a problem
  uninstall    Take back every change that was made to this machine, and check
  ca           The CA itself: show, permit, rotate, export, import, encrypt, decrypt
  mkcert       mkcert's own command line; also when the program is called mkcert
  config       Print the lines to paste into a server, a Dockerfile, a Kubernetes manifest
  share        Pack the root, never its key, for other machines and phones
  env          Print the variables by which Node, Python, Java, Go, git, curl, ... trust the CA
  run          Run a command with these variables
  completions  Print the completion script of a shell
  version      Print the version
`;
