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

setInterval(() => { }, 1e9);
setImmediate(function begin() {
  Case[process.argv[2]]();
});
