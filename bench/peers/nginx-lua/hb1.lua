-- HB/1 as a team that cares for speed would write it for nginx today: LuaJIT, libcrypto and nginx's own functions through FFI, replay
-- windows in plain memory of the one worker. Does for each request what the Hauberk gateway does: ticket, signature base, digest and MAC
-- or AEAD, window, age, facts, bound reply. Works on pointers: texts that differ in a few characters only collide when LuaJIT interns them.
local ffi = require "ffi"
local bit = require "bit"
local core = require "resty.core.base"
require "resty.core.request"
require "resty.core.response"
require "resty.core.var"
require "ngx.base64"
local crypto = require "crypto"

ffi.cdef [[
int memcmp(const void *a, const void *b, size_t n);
void ngx_encode_base64(ngx_str_t *dst, ngx_str_t *src);
ngx_int_t ngx_decode_base64(ngx_str_t *dst, ngx_str_t *src);
]]
local C = ffi.C
-- The way of one request is longer than the traces that LuaJIT records by default.
jit.opt.start("maxtrace=8000", "maxrecord=16000", "maxirconst=4000", "maxsnap=4000", "maxside=1000", "maxmcode=8192", "minstitch=3", "loopunroll=60")

local band, bor, lshift, rshift, bxor = bit.band, bit.bor, bit.lshift, bit.rshift, bit.bxor
local byte, sub, find = string.byte, string.sub, string.find
local copy, text_of = ffi.copy, ffi.string
local memcmp = C.memcmp
local M = {}

local ring, windows, devices, sign_facts

-- The ring file: ticket keys by id, node, boot, facts key, size of the tables, and the routes.
function M.configure(file)
  ring = dofile(file)
  sign_facts = crypto.fixed_mac(ring.facts_key)
end

-- One cache line a session: generation, three spare words, eight words of (16-bit block, 16-bit bitmap).
function M.start()
  windows = ffi.new("int32_t[?]", ring.sessions * 16)
  devices = ffi.new("int32_t[?]", ring.sessions)
  for slot = 0, ring.sessions - 1 do
    windows[slot * 16] = ring.generation
    devices[slot] = ring.device_generation
  end
end

-- Base64 between buffers that last.
local from, to = ffi.new("ngx_str_t[1]"), ffi.new("ngx_str_t[1]")
local coded = ffi.new("unsigned char[4096]")
local function encode(data, size)
  from[0].data, from[0].len, to[0].data = data, size, coded
  C.ngx_encode_base64(to, from)
  local made = tonumber(to[0].len)
  return made
end
local function encode_url(data, size)
  from[0].data, from[0].len, to[0].data = data, size, coded
  C.ngx_encode_base64url(to, from)
  local made = text_of(coded, to[0].len)
  return made
end
local function decode(data, size, out)
  from[0].data, from[0].len, to[0].data = data, size, out
  if C.ngx_decode_base64(to, from) ~= 0 then return -1 end
  local made = tonumber(to[0].len)
  return made
end
local function decode_url(data, size, out)
  from[0].data, from[0].len, to[0].data = data, size, out
  if C.ngx_decode_base64url(to, from) ~= 0 then return -1 end
  local made = tonumber(to[0].len)
  return made
end

local digits = ffi.new("int8_t[256]")
for i = 0, 255 do digits[i] = -1 end
for i, c in ipairs({ byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 1, 64) }) do digits[c] = i - 1 end

-- The sequence number in a nonce of 11 characters. It is below 2^20, so seven characters are zero; two spellings of one number do not exist.
local function sequence_of(p)
  if memcmp(p, "AAAAAAA", 7) ~= 0 then return -1 end
  local a, b, c, d = digits[p[7]], digits[p[8]], digits[p[9]], digits[p[10]]
  if a < 0 or a > 15 or b < 0 or c < 0 or d < 0 or band(d, 3) ~= 0 then return -1 end
  return a * 65536 + b * 1024 + c * 16 + rshift(d, 2)
