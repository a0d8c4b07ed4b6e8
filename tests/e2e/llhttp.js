// llhttp - what llhttp says of the requests in a file, in the form of tests/support/http_verdicts.c.
// SPDX-License-Identifier: BSD-3-Clause
//
//   node llhttp.js MODULES FILE     MODULES: where undici is, which carries llhttp as WebAssembly
'use strict';
const fs = require('fs');
const path = require('path');
const wasm = require(path.join(process.argv[2], 'undici/lib/llhttp/llhttp-wasm.js'));

const REQUEST = 1, PAUSED = 21;
let url, names, values, last, done;
const piece = (list, at, len) => {
  const octets = Buffer.from(memory.buffer, at, len).toString('hex');
  if (last === list) list[list.length - 1] += octets;
  else list.push(octets);
  last = list;
  return 0;
};
const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), {env: {
  wasm_on_message_begin: () => 0,
  wasm_on_url: (p, at, len) => { url += Buffer.from(memory.buffer, at, len).toString('hex'); return 0; },
  wasm_on_status: () => 0,
  wasm_on_header_field: (p, at, len) => piece(names, at, len),
  wasm_on_header_value: (p, at, len) => piece(values, at, len),
  wasm_on_headers_complete: () => { done = true; return PAUSED; },
  wasm_on_body: () => 0,
  wasm_on_message_complete: () => 0,
}});
const llhttp = instance.exports;
const memory = llhttp.memory;
llhttp._initialize();
const text = (at) => {
  const all = Buffer.from(memory.buffer, at);
  return all.subarray(0, all.indexOf(0)).toString('latin1');
};
const room = llhttp.malloc(65536);

function judge(bytes) {
  url = ''; names = []; values = []; last = null; done = false;
  new Uint8Array(memory.buffer, room, bytes.length).set(bytes);
  const parser = llhttp.llhttp_alloc(REQUEST);
  const code = llhttp.llhttp_execute(parser, room, bytes.length);
  let said = code ? text(llhttp.llhttp_errno_name(code)) : 'incomplete';
  if (code) said += ' ' + text(llhttp.llhttp_get_error_reason(parser));
  if (done) {
    const end = llhttp.llhttp_get_error_pos(parser) - room;
    const fields = names.map((name, i) => name + ':' + (values[i] || '').replace(/(20|09)+$/, ''));
    said = ['ok', text(llhttp.llhttp_method_name(llhttp.llhttp_get_method(parser))),
      llhttp.llhttp_get_http_major(parser) + '.' + llhttp.llhttp_get_http_minor(parser),
      llhttp.llhttp_should_keep_alive(parser), end, url, ...fields].join(' ');
  }
  llhttp.llhttp_free(parser);
  return said;
}

const file = fs.readFileSync(process.argv[3]);
const lines = [];
for (let at = 0; at < file.length;) {
  const len = file.readUInt32BE(at);
  lines.push(judge(file.subarray(at + 4, at + 4 + len)));
  at += 4 + len;
}
process.stdout.write(lines.join('\n') + '\n');
