import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readAllowed } from "../../../src/host/sddl.ts";

const ANN = "S-1-5-21-1643835476-1616584234-1346609752-1001";

/** "SID:mask" of each entry, with marks of inheritance. */
function shown(descriptor: string): string[] | undefined {
  return readAllowed(descriptor)?.map(({ sid, mask, inherited, inheritOnly }) =>
    `${sid}:${mask.toString(16)}${inherited ? " inherited" : ""}${inheritOnly ? " only" : ""}`
  );
}

describe("readAllowed()", () => {
  const good: [string, string, string[]][] = [
    [
      "what icacls has made, read back on a runner with an account of RID 500",
      "D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;LA)",
      ["SY:1f01ff inherited", "BA:1f01ff inherited", "LA:1f01ff inherited"],
    ],
    [
      "a user's own directory, inherited from the profile",
      `D:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIID;FA;;;${ANN})`,
      ["SY:1f01ff inherited", "BA:1f01ff inherited", `${ANN}:1f01ff inherited`],
    ],
    [
      "a directory at the root of a drive, where everybody may add",
      "D:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)" +
      "(A;ID;0x1301bf;;;AU)(A;OICIIOID;SDGXGWGR;;;AU)",
      [
        "BA:1f01ff inherited",
        "SY:1f01ff inherited",
        "BU:1200a9 inherited",
        "AU:1301bf",
        "AU:e0010000 inherited only",
      ],
    ],
    ["a file that everybody reads", "D:(A;;FR;;;WD)", ["WD:120089"]],
    ["rights by their old letters", "D:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BU)", ["BU:f01ff"]],
    ["a decimal mask", "D:(A;;1179817;;;BU)", ["BU:1200a9"]],
    ["an owner and a group before it", "O:BAG:SYD:P(A;;FA;;;BA)", ["BA:1f01ff"]],
    ["auditing after it", "D:P(A;;FA;;;BA)S:AI(AU;SAFA;FA;;;WD)", ["BA:1f01ff"]],
    ["a list that gives nobody anything", "D:P", []],
    ["no list at all: everybody may do everything", "D:NO_ACCESS_CONTROL", ["WD:1f01ff inherited"]],
    ["a denial, which gives nothing", "D:(D;;FA;;;WD)(A;;FA;;;SY)", ["SY:1f01ff"]],
    [
      "a condition, which may come true",
      'D:(XA;;FR;;;S-1-1-0;(@User.Title=="a)(b" && (Member_of {SID(BA)})))(A;;FA;;;SY)',
      ["S-1-1-0:120089", "SY:1f01ff"],
    ],
  ];
  for (const [what, descriptor, wanted] of good) {
    test(`reads ${what}`, () => assert.deepEqual(shown(descriptor), wanted));
  }

  const bad: [string, string][] = [
    ["nothing", ""],
    ["another text", "Successfully processed 1 files"],
    ["a list of audits alone", "S:(AU;SAFA;FA;;;WD)"],
    ["an entry without an end", "D:(A;;FA;;;SY"],
    ["text after an entry", "D:(A;;FA;;;SY)x"],
    ["text between entries", "D:(A;;FA;;;SY),(A;;FA;;;BA)"],
    ["unknown flags of the list", "D:Q(A;;FA;;;SY)"],
    ["an unknown right", "D:(A;;ZZ;;;SY)"],
    ["an odd letter among the rights", "D:(A;;FAF;;;SY)"],
    ["a number that is none", "D:(A;;0x;;;SY)"],
    ["a number that is too long", "D:(A;;0x1001f01ff;;;SY)"],
    ["no account", "D:(A;;FA;;;)"],
    ["an entry that is too short", "D:(A;;FA)"],
    ["an account by its name", "D:(A;;FA;;;Everyone)"],
    ["a SID that is cut off", "D:(A;;FA;;;S-1-)"],
    ["an unknown type", "D:(Q;;FA;;;SY)"],
    ["flags that are none", "D:(A;oi;FA;;;SY)"],
    ["a quotation without an end", 'D:(XA;;FR;;;WD;(@x=="))'],
    ["an owner with parentheses before the list", "O:(A;;FA;;;SY)D:(A;;FA;;;SY)"],
    ["lower case", "d:(a;;fa;;;sy)"],
  ];
  for (const [what, descriptor] of bad) {
    test(`gives no answer for ${what}`, () => assert.equal(readAllowed(descriptor), undefined));
  }
});
