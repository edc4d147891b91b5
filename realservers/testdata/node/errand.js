// A program that listens nowhere and does what it is told to. The comment hang: NAME is where it stands.
const net = require("net");

const errands = {
  async ask() {
    await fetch("http://127.0.0.1:" + process.env.UPSTREAM);
  },
  tick() {
    setInterval(() => {}, 500);
  },
  wait() {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // hang: wait
  },
  // The next job of a list in Redis.
  fetch() {
    net.connect(process.env.REDIS, "127.0.0.1").write("BLPOP jobs 0\r\n");
  },
  // A connection at rest: Redis has answered all that it was asked.
  rest() {
    net.connect(process.env.REDIS, "127.0.0.1").on("data", () => {}).write("PING\r\n");
  },
};

console.log("ready");
errands[process.argv[2]]();
