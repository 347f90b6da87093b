/*
 * certutil.exe on crypt32, for Wine, whose own one answers 0 and does nothing.
 *
 *   certutil [-user] -addstore [-f] Root FILE
 *   certutil [-user] -store Root|Disallowed [SHA1 [OUT]]
 *   certutil [-user] -delstore Root SHA1
 *
 * The store is the real one, which every client of crypt32 reads. What is asked in any other way is refused
 * with the code of Microsoft's program (0x80070057, ERROR_INVALID_PARAMETER), and nothing is done. Not shown by
 * it: the "Security Warning" of Windows when a user adds a root. The machine's store is closed to it as to a user
 * without elevation (0x80070005): Wine fills that store anew from the Linux side whenever a program opens it.
 */
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>
#include <wchar.h>

#define FILE_LIMIT (1 << 20)
/* A store that never ends its list must not hold up a test. */
#define CERTIFICATE_LIMIT 4096
#define SHA1_BYTES 20

static int failed(const wchar_t *verb, DWORD code) {
  wprintf(L"CertUtil: %ls command FAILED: 0x%08lx (%ld)\n", verb, code, (long)code);
  return (int)code;
}

static int completed(const wchar_t *verb) {
  wprintf(L"CertUtil: %ls command completed successfully.\n", verb);
  return 0;
}

static HCERTSTORE open_store(LPCSTR provider, BOOL user, const wchar_t *name) {
  DWORD place = user ? CERT_SYSTEM_STORE_CURRENT_USER : CERT_SYSTEM_STORE_LOCAL_MACHINE;
  return CertOpenStore(provider, 0, 0, place, name);
}

/* A certificate file, DER or PEM. NULL with GetLastError() set. */
static PCCERT_CONTEXT read_certificate(const wchar_t *path) {
  static BYTE content[FILE_LIMIT];
  static BYTE der[FILE_LIMIT];
  DWORD size = 0, length = sizeof der;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return NULL;
  BOOL read = ReadFile(file, content, sizeof content, &size, NULL);
  CloseHandle(file);
  if (!read) return NULL;
  if (CryptStringToBinaryA((char *)content, size, CRYPT_STRING_BASE64HEADER, der, &length, NULL, NULL))
    return CertCreateCertificateContext(X509_ASN_ENCODING, der, length);
  return CertCreateCertificateContext(X509_ASN_ENCODING, content, size);
}

static BOOL sha1_of(PCCERT_CONTEXT certificate, wchar_t text[2 * SHA1_BYTES + 1]) {
  BYTE hash[SHA1_BYTES];
  DWORD size = sizeof hash;
  if (!CertGetCertificateContextProperty(certificate, CERT_SHA1_HASH_PROP_ID, hash, &size)) return FALSE;
  for (int i = 0; i < SHA1_BYTES; i++) swprintf(text + 2 * i, 3, L"%02x", hash[i]);
  return TRUE;
}

static BOOL is_sha1(const wchar_t *text) {
  return wcslen(text) == 2 * SHA1_BYTES && wcsspn(text, L"0123456789abcdefABCDEF") == 2 * SHA1_BYTES;
}

static int add(BOOL force, const wchar_t *path) {
  PCCERT_CONTEXT certificate = read_certificate(path);
  if (certificate == NULL) return failed(L"-addstore", HRESULT_FROM_WIN32(GetLastError()));
  HCERTSTORE store = open_store(CERT_STORE_PROV_SYSTEM_W, TRUE, L"Root");
  DWORD how = force ? CERT_STORE_ADD_REPLACE_EXISTING : CERT_STORE_ADD_NEW;
  if (store == NULL || !CertAddCertificateContextToStore(store, certificate, how, NULL)) {
    DWORD code = GetLastError();
    if (code != (DWORD)CRYPT_E_EXISTS) return failed(L"-addstore", code);
    wprintf(L"Certificate already in store.\n");
  }
  CertCloseStore(store, 0);
  CertFreeCertificateContext(certificate);
  return completed(L"-addstore");
}

static BOOL write_file(const wchar_t *path, const BYTE *content, DWORD size) {
  DWORD written = 0;
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return FALSE;
  BOOL good = WriteFile(file, content, size, &written, NULL) && written == size;
  CloseHandle(file);
  return good;
}

