/**
 * What passed, failed and was skipped, by name, over all steps; and the reports it is read from.
 */

/** Counts tests. `npm test` has one. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;
  #failedNames = [];
  #skippedNames = [];

  pass() {
    this.passed++;
  }

  fail(name) {
    this.failed++;
    this.#failedNames.push(name);
  }

  skip(name) {
    this.skipped++;
    this.#skippedNames.push(name);
  }

  /**
   * Takes over what a JUnit report says.
   * @returns The counts of this report.
   */
  addReport(xml, suite) {
    const before = { passed: this.passed, failed: this.failed, skipped: this.skipped };
    for (
      const [, attributes, body = ""] of xml.matchAll(
        /<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g,
      )
    ) {
      const title = `${suite}: ${unescapeXml(/name="([^"]*)"/.exec(attributes)?.[1] ?? "?")}`;
      if (/<(?:failure|error)/.test(body)) this.fail(title);
      else if (/<skipped/.test(body)) this.skip(title);
      else this.pass();
    }
    return {
      passed: this.passed - before.passed,
      failed: this.failed - before.failed,
      skipped: this.skipped - before.skipped,
    };
  }

  /** The names, then the line that CI reads. */
  print() {
    for (const name of this.#skippedNames) console.log(`skipped: ${name}`);
    for (const name of this.#failedNames) console.log(`failed: ${name}`);
    console.log(`${this.passed} passed, ${this.failed} failed, ${this.skipped} skipped`);
  }
}

function unescapeXml(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
