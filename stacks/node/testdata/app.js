// The event loop, kept from its work in the way that the first argument says.
const crypto = require('crypto'), fs = require('fs'), vm = require('vm'), child = require('child_process');

let sum = 0;
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

function block() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

class Case {
  static idle() { }
  static wait() { block(); }
  static child() { child.execSync('sleep 1000'); }
  static regexp() { /^(a+)+$/.test('a'.repeat(40) + '!'); }
  static compiled() {
    const expression = /^(a+)+$/;
    for (;;) expression.test('a'.repeat(20) + '!');
  }
  static recursion() {
    for (;;) sum += fib(25);
  }
  static compare() {
    const a = Array.from({length: 1e5}, (_, i) => i);
    for (;;) a.sort((x, y) => y % 7 - x % 7);
  }
  static crypto() { crypto.pbkdf2Sync('a', 'b', 2 ** 30, 64, 'sha512'); }
  static fifo() { fs.readFileSync(process.argv[3]); }
  static nested() {
    globalThis.block = block;
    vm.runInThisContext('\n\nblock()', 'inside.js');
  }
  static anonymous() { [1].forEach(() => block()); }
}

const {Worker} = require('worker_threads');
Case.workers = function() {
  new Worker(String.raw`require('worker_threads').parentPort.on('message', function job() { /^(a+)+$/.test('a'.repeat(40) + '!'); })`, {eval: true}).postMessage(1);
  new Worker(`require('worker_threads').parentPort.on('message', () => { })`, {eval: true});
  new Worker(`(function own() { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); })()`, {eval: true});
};

// The line is behind the function's first one, and is known only of the code that it was compiled to.
Case.loop = function loop() {
  let n = 0;

  while (true) {
    n = (n + 1) | 0;
  }
};
Case.clock = function clock() {
  const end = Date.now() + 1e12;

  while (Date.now() < end)
    sum++;
};
function often(last) {
  if (!last)
    return 1;
  sum++;
  return block();
}
Case.called = function called() {
  for (let i = 0; i < 20000; i++) sum += often(false);
  often(true);
};
Case.within = function within() {
  for (;;) {
    sum = 0;
    for (let i = 0; i < 1e6; i++) sum += fib(10);
  }
};

setInterval(() => { }, 1e9);
setImmediate(function begin() {
  Case[process.argv[2]]();
});