/* As on Windows the user's store shows the machine's certificates as well. */
static int list(BOOL user, const wchar_t *name, const wchar_t *sha1, const wchar_t *out) {
  HCERTSTORE store = open_store(CERT_STORE_PROV_SYSTEM_W, user, name);
  if (store == NULL) return failed(L"-store", GetLastError());
  PCCERT_CONTEXT certificate = NULL;
  int seen = 0, shown = 0;
  while (seen < CERTIFICATE_LIMIT &&
         (certificate = CertEnumCertificatesInStore(store, certificate)) != NULL) {
    wchar_t hash[2 * SHA1_BYTES + 1];
    int index = seen++;
    if (!sha1_of(certificate, hash) || (sha1 != NULL && _wcsicmp(hash, sha1) != 0)) continue;
    shown++;
    wprintf(L"================ Certificate %d ================\nCert Hash(sha1): %ls\n\n", index, hash);
    if (out != NULL && !write_file(out, certificate->pbCertEncoded, certificate->cbCertEncoded))
      return failed(L"-store", HRESULT_FROM_WIN32(GetLastError()));
  }
  CertCloseStore(store, 0);
  return sha1 != NULL && shown == 0 ? failed(L"-store", NTE_NOT_FOUND) : completed(L"-store");
}

/* The registry's part of the store alone (provider 13): that which shows everything (10) deletes from a copy. */
static int delete(const wchar_t *sha1) {
  for (int deleted = 0; deleted < CERTIFICATE_LIMIT; deleted++) {
    HCERTSTORE store = open_store(CERT_STORE_PROV_SYSTEM_REGISTRY_W, TRUE, L"Root");
    if (store == NULL) return failed(L"-delstore", GetLastError());
    PCCERT_CONTEXT certificate = NULL, found = NULL;
    for (int seen = 0; seen < CERTIFICATE_LIMIT && found == NULL; seen++) {
      wchar_t hash[2 * SHA1_BYTES + 1];
      certificate = CertEnumCertificatesInStore(store, certificate);
      if (certificate == NULL) break;
      if (sha1_of(certificate, hash) && _wcsicmp(hash, sha1) == 0)
        found = CertDuplicateCertificateContext(certificate);
    }
    if (certificate != NULL) CertFreeCertificateContext(certificate);
    BOOL good = found != NULL && CertDeleteCertificateFromStore(found);
    DWORD code = GetLastError();
    CertCloseStore(store, 0);
    if (found == NULL) return deleted > 0 ? completed(L"-delstore") : failed(L"-delstore", NTE_NOT_FOUND);
    if (!good) return failed(L"-delstore", code);
    wprintf(L"Deleting Certificate %ls\n", sha1);
  }
  return failed(L"-delstore", (DWORD)E_FAIL);
}

int wmain(int argc, wchar_t **argv) {
  BOOL user = FALSE, force = FALSE;
  const wchar_t *verb = L"";
  int i = 1;
  for (; i < argc && argv[i][0] == L'-'; i++) {
    if (wcscmp(argv[i], L"-user") == 0) user = TRUE;
    else if (wcscmp(argv[i], L"-f") == 0) force = TRUE;
    else if (verb[0] == 0) verb = argv[i];
    else return failed(argv[i], HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER));
  }
  wchar_t **words = argv + i; /* the store, a file or a SHA-1, a file */
  int count = argc - i;
  BOOL root = count > 0 && wcscmp(words[0], L"Root") == 0;
  BOOL readable = root || (count > 0 && wcscmp(words[0], L"Disallowed") == 0);
  BOOL changes = wcscmp(verb, L"-addstore") == 0 || wcscmp(verb, L"-delstore") == 0;
  BOOL by_hash = count > 1 && is_sha1(words[1]);
  if (!user && changes && root && count == 2) return failed(verb, (DWORD)E_ACCESSDENIED);
  if (wcscmp(verb, L"-addstore") == 0 && root && count == 2) return add(force, words[1]);
  if (wcscmp(verb, L"-store") == 0 && !force && readable && (count == 1 || (by_hash && count <= 3)))
    return list(user, words[0], by_hash ? words[1] : NULL, count == 3 ? words[2] : NULL);
  if (wcscmp(verb, L"-delstore") == 0 && !force && root && by_hash && count == 2)
    return delete(words[1]);
  return failed(verb, HRESULT_FROM_WIN32(ERROR_INVALID_PARAMETER));
}