end

-- The covered headers by number; the first four are covered whenever present.
local content_type, authorization, idempotency_key, step_up = 1, 2, 3, 4
local content_digest, service_header, ticket_header, signature, signature_input = 5, 6, 7, 8, 9
local numbers = {
  ["content-type"] = content_type, authorization = authorization, ["idempotency-key"] = idempotency_key, ["hauberk-step-up"] = step_up,
  ["content-digest"] = content_digest, ["hauberk-service"] = service_header, ["hauberk-ticket"] = ticket_header,
  signature = signature, ["signature-input"] = signature_input,
}
local value, size_of = ffi.new("const unsigned char *[16]"), ffi.new("int[16]")
local most_headers = 96
local elements = ffi.new("ngx_http_lua_ffi_table_elt_t[?]", most_headers)
local truncated = ffi.new("int[1]")

local function strip(p, size)
  if size > 8 and memcmp(p, "hauberk-", 8) == 0 then ngx.req.clear_header(text_of(p, size)) end
end

-- Finds the headers that count. One that comes twice refuses the request; names of ours that are not the client's to send are removed
-- (nginx itself drops names with `_` and `.`).
local function read_headers(r)
  local count = C.ngx_http_lua_ffi_req_get_headers_count(r, most_headers, truncated)
  if count < 1 or truncated[0] ~= 0 or C.ngx_http_lua_ffi_req_get_headers(r, elements, count, 0) ~= 0 then return false end
  ffi.fill(size_of, 64, 0xff)
  for i = 0, count - 1 do
    local key = elements[i].key
    local number = numbers[text_of(key.data, key.len)]
    if number then
      if size_of[number] >= 0 then return false end
      value[number], size_of[number] = elements[i].value.data, elements[i].value.len
    elseif key.data[0] == 104 then
      strip(key.data, key.len)
    end
  end
  return true
end

-- Component lists by what is covered: few exist, so each is written once.
local always = { "content-type", "authorization", "idempotency-key", "hauberk-step-up" }
local lists = {}
local function list_of(mask)
  local list = lists[mask]
  if list then return list end
  list = '("@method" "@path" "@query"'
  if band(mask, 16) ~= 0 then list = list .. ' "content-digest"' end
  list = list .. ' "hauberk-service"'
  for i = 1, 4 do
    if band(mask, lshift(1, i - 1)) ~= 0 then list = list .. ' "' .. always[i] .. '"' end
  end
  lists[mask] = list .. ")"
  return lists[mask]
end

