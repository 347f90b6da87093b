/**
 * Password rows and signatures that NSS's own certutil wrote (`certutil -N`, `certutil -A -t C,,`),
 * with NSS 3.87.1 and NSS 3.125.1.
 *
 * @module
 */

import { type Bytes, toBytes } from "../../../../src/bytes.ts";

/** A password row, and one signature made under it. */
export interface NssFixture {
  readonly name: string;
  readonly password: string;
  readonly iterations: number;
  readonly globalSalt: Bytes;
  readonly check: Bytes;
  readonly objectId: bigint;
  readonly attributeType: number;
  readonly value: Bytes;
  readonly signature: Bytes;
}

const hex = (text: string): Bytes =>
  toBytes(Uint8Array.from(text.match(/../g) ?? [], (octet) => parseInt(octet, 16)));

export const NSS_FIXTURES: readonly NssFixture[] = [
  {
    name: "NSS 3.87, empty password",
    password: "",
    iterations: 1,
    globalSalt: hex("7b29d34561179206579d2cc846545f61593cd874"),
    check: hex(
      "308181306d06092a864886f70d01050d3060304106092a864886f70d01050c30340420c8fa287eefe7ee3d5a876f19a06ee5986cc7a384b102bd1db1921895ab01f4dd020101020120300a06082a864886f70d0209301b060960864801650304012a040e5dc3647838d5510b3ffca6f3ae6b0410136f5d9336dc76a89689ab6a1e4affbd",
    ),
    objectId: 110308558n,
    attributeType: 0xce536358,
    value: hex("ce534352"),
    signature: hex(
      "308180305c06092a864886f70d01050e304f304106092a864886f70d01050c30340420c9e046d8b8187d2d779edfcfd99b5e2418f0a4d3e4c4a80ef3eac210a21b9b10020101020120300a06082a864886f70d0209300a06082a864886f70d0209042012972bf8015bcafcc32060eb960f2730a8477c5fa6b1a41871fd5990ca7ec4c7",
    ),
  },
  {
    name: "NSS 3.87, with a password",
    password: "secret1",
    iterations: 10000,
    globalSalt: hex("10e22e002c40acd1527165937629a9b95668e145"),
    check: hex(
      "308182306e06092a864886f70d01050d3061304206092a864886f70d01050c30350420dd5c4d8f43e5589df714dd94a19c52f3bce201ea6615a09b5da755a145104e4e02022710020120300a06082a864886f70d0209301b060960864801650304012a040e2c003c525a8c8a546221ba8682170410e8cacb2fa76b9b403eee5693f4a34c3d",
    ),
    objectId: 110320639n,
    attributeType: 0xce5363b4,
    value: hex("81a260a7a270e73ab16bf6ad9be34a71051b5123"),
    signature: hex(
      "308181305d06092a864886f70d01050e3050304206092a864886f70d01050c303504201c472ee11f84524783b42e6c56dba7e6f44d9657a3c89bbd9817cf6701b28a3202022710020120300a06082a864886f70d0209300a06082a864886f70d02090420c536d71f1c50e8508f3c0b019fd0b89482b62297f9415aec64b2e4366257004d",
    ),
  },
  {
    name: "NSS 3.125, empty password",
    password: "",
    iterations: 1,
    globalSalt: hex("0b02e75d80b0c46147f98d6e31da1d3fa8fec6a1"),
    check: hex(
      "308181306d06092a864886f70d01050d3060304106092a864886f70d01050c303404205fbd70a0747998225aa1194e4cf4f868ae204d0f8daf4866d288ab10134a947b020101020120300a06082a864886f70d0209301b060960864801650304012a040e52c8b72dba74095bb8ff7a4c51560410678db343e5ae4dcafca0a53e25af5a5b",
    ),
    objectId: 110649217n,
    attributeType: 0x62c,
    value: hex("00000002"),
    signature: hex(
      "308180305c06092a864886f70d01050e304f304106092a864886f70d01050c30340420cd66017f17b270be8eb70e01affa77739773930649d8418484cddaa8b751dcd0020101020120300a06082a864886f70d0209300a06082a864886f70d02090420e6db7bf7a90daa6e2405980ee017fef0eaf3b1015528090b53d02c736ab26993",
    ),
  },
  {
    name: "NSS 3.125, with a password (48-octet salt)",
    password: "secret1",
    iterations: 10000,
    globalSalt: hex(
      "ed7d418e1d59c577f0624c119ddd4ff7f2981889e753588c7eb30e06b699247ab7cabfea0e19378c566d5b19df3e2374",
    ),
    check: hex(
      "308182306e06092a864886f70d01050d3061304206092a864886f70d01050c30350420c53679a0a005416b4b3128661c534c1c46d6a3654f02c0b700545e8bef3ddbf002022710020120300a06082a864886f70d0209301b060960864801650304012a040eefe73419e959eeb0eca14bf2be6404104c7481a3466d9f8dee1c4c533172ee61",
    ),
    objectId: 110660593n,
    attributeType: 0x635,
    value: hex("bced6630f3dd83c00c824cb775698e905f19d1aabb57d38d8cdf95897839d456"),
    signature: hex(
      "308181305d06092a864886f70d01050e3050304206092a864886f70d01050c30350420b2ff5fa54e6695fb2c00c6ec2dbf9f37c0e2cd6e3bb0ba5291d1c1a0dc640b2d02022710020120300a06082a864886f70d0209300a06082a864886f70d020904204ea3eb3d7029f40574eb48a1c60474be338343ea6938be5b5fc7b894ffb736a4",
    ),
  },
];

/** Row of the 3DES scheme for the password ""; the key by Python's hashlib, the ciphertext by OpenSSL. */
export const TRIPLE_DES_EMPTY = {
  globalSalt: hex("000102030405060708090a0b0c0d0e0f10111213"),
  check: hex(
    "303c3028060b2a864886f70d010c050103301904146465666768696a6b6c6d6e6f70717273747576770201010410d7833eb73a9a703abf9a8ac5573a1c73",
  ),
};

/** Row of the 3DES scheme for the password "secret1"; the key by Python's hashlib, the ciphertext by OpenSSL. */
export const TRIPLE_DES_WITH_PASSWORD = {
  globalSalt: hex("000102030405060708090a0b0c0d0e0f10111213"),
  check: hex(
    "303c3028060b2a864886f70d010c050103301904146465666768696a6b6c6d6e6f7071727374757677020101041064fa1f1e9afbb73108496fb6597b7ed4",
  ),
};
