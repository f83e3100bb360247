-- libcrypto through FFI, without an allocation per request: SHA-256 by its block functions on static states, AES-256-GCM on two contexts
-- that live as long as the worker. HMAC is built from SHA-256: the one-shot HMAC() allocates and fetches its digest anew at each call.
-- Everything works on memory that the caller names. Short loops are written out: LuaJIT would compile each as a fragment of its own.
local ffi = require "ffi"
local bit = require "bit"

ffi.cdef [[
typedef struct { unsigned int h[8]; unsigned int nl, nh; unsigned int data[16]; unsigned int num, md_len; } hb_sha256;
int SHA256_Init(hb_sha256 *c);
int SHA256_Update(hb_sha256 *c, const void *data, size_t len);
int SHA256_Final(unsigned char *md, hb_sha256 *c);
int CRYPTO_memcmp(const void *a, const void *b, size_t len);
int RAND_bytes(unsigned char *buf, int num);
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct engine_st ENGINE;
EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
EVP_CIPHER *EVP_CIPHER_fetch(void *ctx, const char *algorithm, const char *properties);
int EVP_DecryptInit_ex(EVP_CIPHER_CTX *c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *key, const unsigned char *iv);
int EVP_DecryptUpdate(EVP_CIPHER_CTX *c, unsigned char *out, int *outl, const unsigned char *in, int inl);
int EVP_DecryptFinal_ex(EVP_CIPHER_CTX *c, unsigned char *out, int *outl);
int EVP_EncryptInit_ex(EVP_CIPHER_CTX *c, const EVP_CIPHER *t, ENGINE *e, const unsigned char *key, const unsigned char *iv);
int EVP_EncryptUpdate(EVP_CIPHER_CTX *c, unsigned char *out, int *outl, const unsigned char *in, int inl);
int EVP_EncryptFinal_ex(EVP_CIPHER_CTX *c, unsigned char *out, int *outl);
int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *c, int type, int arg, void *ptr);
]]

local C = ffi.load("crypto.so.3")
local M = {}
local bxor = bit.bxor
local set_tag, take_tag = 0x11, 0x10
local inner_pad, outer_pad = 0x36363636, 0x5c5c5c5c

local state = ffi.new("hb_sha256")
local digest = ffi.new("unsigned char[32]")
local inner, outer = ffi.new("unsigned int[16]"), ffi.new("unsigned int[16]")
local words = ffi.new("unsigned int[8]")
local length = ffi.new("int[1]")
local rest = ffi.new("unsigned char[32]")
local state_size = ffi.sizeof("hb_sha256")
for i = 8, 15 do inner[i], outer[i] = inner_pad, outer_pad end

M.digest = digest

-- SHA-256 into the static digest.
function M.sha256(data, size)
  C.SHA256_Init(state)
  C.SHA256_Update(state, data, size)
  C.SHA256_Final(digest, state)
end

-- HMAC-SHA256 with a key of 32 bytes, into the static digest.
function M.mac(key, data, size)
  local k = words
  ffi.copy(k, key, 32)
  inner[0], inner[1], inner[2], inner[3] = bxor(k[0], inner_pad), bxor(k[1], inner_pad), bxor(k[2], inner_pad), bxor(k[3], inner_pad)
  inner[4], inner[5], inner[6], inner[7] = bxor(k[4], inner_pad), bxor(k[5], inner_pad), bxor(k[6], inner_pad), bxor(k[7], inner_pad)
  C.SHA256_Init(state)
  C.SHA256_Update(state, inner, 64)
  C.SHA256_Update(state, data, size)
  C.SHA256_Final(digest, state)
  outer[0], outer[1], outer[2], outer[3] = bxor(k[0], outer_pad), bxor(k[1], outer_pad), bxor(k[2], outer_pad), bxor(k[3], outer_pad)
  outer[4], outer[5], outer[6], outer[7] = bxor(k[4], outer_pad), bxor(k[5], outer_pad), bxor(k[6], outer_pad), bxor(k[7], outer_pad)
  C.SHA256_Init(state)
  C.SHA256_Update(state, outer, 64)
  C.SHA256_Update(state, digest, 32)
  C.SHA256_Final(digest, state)
end

-- Compares the static digest in constant time.
function M.is_digest(expected)
  return C.CRYPTO_memcmp(digest, expected, 32) == 0
end

-- A key that is used for every request is hashed into its two starting states once. Longer keys are hashed first (RFC 2104).
function M.fixed_mac(key)
  if #key > 64 then
    M.sha256(key, #key)
    key = ffi.string(digest, 32)
  end
  local first, second = ffi.new("hb_sha256"), ffi.new("hb_sha256")
  local pad = ffi.new("unsigned char[64]")
  for _, each in ipairs({ { first, 0x36 }, { second, 0x5c } }) do
    for i = 0, 63 do pad[i] = bxor(i < #key and key:byte(i + 1) or 0, each[2]) end
    C.SHA256_Init(each[1])
    C.SHA256_Update(each[1], pad, 64)
  end
  return function(data, size)
    ffi.copy(state, first, state_size)
    C.SHA256_Update(state, data, size)
    C.SHA256_Final(digest, state)
    ffi.copy(state, second, state_size)
    C.SHA256_Update(state, digest, 32)
    C.SHA256_Final(digest, state)
  end
end

local gcm = C.EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
local opener, sealer = C.EVP_CIPHER_CTX_new(), C.EVP_CIPHER_CTX_new()
C.EVP_DecryptInit_ex(opener, gcm, nil, nil, nil)
C.EVP_EncryptInit_ex(sealer, gcm, nil, nil, nil)
local tag = ffi.new("unsigned char[16]")
M.tag = tag

-- Opens `size` bytes into `out`; false when the tag does not fit. A cipher of nil keeps the context's: naming it again would free and
-- make it anew.
function M.open(out, key, nonce, aad, aad_size, data, size, expected)
  ffi.copy(tag, expected, 16)
  C.EVP_DecryptInit_ex(opener, nil, nil, key, nonce)
  C.EVP_CIPHER_CTX_ctrl(opener, set_tag, 16, tag)
  C.EVP_DecryptUpdate(opener, nil, length, aad, aad_size)
  C.EVP_DecryptUpdate(opener, out, length, data, size)
  return C.EVP_DecryptFinal_ex(opener, rest, length) == 1
end

-- Seals `size` bytes into `out`, the tag into the static tag.
function M.seal(out, key, nonce, aad, aad_size, data, size)
  C.EVP_EncryptInit_ex(sealer, nil, nil, key, nonce)
  C.EVP_EncryptUpdate(sealer, nil, length, aad, aad_size)
  C.EVP_EncryptUpdate(sealer, out, length, data, size)
  C.EVP_EncryptFinal_ex(sealer, rest, length)
  C.EVP_CIPHER_CTX_ctrl(sealer, take_tag, 16, tag)
end

-- Twelve random bytes from a pool: one call of the generator serves hundreds of nonces.
local pool, taken, pool_size = ffi.new("unsigned char[4092]"), 4092, 4092
function M.nonce()
  if taken == pool_size then
    C.RAND_bytes(pool, pool_size)
    taken = 0
  end
  taken = taken + 12
  return pool + (taken - 12)
end

return M
