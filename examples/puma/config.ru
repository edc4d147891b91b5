# A Rack application that hangs in every way it is asked to: /hang/WAY. See README.md.
require "socket"

HERE = ENV.fetch("HANG_DIR", "/tmp")

def hang_sleep(_) = sleep

def hang_flock(_) = File.open(File.join(HERE, "app.log"), "a") { |f| f.flock(File::LOCK_EX) }

def hang_upstream(query)
  s = TCPSocket.new("127.0.0.1", query[/port=(\d+)/, 1].to_i)
  s.write("GET / HTTP/1.0\r\n\r\n")
  s.read(1)
end

def hang_spin(_)
  n = 0
  loop { n += 1 }
end

run lambda { |env|
  if (way = env["PATH_INFO"][%r{\A/hang/(\w+)\z}, 1])
    warn "hang #{way} in pid #{Process.pid}"
    send("hang_#{way}", env["QUERY_STRING"])
  end
  [200, { "Content-Type" => "text/plain" }, ["worker #{Process.pid}\n"]]
}
