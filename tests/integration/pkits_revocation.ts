/**
 * The cases of NIST's PKITS that are refused for revocation alone: their certificates are good, and verifyPath does
 * not look at CRLs. By the end of the file's name; sections as in the suite's own document.
 *
 * @module
 */

/** 4.4 (basic revocation), 4.5 (self-issued certificates that revocation decides about), 4.7.4 and 4.7.5, 4.14, 4.15. */
export const DECIDED_BY_REVOCATION: readonly string[] = [
  "MissingCRLTest1",
  "RevokedCATest2",
  "RevokedEETest3",
  "BadCRLSignatureTest4",
  "BadCRLIssuerNameTest5",
  "WrongCRLTest6",
  "UnknownCRLEntryExtensionTest8",
  "UnknownCRLExtensionTest9",
  "UnknownCRLExtensionTest10",
  "OldCRLnextUpdateTest11",
  "pre2000CRLnextUpdateTest12",
  "LongSerialNumberTest18",
  "SeparateCertificateandCRLKeysTest20",
  "SeparateCertificateandCRLKeysTest21",
  "BasicSelfIssuedOldWithNewTest2",
  "BasicSelfIssuedNewWithOldTest5",
  "BasicSelfIssuedCRLSigningKeyTest7",
  "keyUsageCriticalcRLSignFalseTest4",
  "keyUsageNotCriticalcRLSignFalseTest5",
  "distributionPointTest2",
  "distributionPointTest3",
  "distributionPointTest6",
  "distributionPointTest8",
  "distributionPointTest9",
  "onlyContainsUserCertsTest11",
  "onlyContainsCACertsTest12",
  "onlyContainsAttributeCertsTest14",
  "onlySomeReasonsTest15",
  "onlySomeReasonsTest16",
  "onlySomeReasonsTest17",
  "onlySomeReasonsTest20",
  "onlySomeReasonsTest21",
  "IDPwithindirectCRLTest23",
  "IDPwithindirectCRLTest26",
  "cRLIssuerTest27",
  "cRLIssuerTest31",
  "cRLIssuerTest32",
  "cRLIssuerTest34",
  "cRLIssuerTest35",
  "deltaCRLIndicatorNoBaseTest1",
  "deltaCRLTest3",
  "deltaCRLTest4",
  "deltaCRLTest6",
  "deltaCRLTest9",
  "deltaCRLTest10",
];

/** Accepted by the suite, refused here: DSA, which no TLS client takes any more. */
export const DSA_CASES: readonly string[] = ["DSASignaturesTest4", "DSAParameterInheritanceTest5"];
