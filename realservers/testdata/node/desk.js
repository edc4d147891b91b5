// A help desk on one loop, alone or (WORKERS) in a cluster. The comment hang: NAME is where.
const cluster = require('cluster'), fs = require('fs'), http = require('http'), child = require('child_process'), crypto = require('crypto'), threads = require('worker_threads');

function search() {
  /^(\w+\s?)+$/.test('a'.repeat(64) + '!'); // hang: search
}

function parse() { // in a thread beside the loop
  /^(\w+\s?)+$/.test('b'.repeat(64) + '!'); // hang: parse
}

function convert() {
  child.execSync('sleep 3600'); // hang: convert
}

function wait() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // hang: wait
}

function fifo() {
  fs.readFileSync(process.env.DIR + '/news'); // hang: fifo
}

function log() {
  for (let i = 0; i < 400; i++) console.log('x'.repeat(1000)); // hang: log
}

function webSocket(socket, key) {
  const proof = crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64'); // RFC 6455
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ' + proof + '\r\n\r\n');
  socket.on('data', () => socket.write(Buffer.from([0x81, 2, 0x6f, 0x6b])));
  socket.on('error', () => {});
}

const work = { '/search': search, '/convert': convert, '/wait': wait, '/fifo': fifo, '/log': log };

function answer(request, response) {
  if (request.url === '/forget') return; // nobody calls the next one
  if (request.url === '/hello') console.log('hello');
  if (request.url === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    setInterval(() => response.write('data: x\n\n'), 1000);
    return;
  }
  if (request.url === '/fifos') {
    for (let i = 0; i < 4; i++) fs.readFile(process.env.DIR + '/news', () => {}); // libuv has four threads for files
    return;
  }
  if (request.url === '/file') return fs.readFile(__filename, (error, text) => response.end(text));
  if (request.url === '/parse') return help(response);
  if (request.url === '/slow') return setTimeout(() => response.end('ok\n'), 2000);
  if (work[request.url]) work[request.url]();
  response.end('ok\n');
}

let helper;
function help(response) {
  helper ||= new threads.Worker(__filename);
  helper.once('message', () => response.end('ok\n'));
  helper.postMessage('parse');
}

if (!threads.isMainThread) {
  threads.parentPort.on('message', () => threads.parentPort.postMessage(parse()));
} else if (process.env.WORKERS && cluster.isPrimary) {
  for (let i = 0; i < +process.env.WORKERS; i++) cluster.fork();
} else {
  const server = http.createServer(answer);
  server.on('upgrade', (request, socket) => webSocket(socket, request.headers['sec-websocket-key']));
  server.listen(+process.env.PORT, '127.0.0.1');
}
