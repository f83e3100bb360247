-- libcrypto through FFI, without an allocation per request: SHA-256 by its block functions on static states, AES-256-GCM on two contexts
-- that live as long as the worker. HMAC is built from SHA-256: the one-shot HMAC() allocates and fetches its digest anew at each call.
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
local set_tag, take_tag = 0x11, 0x10

local state = ffi.new("hb_sha256")
local digest = ffi.new("unsigned char[32]")
local block = ffi.new("unsigned int[16]")
local words = ffi.new("unsigned int[8]")
local length = ffi.new("int[1]")
local rest = ffi.new("unsigned char[32]")
local state_size = ffi.sizeof("hb_sha256")
local bxor = bit.bxor

function M.sha256(text)
  C.SHA256_Init(state)
  C.SHA256_Update(state, text, #text)
  C.SHA256_Final(digest, state)
  return ffi.string(digest, 32)
end

-- HMAC-SHA256 with a key of 32 bytes, into the static digest.
local function mac_to_digest(key, text)
  ffi.copy(words, key, 32)
  for i = 0, 7 do block[i] = bxor(words[i], 0x36363636) end
  for i = 8, 15 do block[i] = 0x36363636 end
  C.SHA256_Init(state)
  C.SHA256_Update(state, block, 64)
  C.SHA256_Update(state, text, #text)
  C.SHA256_Final(digest, state)
  for i = 0, 7 do block[i] = bxor(words[i], 0x5c5c5c5c) end
  for i = 8, 15 do block[i] = 0x5c5c5c5c end
  C.SHA256_Init(state)
  C.SHA256_Update(state, block, 64)
  C.SHA256_Update(state, digest, 32)
  C.SHA256_Final(digest, state)
end

function M.mac(key, text)
  mac_to_digest(key, text)
  return ffi.string(digest, 32)
end

function M.verify_mac(key, text, expected)
  mac_to_digest(key, text)
  return #expected == 32 and C.CRYPTO_memcmp(digest, expected, 32) == 0
end

-- A key that is used for every request is hashed into its two starting states once. Longer keys are hashed first (RFC 2104).
function M.fixed_mac(key)
  if #key > 64 then key = M.sha256(key) end
  local inner, outer = ffi.new("hb_sha256"), ffi.new("hb_sha256")
  local pad = ffi.new("unsigned char[64]")
  for _, each in ipairs({ { inner, 0x36 }, { outer, 0x5c } }) do
    for i = 0, 63 do pad[i] = bxor(i < #key and key:byte(i + 1) or 0, each[2]) end
    C.SHA256_Init(each[1])
    C.SHA256_Update(each[1], pad, 64)
  end
  return function(text)
    ffi.copy(state, inner, state_size)
    C.SHA256_Update(state, text, #text)
    C.SHA256_Final(digest, state)
    ffi.copy(state, outer, state_size)
    C.SHA256_Update(state, digest, 32)
    C.SHA256_Final(digest, state)
    return ffi.string(digest, 32)
  end
end

local gcm = C.EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
local opener, sealer = C.EVP_CIPHER_CTX_new(), C.EVP_CIPHER_CTX_new()
C.EVP_DecryptInit_ex(opener, gcm, nil, nil, nil)
C.EVP_EncryptInit_ex(sealer, gcm, nil, nil, nil)
local buffer = ffi.new("unsigned char[?]", 1048576 + 64)
local tag = ffi.new("unsigned char[16]")

-- Opens into the static buffer; answers it, or nil. A cipher of nil keeps the context's: naming it again would free and make it anew.
function M.open_raw(key, nonce, aad, aad_length, ciphertext, size, expected)
  ffi.copy(tag, expected, 16)
  C.EVP_DecryptInit_ex(opener, nil, nil, key, nonce)
  C.EVP_CIPHER_CTX_ctrl(opener, set_tag, 16, tag)
  C.EVP_DecryptUpdate(opener, nil, length, aad, aad_length)
  C.EVP_DecryptUpdate(opener, buffer, length, ciphertext, size)
  if C.EVP_DecryptFinal_ex(opener, rest, length) ~= 1 then return nil end
  return buffer
end

-- Seals; answers ciphertext and tag.
function M.seal(key, nonce, aad, text)
  C.EVP_EncryptInit_ex(sealer, nil, nil, key, nonce)
  C.EVP_EncryptUpdate(sealer, nil, length, aad, #aad)
  C.EVP_EncryptUpdate(sealer, buffer, length, text, #text)
  C.EVP_EncryptFinal_ex(sealer, rest, length)
  C.EVP_CIPHER_CTX_ctrl(sealer, take_tag, 16, tag)
  return ffi.string(buffer, #text), ffi.string(tag, 16)
end

-- Random bytes from a pool: one call of the generator serves hundreds of nonces.
local pool, taken, pool_size = ffi.new("unsigned char[4096]"), 4096, 4096
function M.random(count)
  if taken + count > pool_size then
    C.RAND_bytes(pool, pool_size)
    taken = 0
  end
  taken = taken + count
  return ffi.string(pool + taken - count, count)
end

return M
