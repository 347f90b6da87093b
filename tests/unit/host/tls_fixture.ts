/**
 * A root and an end-entity certificate for localhost, made with OpenSSL 3 for these tests alone; they
 * last 100 years, and nothing trusts them.
 *
 * @module
 */

export const ROOT_PEM = `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIUZb63sJCSBBQXZCqIbQl6B+2mckAwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMRml4dHVyZSBSb290MCAXDTI2MTEyNDAyNDA0MFoYDzIxMjYx
MDMxMDI0MDQwWjAXMRUwEwYDVQQDDAxGaXh0dXJlIFJvb3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAQDBTKNzcrcelSwruLuCKTmiAS0hUzJkedg6PyoT3TljJen
YFkB/wrGSV+T0jIKHsJmYUF8eTgfZ0VEbUQo2bXTo1MwUTAdBgNVHQ4EFgQUKFM/
za72jKKHW2mO0H9mf3JnWZUwHwYDVR0jBBgwFoAUKFM/za72jKKHW2mO0H9mf3Jn
WZUwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEA0Ml7xycpjM0O
vmO3sVDU+oKjWCl3rUUSDrtO+6wWA1ACIGVxwqmehUvdHLJqA6awb/k9tRBHrcOC
MVfI8ivS8KGi
-----END CERTIFICATE-----
`;

export const LEAF_PEM = `-----BEGIN CERTIFICATE-----
MIIBjjCCATOgAwIBAgIUEuoE9zIox2KuXR/uxGCNnxYc6QMwCgYIKoZIzj0EAwIw
FzEVMBMGA1UEAwwMRml4dHVyZSBSb290MCAXDTI2MTEyNDAyNDA0MFoYDzIxMjYx
MDMxMDI0MDQwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggq
hkjOPQMBBwNCAAQByxrGcjnaGECyWkkJeGZOgiC/zIgnoRfk1uF5WFJsOvmkaded
vRQXed+etI3plIlGyKddhVzZEGhrcamIViZ6o14wXDAaBgNVHREEEzARgglsb2Nh
bGhvc3SHBH8AAAEwHQYDVR0OBBYEFGr6hiDhiTkFRa6lvdkgcwud+6KuMB8GA1Ud
IwQYMBaAFChTP82u9oyih1tpjtB/Zn9yZ1mVMAoGCCqGSM49BAMCA0kAMEYCIQDk
HxZP9toXE7s/VuI01WHCnoTS64gaHynCCIHglzwCZAIhAPcwjdWBsWj6zkN7E7vg
NfrD+bpKyH3zK7JKJmjrK2ml
-----END CERTIFICATE-----
`;

export const LEAF_KEY_PEM = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQ6rnqYJzv0Mg41Qu
gAEaZGONrqskwWwBxvFBgZh3qiihRANCAAQByxrGcjnaGECyWkkJeGZOgiC/zIgn
oRfk1uF5WFJsOvmkadedvRQXed+etI3plIlGyKddhVzZEGhrcamIViZ6
-----END PRIVATE KEY-----
`;

/** The DER of a PEM file with one block. */
export function pemToDer(pem: string): Uint8Array {
  return Uint8Array.from(atob(pem.replace(/-----[^-]+-----|\s/g, "")), (c) => c.charCodeAt(0));
}
