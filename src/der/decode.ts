/**
 * Strict DER decoding (ITU-T X.690): the part that RFC 5280, PKCS#8, PKCS#10 and PKCS#12 need.
 *
 * This file validates encodings, one TLV at a time: low tag numbers, definite and minimal lengths, no
 * octets after the end, the constructed bit of every universal type, bounds on depth and size; and the
 * contents of BOOLEAN, INTEGER, BIT STRING, OBJECT IDENTIFIER, NULL and the two times. It builds no tree:
 * what the caller does not read is not looked into.
 *
 * It does not validate: the order and meaning of fields (x509/certificate.ts, x509/extensions.ts), the
 * character sets of strings (x509/name.ts, x509/general_name.ts), that a default value is left out
 * (the reader of each field, where it can be enforced), anything about trust (pki/).
 *
 * Whatever the input, nothing but LocalTlsError DER_INVALID is thrown, with the field and the offset
 * of the octet that is wrong, counted from the start of the outermost input.
 *
 * @module
 */

export { derError, type Element } from "./element.ts";
export { DerReader, MAX_DEPTH, MAX_LENGTH } from "./reader.ts";
export {
  decodeBitString,
  decodeBoolean,
  decodeIntegerUnsigned,
  decodeNull,
  decodeOctetBits,
  decodeOid,
  decodeSerialNumber,
  decodeSmallInteger,
  decodeTime,
  isZeroSerial,
  MAX_SERIAL_OCTETS,
} from "./values.ts";
