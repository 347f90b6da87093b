import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LocalTlsError } from "../../../src/errors.ts";
import {
  type EnvironmentFormat,
  formatDocker,
  formatEnvironment,
} from "../../../src/recipes/environment_formats.ts";
import { phpSettings, quoteJvmWord, wgetSettings } from "../../../src/recipes/environment.ts";

const write = (format: EnvironmentFormat, value: string) =>
  formatEnvironment(format, [{ name: "A", value }]);

function refuses(work: () => unknown): void {
  assert.throws(work, (error) => error instanceof LocalTlsError && error.code === "USAGE");
}

describe("formatEnvironment()", () => {
  test("quotes as each reader takes it", () => {
    assert.equal(write("sh", "it's $x"), "export A='it'\\''s $x'\n");
    assert.equal(write("fish", "it's \\"), "set -gx A 'it\\'s \\\\';\n");
    assert.equal(write("powershell", "it\u2019s $x"), "$env:A = 'it\u2019\u2019s $x'\n");
    assert.equal(write("cmd", "C:\\100%&b"), 'set "A=C:\\100%%&b"\n');
    assert.equal(write("json", 'a"b'), '{\n  "A": "a\\"b"\n}\n');
    assert.equal(write("dotenv", "C:\\a b"), "A='C:\\a b'\n");
    assert.equal(write("dotenv", "it's"), 'A="it\'s"\n');
    assert.equal(write("dotenv", "it's $x"), "A=`it's $x`\n");
    assert.equal(write("systemd", 'a"$`\\b'), 'A="a\\"\\$\\`\\\\b"\n');
  });

  test("refuses what a format cannot hold", () => {
    refuses(() => write("cmd", 'a"b'));
    refuses(() => write("cmd", "a\nb"));
    refuses(() => write("dotenv", "'$`"));
    for (const value of ["a\u0000b", "a\rb", "a\u001bb", "a\u202eb"]) {
      refuses(() => write("sh", value));
      refuses(() => write("json", value));
    }
  });
});

describe("formatDocker()", () => {
  test("mounts every file once and names it where it stands then", () => {
    const variables = [{ name: "A", value: "/s/bundle.pem" }, {
      name: "B",
      value: "/s/bundle.pem",
    }];
    assert.equal(
      formatDocker(variables),
      "--volume=/s/bundle.pem:/run/localtls/bundle.pem:ro\n" +
        "--env=A=/run/localtls/bundle.pem\n--env=B=/run/localtls/bundle.pem\n",
    );
  });
  test("refuses a path that a shell would split or expand, or docker at a colon", () => {
    for (const value of ["/a b", "/a:b", "/a*b", "/a$b", "/a\nb", "/a'b"]) {
      refuses(() => formatDocker([{ name: "A", value }]));
    }
  });
});

describe("settings that name the bundle", () => {
  test("quoteJvmWord() uses the quote that is not in the word", () => {
    assert.equal(quoteJvmWord("-Da=/s/b"), "-Da=/s/b");
    assert.equal(quoteJvmWord("-Da=/it's here"), '"-Da=/it\'s here"');
    assert.equal(quoteJvmWord('-Da=/a"b c'), '"-Da=/a"\'"\'"b c"');
  });
  test("phpSettings() and wgetSettings() refuse a path that would end early", () => {
    assert.match(phpSettings("/a b")!, /^openssl\.cafile='\/a b'$/m);
    assert.equal(phpSettings("/it's"), undefined);
    assert.equal(wgetSettings("", "/a\nb"), undefined);
    assert.equal(wgetSettings("", "/a "), undefined);
    assert.match(wgetSettings("quiet = on", "/a")!, /^quiet = on\n#.*\nca_certificate = \/a\n$/);
  });
});
