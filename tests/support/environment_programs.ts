/**
 * Programs that fetch one URL, in several languages.
 *
 * @module
 */

import { scriptFile } from "./https_client.ts";

/** For Node, Deno and Bun. */
export const javascript = (url: string) => `
try {
  console.log(await (await fetch(${JSON.stringify(url)})).text());
} catch (error) {
  for (let cause = error; cause; cause = cause.cause) console.log(cause.code, cause.message);
  (globalThis.process ?? Deno).exit(1);
}
`;

/** A file with a program that prints what a URL gives. */
export const urllib = scriptFile(
  "fetch_urllib.py",
  "import sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())\n",
);
/** A file with a program that prints what a URL gives. */
export const requests = scriptFile(
  "fetch_requests.py",
  "import sys, requests\nprint(requests.get(sys.argv[1], timeout=20).text)\n",
);
/** A file with a program that prints what a URL gives. */
export const httpx = scriptFile(
  "fetch_httpx.py",
  "import sys, httpx\nprint(httpx.get(sys.argv[1], timeout=20).text)\n",
);
/** A file with a program that prints what a URL gives. */
export const ruby = scriptFile(
  "fetch.rb",
  "require 'net/http'\nputs Net::HTTP.get(URI(ARGV[0]))\n",
);
/** A file with a program that prints what a URL gives. */
export const php = scriptFile(
  "fetch.php",
  "<?php $body = file_get_contents($argv[1]); if ($body === false) exit(1); echo $body;\n",
);

export const GO_SOURCE = `package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/url"
	"os"
)

func main() {
	target, _ := url.Parse(os.Args[1])
	connection, err := tls.Dial("tcp", target.Host, nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Fprintf(connection, "GET / HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n", target.Hostname())
	body, _ := io.ReadAll(connection)
	fmt.Println(string(body))
}
`;

export const JAVA_SOURCE = `
public class Fetch {
  public static void main(String[] args) throws Exception {
    var connection = new java.net.URI(args[0]).toURL().openConnection();
    System.out.println(new String(connection.getInputStream().readAllBytes()));
  }
}
`;
