// A tenant's TLS server. GET / tells who it is; GET /watch is a line every 500 ms, for ever.
const { readFileSync } = require('node:fs');
const { createServer } = require('node:https');

const file = (name) => readFileSync(`/etc/tenant/${name}`);
const watches = new Set();
const server = createServer({ key: file('tls.key'), cert: file('tls.crt') }, (request, response) => {
  if (request.url !== '/watch') {
    return void response.end(JSON.stringify({ backend: 'tenant', sni: request.socket.servername }));
  }
  response.write('watching\n');
  watches.add(response);
  response.on('close', () => watches.delete(response));
});
server.requestTimeout = 0;
server.listen(6443);
setInterval(() => {
  for (const watch of watches) watch.write('still here\n');
}, 500);
