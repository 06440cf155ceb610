#!/usr/bin/env python3
"""Turn the built console (web/dist) into a C file with http_assets() of src/wire/http.h and one file of bytes beside it.

Usage: embed_assets.py DIST OUT.c OUT.bin DEPFILE

Text is stored plain, with gzip and with brotli, whatever is smaller than plain. The ETag is made of the SHA-256 of the
plain bytes; files below assets/ carry a hash in their name and may be cached for ever. The same input gives the same
output. Without DIST the table has one page that says how to build the console.
"""
import base64
import gzip
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

TYPES = {
    '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
    '.json': 'application/json', '.webmanifest': 'application/manifest+json', '.svg': 'image/svg+xml',
    '.txt': 'text/plain; charset=utf-8', '.png': 'image/png', '.ico': 'image/x-icon', '.webp': 'image/webp',
    '.jpg': 'image/jpeg', '.woff2': 'font/woff2', '.wasm': 'application/wasm', '.pdf': 'application/pdf',
}
PACKED = {'.png', '.webp', '.jpg', '.woff2', '.pdf'}  # packed already
NOT_SERVED = {'.map', '.stamp'}
HASHED = re.compile(r'^/assets/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$')
PLACEHOLDER = '''<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><title>Khiên</title></head><body>
<h1>Khiên</h1>
<p lang="vi">Bản dựng này chưa có giao diện. Hãy chạy <code>make</code> trong thư mục mã nguồn.</p>
<p lang="en">This build has no console. Run <code>make</code> in the source folder.</p>
</body></html>
'''
BROTLI = '''
const zlib = require('zlib');
const files = JSON.parse(require('fs').readFileSync(0));
const c = zlib.constants;
console.log(JSON.stringify(files.map((f) => {
  const raw = Buffer.from(f, 'base64');
  const params = { [c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_SIZE_HINT]: raw.length };
  return zlib.brotliCompressSync(raw, { params }).toString('base64');
})));
'''


def find(dist):
    files = []
    for path in sorted(dist.rglob('*')):
        if not path.is_file() or path.suffix in NOT_SERVED or path.name in NOT_SERVED:
            continue
        if path.suffix not in TYPES:
            sys.exit(f'embed_assets: {path}: no media type for {path.suffix}')
        name = '/' + path.relative_to(dist).as_posix()
        if not re.fullmatch(r'[A-Za-z0-9._/-]+', name):
            sys.exit(f'embed_assets: {path}: a name of letters, digits, dot, dash and underscore is wanted')
        files.append((name, path.suffix, path.read_bytes()))
    return files


def brotli(texts):
    node = shutil.which('node')
    if node is None or not texts:
        return [b''] * len(texts)
    run = subprocess.run([node, '-e', BROTLI], input=json.dumps([base64.b64encode(t).decode() for t in texts]),
                         capture_output=True, text=True, check=True)
    return [base64.b64decode(t) for t in json.loads(run.stdout)]


def rows(files):
    """For each file its row of the table; and the bytes of all."""
    blob, out = bytearray(), []
    packed = brotli([raw if suffix not in PACKED else b'' for _, suffix, raw in files])
    for (name, suffix, raw), br in zip(files, packed):
        parts = []
        for data in (raw, b'' if suffix in PACKED else gzip.compress(raw, 9, mtime=0), br):
            useful = data is raw or (suffix not in PACKED and len(data) < len(raw))
            parts.append((len(blob), len(data) if useful else 0))
            blob += data if useful else b''
        etag = hashlib.sha256(raw).hexdigest()[:20]
        places = ', '.join(f'bytes + {at}' for at, _ in parts)
        sizes = ', '.join(str(n) for _, n in parts)
        hashed = 'true' if HASHED.match(name) else 'false'
        out.append(f'    {{"{name}", "{TYPES[suffix]}", "\\"{etag}\\"", {hashed},\n     {places}, {sizes}}},')
    return out, bytes(blob)


def main():
    dist, out_c, out_bin, depfile = (pathlib.Path(a) for a in sys.argv[1:5])
    built = (dist / 'index.html').is_file()
    files = find(dist) if built else [('/index.html', '.html', PLACEHOLDER.encode())]
    table, blob = rows(files)
    text = f'''/* Made by scripts/embed_assets.py: the files of the console. */
#include "wire/http.h"

extern const unsigned char http_assets_bytes[];
#define bytes http_assets_bytes

__asm__(".pushsection .rodata\\n"
        ".balign 16\\n"
        ".globl http_assets_bytes\\n"
        "http_assets_bytes:\\n"
        ".incbin \\"{out_bin.resolve()}\\"\\n"
        ".popsection\\n");

static const struct http_asset assets[] = {{
{chr(10).join(table)}
}};

const struct http_asset *http_assets(size_t *ret_n)
{{
    *ret_n = sizeof(assets) / sizeof(assets[0]);
    return assets;
}}
'''
    if not out_bin.exists() or out_bin.read_bytes() != blob:
        out_bin.write_bytes(blob)
    if not out_c.exists() or out_c.read_text() != text:
        out_c.write_text(text)
    watched = [dist / 'index.html'] if not built else [dist, *sorted(dist.rglob('*'))]
    depfile.write_text(f'{out_c} {out_bin}: ' + ' '.join(str(p).replace(' ', '\\ ') for p in watched) + '\n')


main()