-- A text that is put together in place.
local page = ffi.new("unsigned char[16384]")
local at = 0
local function put(text)
  copy(page + at, text, #text)
  at = at + #text
end
local function put_bytes(p, size)
  copy(page + at, p, size)
  at = at + size
end
local function put_header(number, lead)
  put(lead)
  put_bytes(value[number], size_of[number])
  put("\n")
end

local letters = ffi.cast("const char *", page)
local function put_number(number)
  put(tostring(number))
end

-- Variables and reply headers straight from memory: their values never become Lua strings.
local folded, fault, fault_size = ffi.new("unsigned char[64]"), ffi.new("unsigned char[256]"), ffi.new("size_t[1]")
local function set_variable(r, name, first)
  fault_size[0] = 256
  C.ngx_http_lua_ffi_var_set(r, name, #name, folded, page + first, at - first, fault, fault_size)
end
local header_fault = ffi.new("char *[1]")
local function set_header(r, name, from_at, size)
  C.ngx_http_lua_ffi_set_resp_header(r, name, #name, 0, letters + from_at, size, nil, 0, 1, header_fault)
end

-- What the signature says of itself, at its fixed places: `hb=(list);created=…;keyid="…";nonce="…";tag="…"`.
local input = ffi.new("struct { int is_signed; double created; int sequence; const unsigned char *keyid; }")
local function read_input(list)
  local p, size = value[signature_input], size_of[signature_input]
  local head = #list + 3
  if size < 8 or size > 2048 or memcmp(p, "hb=(", 4) ~= 0 then return "malformed" end
  if memcmp(p + 3, list, #list) ~= 0 or memcmp(p + head, ";created=", 9) ~= 0 then return "components" end
  if size < head + 80 then return "malformed" end
  local digits_at = p + head + 9
  -- Ten digits last until the year 2286.
  local created = tonumber(text_of(digits_at, 10))
  if not created or digits_at[0] < 49 or digits_at[0] > 57 then return "malformed" end
  local tail = digits_at + 10
  if memcmp(tail, ';keyid="', 8) ~= 0 or memcmp(tail + 30, '";nonce="', 9) ~= 0 then return "malformed" end
  local left = size - head - 19 - 50
  if left == 11 and memcmp(tail + 50, '";tag="hb1"', 11) == 0 then input.is_signed = 1
  elseif left == 12 and memcmp(tail + 50, '";tag="hb1s"', 12) == 0 then input.is_signed = 0
  else return "malformed" end
  input.created, input.keyid, input.sequence = created, tail + 8, sequence_of(tail + 39)
  if input.sequence < 0 then return "sequence-exhausted" end
  return nil
end

local raw, state, given = ffi.new("unsigned char[2048]"), ffi.new("unsigned char[2048]"), ffi.new("unsigned char[128]")
local function int_at(p) return bor(lshift(p[0], 24), lshift(p[1], 16), lshift(p[2], 8), p[3]) end
local swap = ffi.new("union { unsigned int w[2]; double d; }")
local function double_at(p)
  swap.w[1], swap.w[0] = int_at(p), int_at(p + 4)
  return swap.d
end

-- Opens the ticket into `state`; answers its size, or nil and why not.
local function open_ticket()
  if size_of[ticket_header] > 2048 then return nil, "ticket-malformed" end
  local size = decode_url(value[ticket_header], size_of[ticket_header], raw)
  if size < 46 + 229 or raw[0] ~= 1 then return nil, "ticket-malformed" end
  if int_at(raw + 5) ~= ring.node then return nil, "ticket-node" end
  if int_at(raw + 9) ~= 0 or int_at(raw + 13) ~= ring.boot then return nil, "ticket-boot" end
  local key = ring.keys[int_at(raw + 1)]
  if not key then return nil, "ticket-key" end
  local sealed = size - 46
  if not crypto.open(state, key, raw + 18, raw, 18, raw + 30, sealed, raw + 30 + sealed) then return nil, "ticket-seal" end
  return sealed
end

local names = {}
-- Organisation, app, service and what was attested are the same few texts in every ticket.
local function names_of(text)
  local held = names[text]
  if held then return held end
  local organisation, app, service, attested = text:match("^([^\n]+)\n([^\n]+)\n([^\n]+)\n([^\n]*)$")
  if not organisation then return nil end
  held = { organisation = organisation, app = app, service = service, attested = attested }
  names[text] = held
  return held
end

local function judge(word, block, mark)
  local held = rshift(word, 16)
  if held > block then return "too-old-sequence" end
  if held == block and band(word, mark) ~= 0 then return "replayed" end
  return nil
end

-- Claims a sequence number; one worker, so a plain store is exact.
local function claim(base, sequence)
  local block, mark = rshift(sequence, 4), lshift(1, band(sequence, 15))
  local index = base + 4 + band(block, 7)
  local word = windows[index]
  local verdict = judge(word, block, mark)
  if verdict then return verdict end
  windows[index] = rshift(word, 16) == block and bor(word, mark) or bor(lshift(block, 16), mark)
  return nil
end

local nonce = ffi.new("unsigned char[12]")
local function request_nonce(iv, sequence)
  copy(nonce, iv, 12)
  nonce[9] = bxor(nonce[9], rshift(sequence, 16))
  nonce[10] = bxor(nonce[10], band(rshift(sequence, 8), 255))
  nonce[11] = bxor(nonce[11], band(sequence, 255))
  return nonce
end

local methods = { GET = ngx.HTTP_GET, HEAD = ngx.HTTP_HEAD, POST = ngx.HTTP_POST, PUT = ngx.HTTP_PUT, DELETE = ngx.HTTP_DELETE, PATCH = ngx.HTTP_PATCH }
local statuses = { ["replayed"] = 409, ["too-old-sequence"] = 409, ["body-too-large"] = 413, ["upstream"] = 502 }
local function refuse(reason)
  ngx.var.hb_reason = reason
  ngx.status = statuses[reason] or 401
  ngx.header.content_type = "application/problem+json"
  ngx.print('{"code":"', reason, '"}')
  return ngx.exit(ngx.status)
end

-- Judges the head against the route and leaves the signature base in `page`; answers why not.
local function read_protection(route, method, path, query)
  if size_of[signature_input] < 0 or size_of[signature] < 6 or size_of[ticket_header] < 0 or size_of[service_header] < 0 then return "unsigned" end
  local p, last = value[signature], size_of[signature]
  if last > 128 or memcmp(p, "hb=:", 4) ~= 0 or p[last - 1] ~= 58 then return "malformed" end
  local size = decode(p + 4, last - 5, given)
  local mask = 0
  at = 0
  put('"@method": ') put(method) put('\n"@path": ') put(path) put('\n"@query": ') put(query) put("\n")
  -- Whether it is signed stands at the end of the input: `hb1"` or `hb1s"`.
  local is_signed = value[signature_input][size_of[signature_input] - 2] == 49
  if is_signed then
    if size_of[content_digest] < 0 then return "digest" end
    put_header(content_digest, '"content-digest": ')
    mask = 16
  end
  put_header(service_header, '"hauberk-service": ')
  if size_of[content_type] >= 0 then put_header(content_type, '"content-type": ') mask = mask + 1 end
  if size_of[authorization] >= 0 then put_header(authorization, '"authorization": ') mask = mask + 2 end
  if size_of[idempotency_key] >= 0 then put_header(idempotency_key, '"idempotency-key": ') mask = mask + 4 end
  if size_of[step_up] >= 0 then put_header(step_up, '"hauberk-step-up": ') mask = mask + 8 end
  local reason = read_input(list_of(mask))
  if reason then return reason end
  if size ~= (is_signed and 32 or 16) then return "malformed" end
  if is_signed and route.mode == "sealed" then return "mode" end
  if #route.service ~= size_of[service_header] or memcmp(value[service_header], route.service, #route.service) ~= 0 then return "service" end
  -- A sealed route of this peer declares no public query parameters.
  if route.mode == "sealed" and #query > 1 then return "query-not-public" end
  put('"@signature-params": ')
  put_bytes(value[signature_input] + 3, size_of[signature_input] - 3)
  return nil
end

local function check_session(session, slot, generation, row, device_generation, sequence)
  if memcmp(session, input.keyid, 22) ~= 0 then return "keyid" end
  if double_at(state + 49) <= ngx.now() * 1000 then return "ticket-expired" end
  if slot < 0 or slot >= ring.sessions or windows[slot * 16] ~= generation then return "session-gone" end
  if row < 0 or row >= ring.sessions or devices[row] ~= device_generation then return "revoked" end
  local block = rshift(sequence, 4)
  local made = judge(windows[slot * 16 + 4 + band(block, 7)], block, lshift(1, band(sequence, 15)))
  return made
end

local plain = ffi.new("unsigned char[?]", 65536)

-- Verifies a signed body, or opens a sealed one into `plain`; answers why not. The base stands in `page`, the session in `state`.
local function verify(body)
  if input.is_signed == 0 then
    local opened = #body <= 65536 and crypto.open(plain, state + 89, request_nonce(state + 121, input.sequence), page, at, body, #body, given)
    return not opened and "seal" or nil
  end
  crypto.sha256(body, #body)
  local size = encode(crypto.digest, 32)
  local p = value[content_digest]
  if size_of[content_digest] ~= size + 10 or memcmp(p, "sha-256=:", 9) ~= 0 or memcmp(p + 9, coded, size) ~= 0 or p[size + 9] ~= 58 then return "digest" end
  crypto.mac(state + 57, page, at)
  return not crypto.is_digest(given) and "signature" or nil
end

-- The verified facts with their signature: the value of the first fact header and, joined as they go out, the headers after it.
local function set_facts(r, facts, method, target, device, tier, session, tag, route, id, now)
  at = 0
  put(now) put("\r\n") put(method) put("\r\n") put(target) put("\r\nhauberk-verified-state: ")
  local first = at
  put("verified\r\nhauberk-verified-organisation: ") put(facts.organisation)
  put("\r\nhauberk-verified-app: ") put(facts.app) put("\r\nhauberk-verified-service: ") put(facts.service)
  put("\r\nhauberk-verified-device: ") put(device) put("\r\nhauberk-verified-tier: ") put(tier) put("\r\nhauberk-verified-session: ") put(session)
  put("\r\nhauberk-verified-mode: ") put(tag) put("\r\nhauberk-verified-route: ") put(route) put("\r\nhauberk-verified-request: ") put(id) put("\r\n")
  sign_facts(page, at)
  put("hauberk-verified-signature: t=") put(now) put(",h=")
  from[0].data, from[0].len, to[0].data = crypto.digest, 32, coded
  C.ngx_encode_base64url(to, from)
  put_bytes(coded, 43)
  set_variable(r, "hb_facts", first)
end

local function put_request(p, size, q, length)
  put('\n"signature";req: ') put_bytes(p, size) put('\n"signature-input";req: ') put_bytes(q, length) put('\n"@signature-params": ')
end

-- Puts what a signature says of itself and, behind the base, the two headers that carry it.
local function finish_reply(r, first, base_end, mac, size)
  local line = at
  put("hb=") put_bytes(page + first, base_end - first)
  set_header(r, "signature-input", line, at - line)
  line = at
  put("hb=:") put_bytes(coded, encode(mac, size)) put(":")
  set_header(r, "signature", line, at - line)
end

local signed_list = '("@status" "content-type" "content-digest" "signature";req "signature-input";req);created='
local function sign_reply(r, session, key, p, size, q, length, status, kind, body)
  crypto.sha256(body, #body)
  at = 0
  put('"@status": ') put_number(status) put('\n"content-type": ') put(kind) put('\n"content-digest": ')
  local digest = at
  put("sha-256=:") put_bytes(coded, encode(crypto.digest, 32)) put(":")
  set_header(r, "content-digest", digest, at - digest)
  put_request(p, size, q, length)
  local first = at
  put(signed_list) put_number(ngx.time()) put(';keyid="') put(session) put('";tag="hb1r"')
  crypto.mac(key, page, at)
  finish_reply(r, first, at, crypto.digest, 32)
  return body
end

local sealed_list = '("@status" "content-type" "signature";req "signature-input";req);created='
local function seal_reply(r, session, key, p, size, q, length, status, kind, body)
  if #body > 65536 then return nil end
  local fresh = crypto.nonce()
  at = 0
  put('"@status": ') put_number(status) put('\n"content-type": ') put(kind)
  put_request(p, size, q, length)
  local first = at
  put(sealed_list) put_number(ngx.time()) put(';keyid="') put(session) put('";nonce="') put(encode_url(fresh, 12)) put('";tag="hb1rs"')
  crypto.seal(plain, key, fresh, page, at, body, #body)
  finish_reply(r, first, at, crypto.tag, 16)
  local made = text_of(plain, #body)
  return made
end

-- Reply headers that the gateway makes itself; the verdict on a name is found once.
local stays = { ["content-type"] = true, ["content-length"] = true, ["transfer-encoding"] = true, connection = true, date = true, server = true, ["cache-control"] = true, ["content-digest"] = true, signature = true, ["signature-input"] = true, ["keep-alive"] = true }
local verdicts = {}
local function verdict_of(name)
  local lower = name:lower()
  local verdict = (stays[lower] or sub(lower, 1, 8) == "hauberk-") and "stay" or "go"
  verdicts[name] = verdict
  return verdict
end
local function copy_headers(list)
  for name, each in pairs(list) do
    if (verdicts[name] or verdict_of(name)) == "go" then ngx.header[name] = each end
  end
end

local start, count = string.format("%x", os.time() % 0xffffff * 4096 + math.random(0, 4095)) .. "-", 0

function M.serve()
  local r = core.get_request()
  local var = ngx.var
  count = count + 1
  local id = start .. count
  local method, uri = ngx.req.get_method(), var.request_uri
  local mark = find(uri, "?", 1, true)
  local path, query = mark and sub(uri, 1, mark - 1) or uri, mark and sub(uri, mark) or "?"
  local route = ring.routes[path]
  if not route then return refuse("no-route") end

  -- Bodies of these routes are in memory when this returns; nothing of another request can come in between from here to the claim.
  local arrived = ngx.time()
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ""
  if body == "" and ngx.req.get_body_file() then return refuse("body-too-large") end

  if not read_headers(r) then return refuse("duplicate") end
  local reason = read_protection(route, method, path, query)
  if reason then return refuse(reason) end
  local size
  size, reason = open_ticket()
  if reason then return refuse(reason) end
  local session, device = encode_url(state, 16), encode_url(state + 16, 16)
  local slot, row, device_generation = int_at(state + 33), int_at(state + 41), int_at(state + 45)
  local facts = names_of(text_of(state + 229, size - 229))
  if not facts or facts.service ~= route.service then return refuse("service") end
  reason = check_session(session, slot, int_at(state + 37), row, device_generation, input.sequence)
  if reason then return refuse(reason) end
  local is_signed = input.is_signed == 1
  local tag = is_signed and "hb1" or "hb1s"

  reason = verify(body) or claim(slot * 16, input.sequence)
  if reason then return refuse(reason) end
  local age = arrived - input.created
  if age > route.max_age or age < -30 then return refuse("clock") end

  at = 0
  put(id) put(" ") put(facts.service) put(" ") put(route.id) put(" ") put(device) put(" ") put(session) put(" ") put(tag)
  set_variable(r, "hb_log", 0)
  local tier = tostring(state[32])
  local target = #query > 1 and path .. query or path
  set_facts(r, facts, method, target, device, tier, session, tag, route.id, id, tostring(arrived))

  -- Kept over the wait: the static memory serves other requests meanwhile.
  local reply_key = text_of(is_signed and state + 133 or state + 165, 32)
  local p, p_size, q, q_size = value[signature], size_of[signature], value[signature_input], size_of[signature_input]
  local options = { method = methods[method], share_all_vars = true }
  if is_signed then options.always_forward_body = true else options.body = text_of(plain, #body) end
  local reply = ngx.location.capture("/upstream", options)
  if reply.truncated then return refuse("upstream") end

  local kind = reply.header["Content-Type"] or ""
  copy_headers(reply.header)
  local protect = is_signed and sign_reply or seal_reply
  local sent = protect(r, session, reply_key, p, p_size, q, q_size, reply.status, kind, reply.body)
  if not sent then return refuse("upstream") end
  ngx.status = reply.status
  local header = ngx.header
  header["content-type"] = kind
  header["cache-control"] = "no-store, no-transform"
  header["content-length"] = #sent
  ngx.print(sent)
end

return M
